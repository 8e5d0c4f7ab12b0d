import assert from "node:assert/strict";
import { readFixture } from "../testkit/fixtures.ts";
import { customizationPath } from "./customization_endpoint.ts";
import { createInput, createTestApp, dataUrl, refusal, uuid, voiceOf, wav } from "./test_client.ts";

const audio = (type: string, bytes: Uint8Array) => ({ audio: { data: dataUrl(type, bytes) } });

function mp3OfSize(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([0x49, 0x44, 0x33, 0x04]);
  return bytes;
}

Deno.test("create answers as documented, and records what tests check", async () => {
  const { app, client } = createTestApp();
  const { status, body } = await client.create();
  const [voice] = app.voices();
  assert.ok(voice);
  assert.match(voice.voice, /^qwen-tts-vc-Ada_0123456789-voice-20260304050607089-[0-9a-f]{4}$/);
  assert.equal(status, 200);
  const { request_id: requestId, ...rest } = Object(body);
  assert.match(requestId, uuid);
  assert.deepEqual(rest, {
    output: { voice: voice.voice, target_model: "qwen3-tts-vc-2026-01-22" },
    usage: { count: 1 },
  });
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", wav({ seconds: 3 }))).toHex();
  assert.deepEqual(voice, {
    voice: voice.voice,
    targetModel: "qwen3-tts-vc-2026-01-22",
    preferredName: "Ada_0123456789",
    language: "en",
    textLength: 21,
    audio: { sha256: digest, bytes: 144_044, delivery: "data_url" },
    createdAt: "2026-03-04T05:06:07.089Z",
  });
  const byPreferredName = { Ada_0123456789: 1 };
  assert.deepEqual(app.bill(), { total: 1, byPreferredName, syntheses: 0, characters: 0, byVoice: {} });
});

const accepted: [string, Record<string, unknown>][] = [
  ["an older pinned model", { target_model: "qwen3-tts-vc-2025-11-27" }],
  ["a name of one character", { preferred_name: "_" }],
  ["a name of sixteen characters", { preferred_name: "abcdefghij_12345" }],
  ["no transcript", { text: undefined }],
  ["an MP3", audio("audio/mpeg", readFixture("speech-24k-mono.mp3"))],
  ["an M4A", audio("audio/mp4", readFixture("speech-24k-mono.m4a"))],
  ["a data URL of 9,999,891 characters", audio("audio/mpeg", mp3OfSize(7_499_900))],
];
for (const [what, fields] of accepted) {
  Deno.test(`create takes ${what}`, async () => {
    const { app, client } = createTestApp();
    assert.equal((await client.create(fields)).status, 200);
    assert.equal(app.voices().length, 1);
  });
}

Deno.test("create takes each of the ten languages, and zh when none is said", async () => {
  const { app, client } = createTestApp();
  const languages = ["zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"];
  for (const language of languages) assert.equal((await client.create({ language })).status, 200, language);
  assert.equal((await client.create({ language: undefined })).status, 200);
  assert.deepEqual(app.voices().map((voice) => voice.language).reverse(), [...languages, "zh"]);
});

const refused: [what: string, fields: Record<string, unknown>, code?: string][] = [
  ["no action", { action: undefined }],
  ["an unknown action", { action: "query" }],
  ["no target model", { target_model: undefined }],
  ["an unpinned target model", { target_model: "qwen3-tts-vc" }],
  ["a target model not yet known", { target_model: "qwen3-tts-vc-2026-01-23" }],
  ["another family's model", { target_model: "qwen3-tts-flash-2025-11-27" }],
  ["no name", { preferred_name: undefined }],
  ["an empty name", { preferred_name: "" }],
  ["a name of seventeen characters", { preferred_name: "abcdefghij_123456" }],
  ["a name with a hyphen", { preferred_name: "ada-1" }],
  ["a name with a line break at its end", { preferred_name: "ada\n" }],
  ["no audio", { audio: undefined }],
  ["audio without data", { audio: {} }],
  ["audio as a string", { audio: createInput().audio.data }],
  ["a transcript that is no string", { text: 7 }],
  ["a language name", { language: "English" }],
  ["an empty language", { language: "" }],
  ["a data URL of another type", audio("audio/webm", wav({ seconds: 3 }))],
  ["a data URL that is not base64", { audio: { data: "data:audio/wav;base64,Zm9v_" } }],
  ["base64 cut short", { audio: { data: "data:audio/wav;base64,Zm9vY" } }],
  [
    "a data URL of 10,000,000 characters",
    { audio: { data: dataUrl("audio/mpeg", mp3OfSize(7_499_982)) + "=" } },
    "BadRequest.TooLarge",
  ],
  ["a clip that is too long", audio("audio/wav", wav({ seconds: 61 })), "Audio.DurationLimitError"],
];
for (const [what, fields, code = "InvalidParameter"] of refused) {
  Deno.test(`create refuses ${what}: 400 ${code}`, async () => {
    const { app, client } = createTestApp();
    assert.equal(refusal(await client.create(fields)), `400 ${code}`);
    assert.deepEqual(app.voices(), []);
    assert.equal(app.bill().total, 0);
  });
}

