// What a person reads of a clip that cannot be enrolled, and what is read of the clip to know.
import assert from "node:assert/strict";
import type { Bytes } from "../_shared/bytes.ts";
import { m4a } from "../../../tools/testkit/clips/write_m4a.ts";
import { remarks, wav } from "../../../tools/testkit/clips/write_wav.ts";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { readFixture } from "../../../tools/testkit/fixtures.ts";
import { upload } from "../../../tools/testkit/harness/api.ts";
import { voiceCreated, withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { voiceRowOf } from "../../../tools/testkit/harness/finalizing.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import { finalizes, finalizeTest } from "../../../tools/testkit/harness/setups.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/project.ts";

const keys = await createSigningKeys();
const token = await keys.sign((await signUp()).id);

const encoder = new TextEncoder();
const random = new Uint8Array(60_000).map((_, index) => (index * 7919 + (index >> 3) * 104_729) % 251);

const slow = (kHz: number) => `This clip is sampled at ${kHz} kHz; at least 24 kHz are needed.`;
const short = "This clip is 1 s long; at least 3 s of speech are needed.";
const long = "This clip is 120 s long; at most 60 s are taken, 10 to 20 s are best.";
const stereo = "This clip has 2 channels; record it in mono, with one.";
const noAudio = "This file could not be read as audio; upload WAV, MP3 or M4A.";
const page = encoder.encode("<!doctype html><title>Not found</title>");
const text = "This is a web page or a text, not audio; upload WAV, MP3 or M4A.";
const webm = "This is WebM audio; upload WAV, MP3 or M4A.";

const REFUSED: [what: string, clip: Bytes, code: string, detail: string][] = [
  ["8 kHz", wav({ seconds: 12, sampleRate: 8000 }), "reference_sample_rate_too_low", slow(8)],
  ["one second", wav({ seconds: 1 }), "reference_too_short", short],
  ["two minutes", wav({ seconds: 120 }), "reference_too_long", long],
  ["stereo", wav({ seconds: 12, channels: 2 }), "reference_not_mono", stereo],
  ["random bytes", random, "reference_unreadable", noAudio],
  ["nothing", new Uint8Array(0), "reference_empty", "The uploaded audio file is empty."],
  ["HTML", page, "reference_unreadable", text],
  ["16 kHz speech", readFixture("speech-16k-mono.wav"), "reference_sample_rate_too_low", slow(16)],
  ["stereo MP3", readFixture("speech-24k-stereo.mp3"), "reference_not_mono", stereo],
  ["WebM declared as WAV", readFixture("speech.webm"), "reference_type_unsupported", webm],
  ["two faults at once", wav({ seconds: 1, channels: 2 }), "reference_too_short", `${short} ${stereo}`],
];

for (const [what, clip, code, detail] of REFUSED) {
  Deno.test(`${what}: refused with a sentence, before anything is signed or sent`, async () => {
    await using api = await startApi({ keys });
    const { body } = await upload(api, token, { clip });
    api.supabaseRequests.length = 0;
    await withDashScope([], async () => {
      const answer = await api.call("POST", "/clone/finalize", { token, body });
      assertError(answer, 400, code, detail);
    });
    assert.deepEqual(
      api.supabaseRequests.filter(({ path }) => /\/object\/sign\/|clone_sending/.test(path)),
      [],
    );
    assert.equal(await voiceRowOf(body.voice_id), undefined);
  });
}

for (const ending of ["wav", "mp3", "m4a"]) {
  finalizeTest(`a fit ${ending} is enrolled, whatever it was declared to be`, {}, async (ready) => {
    const clip = readFixture(`speech-24k-mono.${ending}`);
    await finalizes(
      ready,
      [voiceCreated()],
      (await upload(ready.api, ready.token, { clip, type: "audio/mpeg" })).body,
    );
  });
}

Deno.test("a refused clip leaves nothing behind: its voice_id can be used with other details", async () => {
  await using api = await startApi({ keys });
  const { body } = await upload(api, token, { clip: wav({ seconds: 1 }) });
  await withDashScope([], async () => {
    for (const name of ["Grace", "Ada"]) {
      const answer = await api.call("POST", "/clone/finalize", { token, body: { ...body, name } });
      assertError(answer, 400, "reference_too_short");
    }
  });
});

Deno.test("where the policy is to warn, a clip that breaks rules is enrolled, and its row says which", async () => {
  await using api = await startApi({ keys, environment: { REFERENCE_AUDIO_POLICY: "warn" } });
  const { body } = await upload(api, token, { clip: readFixture("speech-16k-mono.wav") });
  await withDashScope([voiceCreated()], async () => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
  const { reference } = (await voiceRowOf(body.voice_id))?.provider_metadata ?? {};
  const { etag, ...learnt } = Object(reference);
  assert.match(etag, /^".+"$/);
  assert.deepEqual(learnt, {
    size: 409_812,
    content_type: "audio/wav",
    codec: "pcm-s16",
    duration_seconds: 12.804188,
    sample_rate: 16_000,
    channels: 1,
    warnings: [{
      code: "reference_sample_rate_too_low",
      limit: 24_000,
      measured: 16_000,
      detail: "This clip is sampled at 16 kHz; at least 24 kHz are needed.",
    }],
  });
});

Deno.test("where the policy is to warn, WebM and bytes that are no audio are refused all the same", async () => {
  await using api = await startApi({ keys, environment: { REFERENCE_AUDIO_POLICY: "warn" } });
  await withDashScope([], async () => {
    for (
      const [clip, code] of [
        [readFixture("speech.webm"), "reference_type_unsupported"],
        [random, "reference_unreadable"],
      ] as const
    ) {
      const { body } = await upload(api, token, { clip });
      assertError(await api.call("POST", "/clone/finalize", { token, body }), 400, code);
    }
  });
});

const reads = (requests: { method: string; path: string }[]) =>
  requests.filter(({ method, path }) => method === "GET" && path.includes("/object/"));

Deno.test("one range is enough for a WAV of any length, and for an M4A that begins with its index", async () => {
  await using api = await startApi({ keys });
  const clips = [
    wav({ seconds: 59 }),
    wav({ seconds: 12, afterData: [remarks(300_000)] }),
    m4a({ seconds: 50 }),
  ];
  await withDashScope(clips.map(() => voiceCreated()), async () => {
    for (const clip of clips) {
      const { body } = await upload(api, token, { clip });
      api.supabaseRequests.length = 0;
      assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
      assert.equal(reads(api.supabaseRequests).length, 1);
    }
  });
});

Deno.test("a clip that cannot be read to its end answers 503, and can be finalized afterwards", async () => {
  let isAway = true;
  let count = 0;
  await using api = await startApi({
    keys,
    intercept(path) {
      if (!isAway || !/\/object\/references\//.test(path) || ++count === 1) return;
      return new Response("away", { status: 500 });
    },
  });
  const { body } = await upload(api, token, { clip: readFixture("speech-24k-mono.mp3") });
  await withDashScope([voiceCreated()], async () => {
    assertError(await api.call("POST", "/clone/finalize", { token, body }), 503, "storage_unavailable");
    isAway = false;
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
});
