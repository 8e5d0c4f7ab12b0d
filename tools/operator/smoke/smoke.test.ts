// A smoke run against a deployment made by hand.
import assert from "node:assert/strict";
import { readClip } from "./clip.ts";
import { runSmoke } from "./run.ts";
import {
  type Answers,
  deployment,
  generationId,
  languages,
  row,
  taskId,
  voiceId,
} from "./test_deployment.ts";

Deno.test("a run does what a person with curl would, in order, and returns the row and the audio", async () => {
  await using one = await deployment();
  assert.deepEqual(await runSmoke(one.run), { row, audio: { durationSeconds: 4, sampleRate: 24_000 } });
  assert.deepEqual(one.seen.map(({ route }) => route), [
    "GET /functions/v1/api/languages",
    "POST /auth/v1/signup",
    "POST /functions/v1/api/clone/upload-url",
    "PUT /upload",
    "POST /functions/v1/api/clone/finalize",
    "GET /functions/v1/api/voices",
    "POST /functions/v1/api/generate",
    `GET /functions/v1/api/tasks/${taskId}`,
    `GET /functions/v1/api/generations/${generationId}/audio`,
    "GET /audio",
  ]);
  const [, signup, uploadUrl, put, finalize, list, generate, task, redirect] = one.seen;
  assert.equal(signup?.headers.get("apikey"), "sb_publishable_key");
  assert.match(JSON.parse(signup?.body ?? "").email, /^smoke-.+@example\.com$/);
  for (const call of [uploadUrl, finalize, list, generate, task, redirect]) {
    assert.equal(call?.headers.get("authorization"), "Bearer the-jwt");
    assert.equal(call?.headers.get("apikey"), "sb_publishable_key");
  }
  const details = { name: "Smoke test", language: "English", transcript: (await readClip()).transcript };
  assert.deepEqual(JSON.parse(uploadUrl?.body ?? ""), details);
  assert.deepEqual(JSON.parse(finalize?.body ?? ""), { voice_id: voiceId, ...details });
  assert.equal(put?.headers.get("content-type"), "audio/wav");
  assert.equal(put?.headers.get("authorization"), null);
  assert.equal(put?.headers.get("content-length"), "614678");
});

Deno.test("each step is printed with its time, and nothing secret is", async () => {
  await using one = await deployment();
  await runSmoke(one.run);
  assert.deepEqual(one.lines.map((line) => line.replace(/ +\d+ ms/, " N ms")), [
    "GET languages N ms  provider qwen",
    "Sign up N ms",
    `POST clone/upload-url N ms  voice ${voiceId}`,
    "PUT the clip N ms  614678 bytes of audio/wav",
    "POST clone/finalize N ms",
    "GET voices N ms",
    `POST generate N ms  task ${taskId}`,
    "GET tasks N ms  completed, taken up once",
    "GET generations/audio N ms  192044 bytes, 4.0 s at 24000 Hz",
  ]);
  assert.doesNotMatch(one.lines.join("\n"), /token|jwt|sb_publishable|signed|Hello/);
});

Deno.test("with a token nobody is signed up", async () => {
  await using one = await deployment();
  await runSmoke({ ...one.run, token: "given-jwt", supabase: undefined, key: undefined });
  assert.equal(one.seen.some(({ route }) => route.includes("signup")), false);
  const list = one.seen.find(({ route }) => route.endsWith("/voices"));
  assert.equal(list?.headers.get("authorization"), "Bearer given-jwt");
});

Deno.test("a modal row needs tts_provider modal and no more", async () => {
  const modal = { id: voiceId, name: "Smoke test", language: "English", tts_provider: "modal" };
  await using one = await deployment({
    "GET /functions/v1/api/languages": languages("modal"),
    "GET /functions/v1/api/voices": { body: { voices: [modal] } },
    "POST /functions/v1/api/generate": { status: 409, body: { detail: "Off.", code: "voice_not_ready" } },
  });
  assert.deepEqual(await runSmoke(one.run), { row: modal, audio: null });
});

