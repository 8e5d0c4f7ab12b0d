// A smoke run from the text to its audio, against a deployment made by hand.
import assert from "node:assert/strict";
import { encodeWav } from "../../simulator/wav_writer.ts";
import { readAudio } from "./audio.ts";
import { runSmoke } from "./run.ts";
import {
  type Answer,
  type Answers,
  audioOf,
  deployment,
  generationId,
  languages,
  row,
  taskId,
  text,
  underWay,
  voiceId,
} from "./test_deployment.ts";
import { readFixture } from "../../testkit/fixtures.ts";

const GENERATE = "POST /functions/v1/api/generate";
const TASK = `GET /functions/v1/api/tasks/${taskId}`;
const REDIRECT = `GET /functions/v1/api/generations/${generationId}/audio`;

const completed = {
  ...underWay,
  status: "completed",
  provider_poll_count: 2,
  result: { audio_url: `https://project.test/functions/v1/api/generations/${generationId}/audio` },
};

Deno.test("the text is asked for with the voice, in a language when one is given", async () => {
  await using one = await deployment();
  await runSmoke(one.run);
  await runSmoke({ ...one.run, textLanguage: "German" });
  assert.deepEqual(
    one.seen.filter(({ route }) => route === GENERATE).map(({ body }) => JSON.parse(body)),
    [{ voice_id: voiceId, text }, { voice_id: voiceId, text, language: "German" }],
  );
});

Deno.test("the task is looked at until it is over, less and less often", async () => {
  const pending = { body: { ...underWay, status: "pending" } };
  await using one = await deployment({
    [TASK]: [pending, ...Array<Answer>(8).fill({ body: underWay }), { body: completed }],
  });
  await runSmoke(one.run);
  assert.equal(one.seen.filter(({ route }) => route === TASK).length, 10);
  assert.deepEqual(one.slept.slice(0, 3), [250, 375, 562.5]);
  assert.equal(Math.max(...one.slept), 3_000);
  assert(one.lines.some((line) => line.endsWith("completed, taken up 2 times")));
});

Deno.test("a task has a deadline of its own", async () => {
  await using one = await deployment({ [TASK]: { body: underWay } });
  await assert.rejects(runSmoke({ ...one.run, deadlineMs: 0 }), {
    name: "SmokeFailure",
    message: `GET tasks failed. Task ${taskId} is still processing after 0 s.`,
  });
  assert.deepEqual(one.slept, []);
});

Deno.test("where the audio lies neither token nor key is sent", async () => {
  await using one = await deployment();
  await runSmoke(one.run);
  const { headers } = one.seen.at(-1) ?? {};
  assert.deepEqual([headers?.get("authorization"), headers?.get("apikey")], [null, null]);
});

Deno.test("the audio is saved byte for byte, even when it is refused", async () => {
  await using one = await deployment();
  await runSmoke(one.run);
  assert.deepEqual(one.saved, [audioOf(4)]);

  await using other = await deployment({ "GET /audio": { body: "no audio" } });
  await assert.rejects(runSmoke(other.run), {
    message: /^GET generations\/audio failed\. The audio is no WAV/,
  });
  assert.deepEqual(other.saved, [new TextEncoder().encode("no audio")]);
});

const error = (status: number, code: string): Answer => ({
  status,
  body: { detail: "A sentence.", code, request_id: "r-1" },
});
const task = (fields: Record<string, unknown>): Answers => ({
  [TASK]: { body: { ...completed, ...fields } },
});
const other = crypto.randomUUID();
const failures: [string, Answers, RegExp][] = [
  [
    "a voice that is not ready",
    { [GENERATE]: error(409, "voice_not_ready") },
    /^POST generate failed\. 409: A sentence\. \(code voice_not_ready, request id r-1\)$/,
  ],
  ["no task id", { [GENERATE]: { body: { status: "processing" } } }, /^POST generate failed\. .*task_id:/],
  [
    "a task that failed",
    task({ status: "failed", result: null, error: "The provider refused this text." }),
    /^GET tasks failed\. The task is failed\. The provider refused this text\.$/,
  ],
  ["a task that was cancelled", task({ status: "cancelled", result: null }), /The task is cancelled\.$/],
  ["a task that is gone", { [TASK]: error(404, "not_found") }, /^GET tasks failed\. 404:/],
  ["a task of another voice", task({ voice_id: other }), /the task of another generation\.$/],
  ["a task of another generation", task({ generation_id: other }), /the task of another generation\.$/],
  ["a task without its audio", task({ result: null }), /its audio_url is not that of the generation\.$/],
  [
    "a task with the audio of another",
    task({ result: { audio_url: `https://project.test/generations/${other}/audio` } }),
    /its audio_url is not that of the generation\.$/,
  ],
  [
    "audio that is not there",
    { [REDIRECT]: error(404, "not_found") },
    /^GET generations\/audio failed\. 404:/,
  ],
  ["audio in place of a redirect", { [REDIRECT]: { body: audioOf(4) } }, /It answered 200, not 302\.$/],
  [
    "a redirect off the web",
    { [REDIRECT]: { status: 302, headers: { location: "file:///etc/hostname" } } },
    /The redirect does not tell where to\.$/,
  ],
  ["a redirect to nowhere", { [REDIRECT]: { status: 302 } }, /The redirect does not tell where to\.$/],
  [
    "Storage that does not have it",
    { "GET /audio": { status: 400, body: { message: "Object not found", code: "NoSuchKey" } } },
    /^GET generations\/audio failed\. 400: Object not found \(code NoSuchKey\)$/,
  ],
];
for (const [what, answers, message] of failures) {
  Deno.test(`the reason is told of ${what}`, async () => {
    await using one = await deployment(answers);
    await assert.rejects(runSmoke(one.run), { name: "SmokeFailure", message });
  });
}

