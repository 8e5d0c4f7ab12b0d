import assert from "node:assert/strict";
import { startSimulator } from "./simulator.ts";
import { audioUrlOf, createTestApp, createTestClient, dataUrl, refusal } from "./test_client.ts";
import { samplesOf, soundOf, testOptions, uuid, voiceOf, wav } from "./test_client.ts";

async function withVoice(fields: Record<string, unknown> = {}) {
  const { app, client } = createTestApp();
  const voice = voiceOf(await client.create(fields));
  const samples = async (voice: string, fields: Record<string, unknown> = {}) => {
    const answer = await client.synthesize(voice, fields);
    return samplesOf(await (await client.download(audioUrlOf(answer))).bytes());
  };
  const sound = async (voice: string, fields: Record<string, unknown> = {}) =>
    soundOf(await samples(voice, fields));
  return { app, client, voice, samples, sound };
}

Deno.test("synthesis answers as documented", async () => {
  const { client, voice } = await withVoice();
  const { status, body } = await client.synthesize(voice, { text: "Hé, 你好 😀", language_type: "English" });
  assert.equal(status, 200);
  const { request_id: requestId, ...rest } = Object(body);
  assert.match(requestId, uuid);
  const { url, id } = rest.output.audio;
  assert.match(id.replace(/^audio_/, ""), uuid);
  assert.match(url, /^http:\/\/simulator\.localhost\/results\/[\w-]+\.wav\?Expires=\d+&Signature=[\w-]+$/);
  assert.deepEqual(rest, {
    output: {
      finish_reason: "stop",
      audio: { data: "", url, id, expires_at: Date.UTC(2026, 2, 5, 5, 6, 7) / 1_000 },
    },
    usage: { characters: 8 },
  });
});

Deno.test("the audio is speech: a 24 kHz mono 16-bit WAV, audible, and as long as its text takes", async () => {
  const { samples, voice } = await withVoice();
  const text = "Hello, and thank you for trying voice cloning. Every word can be heard clearly.";
  const heard = await samples(voice, { text });
  const pace = text.length / (heard.length / 24_000);
  assert.ok(pace > 5 && pace < 25, `${pace} characters a second`);
  assert.ok(heard.some((sample) => Math.abs(sample) > 5_000));
});

Deno.test("voices of two references sound different; one voice, and one reference, always the same", async () => {
  const { client, sound, voice } = await withVoice();
  const first = await sound(voice);
  const others = [4, 5, 6].map(async (seconds) => {
    const audio = { data: dataUrl("audio/wav", wav({ seconds })) };
    return await sound(voiceOf(await client.create({ audio })));
  });
  assert.equal(new Set([first, ...await Promise.all(others)]).size, 4);
  assert.equal(await sound(voice), first);
  assert.equal(await sound(voiceOf(await client.create({ preferred_name: "other" }))), first);
});

Deno.test("Auto, and no language at all, speak the language the voice was enrolled with", async () => {
  const { sound, voice } = await withVoice({ language: "fr" });
  const french = await sound(voice, { language_type: "French" });
  assert.equal(await sound(voice, { language_type: "Auto" }), french);
  assert.equal(await sound(voice), french);
  assert.notEqual(await sound(voice, { language_type: "English" }), french);
});

Deno.test("each documented language is spoken", async () => {
  const { sound, voice } = await withVoice();
  const languages = "Chinese English German Italian Portuguese Spanish Japanese Korean French Russian".split(
    " ",
  );
  const sounds = await Promise.all(
    languages.map((language_type) => sound(voice, { text: "Taxi 42", language_type })),
  );
  assert.equal(new Set(sounds).size, 10);
});

Deno.test("an older pinned voice speaks with its own model, and no voice with another's", async () => {
  const older = "qwen3-tts-vc-2025-11-27";
  const newest = "qwen3-tts-vc-2026-01-22";
  const { app, client, voice } = await withVoice({ target_model: older });
  const another = voiceOf(await client.create({ target_model: newest }));
  assert.equal((await client.synthesize(voice, {}, older)).status, 200);
  assert.equal((await client.synthesize(another, {}, newest)).status, 200);
  assert.equal(refusal(await client.synthesize(voice, {}, newest)), "400 BadRequest.VoiceModelMismatch");
  assert.equal(refusal(await client.synthesize(another, {}, older)), "400 BadRequest.VoiceModelMismatch");
  assert.equal(app.bill().syntheses, 2);
});

Deno.test("a seeded voice speaks", async () => {
  const { client, app, samples } = await withVoice();
  await client.control("POST", "/voices", { language: "de" });
  const seeded = app.voices().find(({ audio }) => audio === null)?.voice ?? "";
  assert.ok((await samples(seeded)).length > 0);
});

Deno.test("a voice of nobody, and a deleted one, cannot speak", async () => {
  const { app, client, voice } = await withVoice();
  assert.equal((await client.synthesize(voice)).status, 200);
  await client.delete(voice);
  assert.equal(refusal(await client.synthesize(voice)), "400 InvalidParameter");
  assert.equal(refusal(await client.synthesize("qwen-tts-vc-nobody-voice-1-0000")), "400 InvalidParameter");
  assert.equal(app.bill().syntheses, 1);
});

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

