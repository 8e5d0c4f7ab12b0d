import assert from "node:assert/strict";
import { createSimulatorApp } from "./simulator.ts";
import { createInput, createTestClient, dataUrl, refusal, testOptions, wav } from "./test_client.ts";
import { readFixture } from "../testkit/fixtures.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("create answers as documented and keeps what tests ask for", async () => {
  const app = createSimulatorApp(testOptions);
  const { status, body } = await createTestClient(app).create();
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
  assert.deepEqual(app.bill(), {
    total: 1,
    byPreferredName: { Ada_0123456789: 1 },
    syntheses: 0,
    characters: 0,
    byVoice: {},
  });
});

const accepted: [string, Record<string, unknown>][] = [
  ["an older pinned model", { target_model: "qwen3-tts-vc-2025-11-27" }],
  ["a name of one character", { preferred_name: "_" }],
  ["a name of sixteen characters", { preferred_name: "abcdefghij_12345" }],
  ["no transcript", { text: undefined }],
  ["an MP3", { audio: { data: dataUrl("audio/mpeg", readFixture("speech-24k-mono.mp3")) } }],
  ["an M4A", { audio: { data: dataUrl("audio/mp4", readFixture("speech-24k-mono.m4a")) } }],
  ["a WAV with further chunks", {
    audio: { data: dataUrl("audio/wav", readFixture("speech-24k-mono.wav")) },
  }],
  ["an MP3 without a tag", {
    audio: { data: dataUrl("audio/mpeg", new Uint8Array([0xff, 0xfb, 0x90, 0x00])) },
  }],
  ["a WAV with a chunk of odd length", { audio: { data: dataUrl("audio/wav", wavWithOddChunk()) } }],
  ["a WAV that was streamed, of unknown length", { audio: { data: dataUrl("audio/wav", streamedWav()) } }],
  ["a quiet WAV", { audio: { data: dataUrl("audio/wav", wav({ seconds: 3, level: 33 })) } }],
  ["an MP3 that begins inside a frame", {
    audio: { data: dataUrl("audio/mpeg", readFixture("speech-24k-mono.mp3").subarray(300)) },
  }],
  ["a WAV of 60 s", { audio: { data: dataUrl("audio/wav", wav({ seconds: 60 })) } }],
  ["a data URL of 9,999,891 characters", { audio: { data: dataUrl("audio/mpeg", mp3OfSize(7_499_900)) } }],
];
for (const [what, fields] of accepted) {
  Deno.test(`create takes ${what}`, async () => {
    const app = createSimulatorApp(testOptions);
    assert.equal((await createTestClient(app).create(fields)).status, 200);
    assert.equal(app.voices().length, 1);
  });
}

Deno.test("create takes each of the ten languages, and zh when none is said", async () => {
  const app = createSimulatorApp(testOptions);
  const client = createTestClient(app);
  const languages = ["zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"];
  for (const language of languages) assert.equal((await client.create({ language })).status, 200, language);
  assert.equal((await client.create({ language: undefined })).status, 200);
  assert.deepEqual(app.voices().map((voice) => voice.language).reverse(), [...languages, "zh"]);
});