Deno.test("audio must be mono, of 24 kHz, and about as long as somebody takes to say the text", async () => {
  // 53 characters.
  for (const seconds of [2.2, 11.5]) {
    assert.deepEqual(await readAudio(audioOf(seconds), text), {
      durationSeconds: seconds,
      sampleRate: 24_000,
    });
  }
  const refused = (bytes: Uint8Array, message: RegExp) =>
    assert.rejects(readAudio(bytes, text), { name: "SmokeFailure", message });
  await refused(audioOf(2), /lasts 2\.0 s; of this text, 2\.1 s to 11\.6 s is plausible\.$/);
  await refused(audioOf(12), /lasts 12\.0 s; /);
  await refused(audioOf(4, 16_000), /16000 samples a second, fewer than 24000\.$/);
  const stereo = encodeWav(new Int16Array(2 * 4 * 24_000), 24_000);
  new DataView(stereo.buffer).setUint16(22, 2, true);
  new DataView(stereo.buffer).setUint16(32, 4, true);
  await refused(stereo, /2 channels, not one\.$/);
  const eightBit = audioOf(4);
  new DataView(eightBit.buffer).setUint16(34, 8, true);
  await refused(eightBit, /no WAV of 16-bit samples/);
  await refused(readFixture("speech-24k-mono.mp3"), /no WAV/);
});

Deno.test("a character of Chinese, Japanese or Korean, or a digit, takes the time of two", async () => {
  for (const long of ["你好你好你好你好你好", "안녕안녕안녕안녕안녕", "こんにちはコンニチハ", "2026202620"]) {
    assert.equal((await readAudio(audioOf(5), long)).durationSeconds, 5);
  }
  await assert.rejects(readAudio(audioOf(5), "Hello you!"), /lasts 5\.0 s/);
});

Deno.test("where the provider does not speak, a plain answer is wanted and nothing is waited for", async () => {
  const modal = { id: voiceId, name: "Smoke test", language: "English", tts_provider: "modal" };
  const answers: Answers = {
    "GET /functions/v1/api/languages": languages("modal"),
    "GET /functions/v1/api/voices": { body: { voices: [modal] } },
    [GENERATE]: error(409, "voice_not_ready"),
  };
  await using one = await deployment(answers);
  assert.equal((await runSmoke(one.run)).audio, null);
  assert.match(one.lines.at(-1) ?? "", /^POST generate +\d+ ms +409 voice_not_ready: speaking is off$/);
  assert.equal(one.seen.at(-1)?.route, GENERATE);
  assert.deepEqual(JSON.parse(one.seen.at(-1)?.body ?? ""), { voice_id: voiceId, text });

  for (
    const [answer, message] of [
      [{ body: { task_id: taskId } }, /^POST generate failed\. It answered 200, not 409\.$/],
      [error(409, "clone_conflict"), /^POST generate failed\. .*code:/],
      [error(404, "not_found"), /^POST generate failed\. 404: A sentence\./],
    ] as const
  ) {
    await using wrong = await deployment({ ...answers, [GENERATE]: answer });
    await assert.rejects(runSmoke(wrong.run), { name: "SmokeFailure", message });
  }
});

Deno.test("the languages must say that qwen speaks and modal does not", async () => {
  for (const [provider, speaks] of [["qwen", false], ["modal", true]] as const) {
    await using one = await deployment({
      "GET /functions/v1/api/languages": languages(provider, speaks),
      "GET /functions/v1/api/voices": { body: { voices: [{ ...row, tts_provider: provider }] } },
    });
    await assert.rejects(runSmoke(one.run), {
      message: `GET languages failed. It says supports_generate ${speaks} for ${provider}.`,
    });
  }
});