const error = (status: number, code: string) => ({
  status,
  body: { detail: "A sentence.", code, request_id: "r-1" },
});
const list = (fields: Record<string, unknown>) => ({
  "GET /functions/v1/api/voices": { body: { voices: [{ ...row, ...fields }] } },
});
const failures: [string, Answers, RegExp][] = [
  [
    "our error body",
    { "POST /functions/v1/api/clone/finalize": error(422, "provider_rejected") },
    /^POST clone\/finalize failed\. 422: A sentence\. \(code provider_rejected, request id r-1\)$/,
  ],
  [
    "the auth server's error body",
    {
      "POST /auth/v1/signup": {
        status: 400,
        body: { code: 400, error_code: "weak_password", msg: "Too weak." },
      },
    },
    /^Sign up failed\. 400: Too weak\. \(code weak_password\)$/,
  ],
  [
    "Storage's error body",
    {
      "PUT /upload": {
        status: 400,
        body: { statusCode: "415", message: "mime type", code: "InvalidMimeType" },
      },
    },
    /^PUT the clip failed\. 400: mime type \(code InvalidMimeType\)$/,
  ],
  [
    "HTML",
    { "GET /functions/v1/api/languages": { status: 502, body: "<html>" } },
    /^GET languages failed\. 502: the body tells no reason\.$/,
  ],
  [
    "2xx that is not JSON",
    { "POST /functions/v1/api/clone/upload-url": { body: "<html>" } },
    /^POST clone\/upload-url failed\. The answer \(200\) is not JSON\.$/,
  ],
  [
    "a sign-up without a session",
    { "POST /auth/v1/signup": { body: { id: "u" } } },
    /^Sign up failed\. .*access_token: missing: does the project ask for the email/,
  ],
  ["a finalize of another voice", {
    "POST /functions/v1/api/clone/finalize": { body: { id: "x", name: "n" } },
  }, /^POST clone\/finalize failed\. It answered voice x/],
  [
    "a list without the voice",
    { "GET /functions/v1/api/voices": { body: { voices: [] } } },
    /^GET voices failed\. The finalized voice is not in the list\.$/,
  ],
  ["a row with another name", list({ name: "Other" }), /^GET voices failed\. The list names it "Other"/],
  [
    "a modal row from qwen",
    list({ tts_provider: "modal" }),
    /^GET voices failed\. The row is not ready for qwen\. tts_provider:/,
  ],
  ["no provider voice", list({ provider_voice_id: null }), /provider_voice_id:/],
  ["no target model", list({ provider_target_model: null }), /provider_target_model:/],
  ["another kind", list({ provider_voice_kind: "vd" }), /provider_voice_kind:/],
  ["no region", list({ provider_region: null }), /provider_region:/],
  ["no request id", list({ provider_request_id: null }), /provider_request_id:/],
  ["no metadata", list({ provider_metadata: null }), /provider_metadata:/],
  [
    "an error that holds a signed URL",
    { "PUT /upload": { status: 400, body: { message: "GET http://h/upload?token=signed failed" } } },
    /^PUT the clip failed\. 400: GET http:\/\/h\/upload\?… failed$/,
  ],
];
for (const [what, answers, message] of failures) {
  Deno.test(`the reason is told of ${what}`, async () => {
    await using one = await deployment(answers);
    await assert.rejects(runSmoke(one.run), { name: "SmokeFailure", message });
  });
}

Deno.test("nobody there, and nobody answering in time, are told as such", async () => {
  const one = await deployment();
  await one[Symbol.asyncDispose]();
  await assert.rejects(runSmoke(one.run), {
    message: /^GET languages failed\. No answer from http:\/\/127\.0\.0\.1:\d+: /,
  });
  const hanging: typeof fetch = (_url, init) =>
    new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  await assert.rejects(runSmoke({ ...one.run, fetch: hanging, timeoutMs: 1 }), {
    message: "GET languages failed. No answer within 0.001 s.",
  });
});