Deno.test("what is wrong with the request itself is answered before anything else", async () => {
  const { app, client } = createTestApp();
  const body = { model: "qwen-voice-enrollment", input: createInput() };
  const keys = ["", "Bearer ", "Bearer sk-other", "Bearer sk-simulated2", "Basic sk-simulated"];
  const requests: [body: unknown, expected: string, headers?: Record<string, string>][] = [
    ...["{", "", [], { input: body.input }].map((
      wrong,
    ): [unknown, string] => [wrong, "400 InvalidParameter"]),
    [body, "400 InvalidParameter", { "content-type": "text/plain" }],
    [{ ...body, model: "qwen3-tts-vc-2026-01-22" }, "404 ModelNotFound"],
    [{ model: body.model }, "400 BadRequest.EmptyInput"],
    ...keys.map((authorization): typeof requests[number] => [body, "401 InvalidApiKey", { authorization }]),
  ];
  for (const [body, expected, headers] of requests) {
    assert.equal(refusal(await client.call(body, headers)), expected, JSON.stringify({ body, headers }));
  }
  assert.deepEqual(app.voices(), []);
});

Deno.test("paths and methods it does not have are a flat 404", async () => {
  const { client } = createTestApp();
  const synthesis = "/api/v1/services/aigc/multimodal-generation/generation";
  const requests = [["POST", `${synthesis}/tasks`], ["GET", synthesis], ["GET", customizationPath]] as const;
  for (const [method, path] of requests) {
    assert.equal(refusal(await client.request(method, path)), "404 NotFound");
  }
});

Deno.test("list pages through the voices, newest first, with times that carry no zone", async () => {
  let second = 10;
  const { app, client } = createTestApp({ now: () => new Date(Date.UTC(2026, 2, 4, 5, 6, second++)) });
  const made: string[] = [];
  for (let index = 0; index < 12; index++) {
    made.push(voiceOf(await client.create({ preferred_name: `n${index}` })));
  }
  const newestFirst = made.toReversed();
  const pages = [[undefined, undefined, 0, 10], [1, 10, 10], [2, 5, 10], [3, 5, 12], [0, 0, 0, 0], [
    0,
    1_000_000,
    0,
  ]];
  for (const [page_index, page_size, start, end] of pages) {
    const [fields, voices] = [{ page_index, page_size }, newestFirst.slice(start, end)];
    const { status, body } = await client.list(fields);
    assert.equal(status, 200);
    assert.deepEqual(Object(body).output.voice_list.map((entry: { voice: string }) => entry.voice), voices);
  }

  const { body } = await client.list({ page_index: 0, page_size: 1 });
  const { request_id: requestId, ...answer } = Object(body);
  assert.match(requestId, uuid);
  const gmtCreate = app.voices()[0]?.createdAt.replace("T", " ").slice(0, 19);
  assert.match(gmtCreate ?? "", /^2026-03-04 05:06:\d\d$/);
  assert.deepEqual(answer, {
    output: {
      page_index: 0,
      page_size: 1,
      total_count: 12,
      voice_list: [{
        voice: newestFirst[0],
        target_model: "qwen3-tts-vc-2026-01-22",
        language: "en",
        gmt_create: gmtCreate,
        gmt_modified: gmtCreate,
      }],
    },
    usage: { count: 0 },
  });
});

Deno.test("list refuses numbers outside 0 … 1,000,000", async () => {
  const { client } = createTestApp();
  for (const value of [-1, 1_000_001, 1.5, "1", null]) {
    for (const field of ["page_index", "page_size"]) {
      const seen = refusal(await client.list({ [field]: value }));
      assert.equal(seen, "400 InvalidParameter", `${field} ${value}`);
    }
  }
});

Deno.test("delete removes a voice once; the second time it is not found", async () => {
  const { app, client } = createTestApp();
  const voice = voiceOf(await client.create());
  const kept = voiceOf(await client.create());
  const { status, body } = await client.delete(voice);
  const { request_id: requestId, ...rest } = Object(body);
  assert.match(requestId, uuid);
  assert.deepEqual({ status, ...rest }, { status: 200, output: { voice }, usage: { count: 0 } });
  assert.deepEqual(app.voices().map((one) => one.voice), [kept]);
  assert.equal(app.bill().total, 2);
  assert.equal(refusal(await client.delete(voice)), "400 BadRequest.VoiceNotFound");
  assert.equal(refusal(await client.delete(undefined)), "400 InvalidParameter");
});

Deno.test("the account holds 1,000 voices; creation fails beyond and works again after a delete", async () => {
  const { app, client } = createTestApp();
  await client.control("POST", "/voices", { count: 999 });
  const voice = voiceOf(await client.create());
  const full = await client.create();
  assert.equal(refusal(full), "400 Throttling.AllocationQuota");
  assert.equal(Object(full.body).message, "Maximum voice storage limit exceeded");
  assert.equal(app.voices().length, 1_000);
  assert.equal(app.bill().total, 1);
  await client.delete(voice);
  assert.equal((await client.create()).status, 200);
});

Deno.test("a full account is refused before the audio is read", async () => {
  const { client } = createTestApp({ voiceLimit: 0 });
  const noAudio = audio("audio/wav", new Uint8Array(9));
  assert.equal(refusal(await client.create(noAudio)), "400 Throttling.AllocationQuota");
});

Deno.test("creations at the same moment cannot pass the limit together", async () => {
  const { app, client } = createTestApp({ voiceLimit: 3 });
  const answers = await Promise.all(Array.from({ length: 8 }, () => client.create()));
  assert.equal(answers.filter(({ status }) => status === 200).length, 3);
  assert.equal(app.voices().length, 3);
});