const refused: [string, Record<string, unknown>, string][] = [
  ["no action", { action: undefined }, "400 InvalidParameter"],
  ["an unknown action", { action: "query" }, "400 InvalidParameter"],
  ["no target model", { target_model: undefined }, "400 InvalidParameter"],
  ["an unpinned target model", { target_model: "qwen3-tts-vc" }, "400 InvalidParameter"],
  ["a target model not yet known", { target_model: "qwen3-tts-vc-2026-01-23" }, "400 InvalidParameter"],
  ["another family's model", { target_model: "qwen3-tts-flash-2025-11-27" }, "400 InvalidParameter"],
  ["no name", { preferred_name: undefined }, "400 InvalidParameter"],
  ["an empty name", { preferred_name: "" }, "400 InvalidParameter"],
  ["a name of seventeen characters", { preferred_name: "abcdefghij_123456" }, "400 InvalidParameter"],
  ["a name with a hyphen", { preferred_name: "ada-1" }, "400 InvalidParameter"],
  ["a name with a line break at its end", { preferred_name: "ada\n" }, "400 InvalidParameter"],
  ["no audio", { audio: undefined }, "400 InvalidParameter"],
  ["audio without data", { audio: {} }, "400 InvalidParameter"],
  ["audio as a string", { audio: createInput().audio.data }, "400 InvalidParameter"],
  ["a transcript that is no string", { text: 7 }, "400 InvalidParameter"],
  ["a language name", { language: "English" }, "400 InvalidParameter"],
  ["an empty language", { language: "" }, "400 InvalidParameter"],
  [
    "a data URL of another type",
    { audio: { data: dataUrl("audio/webm", wav({ seconds: 3 })) } },
    "400 InvalidParameter",
  ],
  [
    "a data URL that is not base64",
    { audio: { data: "data:audio/wav;base64,Zm9v_" } },
    "400 InvalidParameter",
  ],
  ["base64 cut short", { audio: { data: "data:audio/wav;base64,Zm9vY" } }, "400 InvalidParameter"],
  [
    "a data URL of 10,000,000 characters",
    { audio: { data: dataUrl("audio/mpeg", mp3OfSize(7_499_982)) + "=" } },
    "400 BadRequest.TooLarge",
  ],
  [
    "bytes that are no audio",
    { audio: { data: dataUrl("audio/wav", new Uint8Array(5_000)) } },
    "400 Audio.DecoderError",
  ],
  [
    "AAC without a container",
    { audio: { data: dataUrl("audio/mpeg", new Uint8Array([0xff, 0xf1, 0x50, 0x80])) } },
    "400 Audio.DecoderError",
  ],
  [
    "WebM under another name",
    { audio: { data: dataUrl("audio/wav", readFixture("speech.webm")) } },
    "400 Audio.DecoderError",
  ],
  [
    "a WAV without samples",
    { audio: { data: dataUrl("audio/wav", wav({ seconds: 3 }).slice(0, 36)) } },
    "400 Audio.DecoderError",
  ],
  [
    "16 kHz",
    { audio: { data: dataUrl("audio/wav", readFixture("speech-16k-mono.wav")) } },
    "400 Audio.AudioRateError",
  ],
  [
    "23,999 Hz",
    { audio: { data: dataUrl("audio/wav", wav({ seconds: 3, sampleRate: 23_999 })) } },
    "400 Audio.AudioRateError",
  ],
  [
    "silence",
    { audio: { data: dataUrl("audio/wav", wav({ seconds: 3, level: 0 })) } },
    "400 Audio.PreprocessError",
  ],
  [
    "next to silence",
    { audio: { data: dataUrl("audio/wav", wav({ seconds: 3, level: 32 })) } },
    "400 Audio.PreprocessError",
  ],
  ["61 s", { audio: { data: dataUrl("audio/wav", wav({ seconds: 61 })) } }, "400 Audio.DurationLimitError"],
];
for (const [what, fields, expected] of refused) {
  Deno.test(`create refuses ${what}: ${expected}`, async () => {
    const app = createSimulatorApp(testOptions);
    assert.equal(refusal(await createTestClient(app).create(fields)), expected);
    assert.deepEqual(app.voices(), []);
    assert.equal(app.bill().total, 0);
  });
}

Deno.test("what is wrong with the request itself is told before anything else", async () => {
  const client = createTestClient(createSimulatorApp(testOptions));
  const body = { model: "qwen-voice-enrollment", input: createInput() };
  assert.equal(refusal(await client.call("{")), "400 InvalidParameter");
  assert.equal(refusal(await client.call("")), "400 InvalidParameter");
  assert.equal(refusal(await client.call([])), "400 InvalidParameter");
  assert.equal(refusal(await client.call(body, { "content-type": "text/plain" })), "400 InvalidParameter");
  assert.equal(refusal(await client.call({ input: body.input })), "400 InvalidParameter");
  assert.equal(
    refusal(await client.call({ ...body, model: "qwen3-tts-vc-2026-01-22" })),
    "404 ModelNotFound",
  );
  assert.equal(refusal(await client.call({ model: body.model })), "400 BadRequest.EmptyInput");
});

Deno.test("a missing key, another key and another scheme are 401 InvalidApiKey", async () => {
  const app = createSimulatorApp(testOptions);
  const client = createTestClient(app);
  for (
    const authorization of ["", "Bearer ", "Bearer sk-other", "Bearer sk-simulated2", "Basic sk-simulated"]
  ) {
    const answer = await client.call({ model: "qwen-voice-enrollment", input: createInput() }, {
      authorization,
    });
    assert.equal(refusal(answer), "401 InvalidApiKey", authorization);
  }
  assert.deepEqual(app.voices(), []);
});

Deno.test("paths and methods it does not have are a flat 404", async () => {
  const client = createTestClient(createSimulatorApp(testOptions));
  const synthesis = "/api/v1/services/aigc/multimodal-generation/generation";
  assert.equal(refusal(await client.request("POST", `${synthesis}/tasks`, "{}")), "404 NotFound");
  assert.equal(refusal(await client.request("GET", synthesis)), "404 NotFound");
  assert.equal(
    refusal(await client.request("GET", "/api/v1/services/audio/tts/customization")),
    "404 NotFound",
  );
});

/** As many bytes as asked for, with the signature of an MP3. */
function mp3OfSize(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set([0x49, 0x44, 0x33, 0x04]);
  return bytes;
}

/** A chunk of one byte, padded to two as RIFF wants it, before the samples. */
function wavWithOddChunk(): Uint8Array {
  const bytes = wav({ seconds: 3 });
  const chunk = [0x4c, 0x49, 0x53, 0x54, 1, 0, 0, 0, 0x58, 0];
  return new Uint8Array([...bytes.subarray(0, 36), ...chunk, ...bytes.subarray(36)]);
}

/** What an encoder writes that cannot go back to fill the length in. */
function streamedWav(): Uint8Array {
  const bytes = wav({ seconds: 3 });
  new DataView(bytes.buffer).setUint32(40, 0xffffffff, true);
  return bytes;
}