for (const text of ["x", "x".repeat(600), "é".repeat(300), "語".repeat(200), "😀".repeat(150)]) {
  Deno.test(`a text of ${[...text].length} characters and ${bytesOf(text)} bytes is spoken`, async () => {
    const { client, voice } = await withVoice();
    const { status, body } = await client.synthesize(voice, { text });
    assert.equal(status, 200);
    assert.deepEqual(Object(body).usage, { characters: [...text].length });
  });
}

const tooLong = ["x".repeat(601), "é".repeat(301), "語".repeat(201), "語".repeat(300), "😀".repeat(151)];
for (const text of ["", ...tooLong]) {
  Deno.test(`a text of ${[...text].length} characters and ${bytesOf(text)} bytes is refused`, async () => {
    const { app, client, voice } = await withVoice();
    const answer = await client.synthesize(voice, { text });
    assert.equal(refusal(answer), "400 InvalidParameter");
    assert.equal(Object(answer.body).message, "Range of input length should be [0, 600]");
    assert.equal(app.bill().characters, 0);
  });
}

const refused: [string, Record<string, unknown>][] = [
  ["no text", { text: undefined }],
  ["a text that is no string", { text: 7 }],
  ["no voice", { voice: undefined }],
  ["an empty voice", { voice: "" }],
  ["a voice that is no string", { voice: 7 }],
  ["a language code", { language_type: "en" }],
  ["a language in lower case", { language_type: "english" }],
  ["an unknown language", { language_type: "Klingon" }],
  ["an empty language", { language_type: "" }],
  ["null for a language", { language_type: null }],
];
for (const [what, fields] of refused) {
  Deno.test(`synthesis refuses ${what}`, async () => {
    const { app, client, voice } = await withVoice();
    assert.equal(refusal(await client.synthesize(voice, fields)), "400 InvalidParameter");
    assert.equal(app.bill().syntheses, 0);
  });
}

Deno.test("what is wrong with a request for synthesis itself is answered before anything else", async () => {
  const { client, voice } = await withVoice();
  const model = "qwen3-tts-vc-2026-01-22";
  const input = { text: "Good morning.", voice };
  const unknown = [
    "qwen-voice-enrollment",
    "qwen3-tts-vc",
    "qwen3-tts-flash-2025-11-27",
    "qwen3-tts-vc-2026-01-23",
  ];
  const requests: [body: unknown, headers: Record<string, string>, expected: string][] = [
    ["{", {}, "400 InvalidParameter"],
    [{ model, input }, { "content-type": "text/plain" }, "400 InvalidParameter"],
    [{ input }, {}, "400 InvalidParameter"],
    [{ model }, {}, "400 BadRequest.EmptyInput"],
    ...unknown.map((model): typeof requests[number] => [{ model, input }, {}, "404 ModelNotFound"]),
    [{ model, input }, { authorization: "" }, "401 InvalidApiKey"],
    [{ model, input }, { authorization: "Bearer sk-other" }, "401 InvalidApiKey"],
  ];
  for (const [body, headers, expected] of requests) {
    assert.equal(refusal(await client.callSynthesis(body, headers)), expected, JSON.stringify(body));
  }
});

Deno.test("every synthesis is billed by its characters and its voice, apart from the creations", async () => {
  const { app, client, voice } = await withVoice();
  const another = voiceOf(await client.create({ preferred_name: "other" }));
  await client.synthesize(voice, { text: "12345" });
  await client.synthesize(another, { text: "123" });
  await client.synthesize(voice, { text: "😀" });
  await client.synthesize(voice, { text: "" });
  await client.delete(another);
  const totals = { total: 2, syntheses: 3, characters: 9 };
  const byName = { Ada_0123456789: 1, other: 1 };
  const byVoice = { [voice]: { syntheses: 2, characters: 6 }, [another]: { syntheses: 1, characters: 3 } };
  const { bill } = Object((await client.control("GET", "/voices")).body);
  assert.deepEqual(bill, { ...totals, by_preferred_name: byName, by_voice: byVoice });
  assert.deepEqual(app.bill(), { ...totals, byPreferredName: byName, byVoice });
});

Deno.test("audio and bill outlive their voice and a reset, but not a reset of the account", async () => {
  const { app, client, voice } = await withVoice();
  const url = audioUrlOf(await client.synthesize(voice));
  await client.delete(voice);
  await client.control("DELETE", "");
  assert.equal((await client.download(url)).status, 200);
  assert.equal(app.bill().syntheses, 1);
  await client.control("DELETE", "?voices=true");
  assert.equal((await client.download(url)).status, 404);
  assert.equal(app.bill().syntheses, 0);
});

Deno.test("over a socket the audio is on the simulator's own origin, and says its length", async () => {
  const simulator = await startSimulator(testOptions);
  try {
    const client = createTestClient(simulator);
    const voice = voiceOf(await client.create());
    const url = audioUrlOf(await client.synthesize(voice));
    assert.equal(new URL(url).origin, simulator.url);
    const response = await client.download(url);
    assert.equal(response.headers.get("content-type"), "audio/wav");
    const bytes = await response.bytes();
    assert.equal(Number(response.headers.get("content-length")), bytes.length);
    assert.ok(samplesOf(bytes).length > 12_000);
  } finally {
    await simulator.stop();
  }
});
