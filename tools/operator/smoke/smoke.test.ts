// A smoke run against a fake deployment.
import assert from "node:assert/strict";
import {
  type Answer,
  type Answers,
  audioOf,
  completed,
  deployment,
  generationId,
  languages,
  modalRow,
  routes,
  row,
  taskId,
  text,
  underWay,
  voiceId,
} from "./fake_deployment.ts";
import { runSmoke } from "./smoke_run.ts";

Deno.test("a run does what a person with curl would, in order, and returns the row and the audio", async () => {
  await using one = await deployment();
  assert.deepEqual(await runSmoke(one.run), { row, audio: { durationSeconds: 4, sampleRate: 24_000 } });
  assert.deepEqual(one.seen.map(({ route }) => route), Object.values(routes));
  const [, signup, uploadUrl, put, finalize, list, generate, task, redirect, audio] = one.seen;
  assert.equal(signup?.headers.get("apikey"), "sb_publishable_key");
  assert.match(JSON.parse(signup?.body ?? "").email, /^smoke-.+@example\.com$/);
  for (const call of [uploadUrl, finalize, list, generate, task, redirect]) {
    assert.equal(call?.headers.get("authorization"), "Bearer the-jwt");
    assert.equal(call?.headers.get("apikey"), "sb_publishable_key");
  }
  const details = { name: "Smoke test", language: "English", transcript: one.run.clip.transcript };
  assert.deepEqual(JSON.parse(uploadUrl?.body ?? ""), details);
  assert.deepEqual(JSON.parse(finalize?.body ?? ""), { voice_id: voiceId, ...details });
  assert.equal(put?.headers.get("content-type"), "audio/wav");
  assert.equal(put?.headers.get("authorization"), null);
  assert.equal(put?.headers.get("content-length"), "614678");
  assert.deepEqual([audio?.headers.get("authorization"), audio?.headers.get("apikey")], [null, null]);
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
  assert.deepEqual(one.callsOf("signUp"), []);
  assert.equal(one.callsOf("voices")[0]?.headers.get("authorization"), "Bearer given-jwt");
});

Deno.test("the text is asked for with the voice, in a language when one is given", async () => {
  await using one = await deployment();
  await runSmoke(one.run);
  await runSmoke({ ...one.run, textLanguage: "German" });
  const asked = { voice_id: voiceId, text };
  const bodies = one.callsOf("generate").map(({ body }) => JSON.parse(body));
  assert.deepEqual(bodies, [asked, { ...asked, language: "German" }]);
});

Deno.test("the task is looked at until it is over, less and less often", async () => {
  const pending = { body: { ...underWay, status: "pending" } };
  const twice = { body: { ...completed, provider_poll_count: 2 } };
  await using one = await deployment({ task: [pending, ...Array<Answer>(8).fill({ body: underWay }), twice] });
  await runSmoke(one.run);
  assert.equal(one.callsOf("task").length, 10);
  assert.deepEqual(one.slept.slice(0, 3), [250, 375, 562.5]);
  assert.equal(Math.max(...one.slept), 3_000);
  assert(one.lines.some((line) => line.endsWith("completed, taken up 2 times")));
});

Deno.test("a task has a deadline of its own", async () => {
  await using one = await deployment({ task: { body: underWay } });
  const message = `GET tasks failed. Task ${taskId} is still processing after 0 s.`;
  await assert.rejects(runSmoke({ ...one.run, deadlineMs: 0 }), { name: "Failure", message });
  assert.deepEqual(one.slept, []);
});

Deno.test("the audio is saved byte for byte, even when it is refused", async () => {
  await using one = await deployment();
  await runSmoke(one.run);
  assert.deepEqual(one.saved, [audioOf(4)]);

  await using other = await deployment({ audio: { body: "no audio" } });
  const message = /^GET generations\/audio failed\. The audio is no WAV/;
  await assert.rejects(runSmoke(other.run), { message });
  assert.deepEqual(other.saved, [new TextEncoder().encode("no audio")]);
});

const error = (status: number, code: string): Answer => ({
  status,
  body: { detail: "A sentence.", code, request_id: "r-1" },
});
const list = (fields: object): Answer => ({ body: { voices: [{ ...row, ...fields }] } });
const task = (fields: object): Answer => ({ body: { ...completed, ...fields } });
const storage = (message: string, code?: string): Answer => ({ status: 400, body: { message, code } });
const location = (location: string): Answer => ({ status: 302, headers: { location } });
const other = crypto.randomUUID();
const otherAudio = { audio_url: `https://project.test/generations/${other}/audio` };
const weak = { code: 400, error_code: "weak_password", msg: "Too weak." };
const modal = { languages: languages("modal"), voices: { body: { voices: [modalRow] } } };

/** What goes wrong, the step that fails, and the reason it gives. */
const failures: Record<string, [Answers, string, string | RegExp]> = {
  "our error body": [
    { finalize: error(422, "provider_rejected") },
    "POST clone/finalize",
    "422: A sentence. (code provider_rejected, request id r-1)",
  ],
  "the auth server's error body": [
    { signUp: { status: 400, body: weak } },
    "Sign up",
    "400: Too weak. (code weak_password)",
  ],
  "Storage's error body": [
    { put: storage("mime type", "InvalidMimeType") },
    "PUT the clip",
    "400: mime type (code InvalidMimeType)",
  ],
  "an error that holds a signed URL": [
    { put: storage("GET http://h/upload?token=signed failed") },
    "PUT the clip",
    "400: GET http://h/upload?… failed",
  ],
  "HTML": [{ languages: { status: 502, body: "<html>" } }, "GET languages", "502: no reason given."],
  "2xx that is not JSON": [
    { uploadUrl: { body: "<html>" } },
    "POST clone/upload-url",
    "The answer (200) is not JSON.",
  ],
  "qwen that does not speak": [
    { languages: languages("qwen", false) },
    "GET languages",
    "It says supports_generate false for qwen.",
  ],
  "modal that speaks": [
    { languages: languages("modal", true) },
    "GET languages",
    "It says supports_generate true for modal.",
  ],
  "a sign-up without a session": [
    { signUp: { body: { id: "u" } } },
    "Sign up",
    /access_token: missing: does the project ask for the email/,
  ],
  "a finalize of another voice": [
    { finalize: { body: { id: "x", name: "n" } } },
    "POST clone/finalize",
    /^It answered voice x/,
  ],
  "a list without the voice": [
    { voices: { body: { voices: [] } } },
    "GET voices",
    "The finalized voice is not in the list.",
  ],
  "a row with another name": [
    { voices: list({ name: "Other" }) },
    "GET voices",
    /^The list names it "Other"/,
  ],
  "a modal row from qwen": [
    { voices: list({ tts_provider: "modal" }) },
    "GET voices",
    /^The row is not ready for qwen\. tts_provider:/,
  ],
  "no provider voice": [{ voices: list({ provider_voice_id: null }) }, "GET voices", /provider_voice_id:/],
  "no model": [{ voices: list({ provider_target_model: null }) }, "GET voices", /provider_target_model:/],
  "another kind": [{ voices: list({ provider_voice_kind: "vd" }) }, "GET voices", /provider_voice_kind:/],
  "no region": [{ voices: list({ provider_region: null }) }, "GET voices", /provider_region:/],
  "no request id": [{ voices: list({ provider_request_id: null }) }, "GET voices", /provider_request_id:/],
  "no metadata": [{ voices: list({ provider_metadata: null }) }, "GET voices", /provider_metadata:/],
  "a voice that is not ready": [
    { generate: error(409, "voice_not_ready") },
    "POST generate",
    "409: A sentence. (code voice_not_ready, request id r-1)",
  ],
  "no task id": [{ generate: { body: { status: "processing" } } }, "POST generate", /task_id:/],
  "a task that failed": [
    { task: task({ status: "failed", result: null, error: "The provider refused this text." }) },
    "GET tasks",
    "The task is failed. The provider refused this text.",
  ],
  "a task that was cancelled": [
    { task: task({ status: "cancelled", result: null }) },
    "GET tasks",
    "The task is cancelled.",
  ],
  "a task that is gone": [{ task: error(404, "not_found") }, "GET tasks", /^404:/],
  "a task of another voice": [
    { task: task({ voice_id: other }) },
    "GET tasks",
    "It is the task of another generation.",
  ],
  "a task of another generation": [
    { task: task({ generation_id: other }) },
    "GET tasks",
    "It is the task of another generation.",
  ],
  "a task without its audio": [{ task: task({ result: null }) }, "GET tasks", /its audio_url is not that of/],
  "a task with another's audio": [
    { task: task({ result: otherAudio }) },
    "GET tasks",
    /its audio_url is not that of the generation\.$/,
  ],
  "audio that is not there": [{ redirect: error(404, "not_found") }, "GET generations/audio", /^404:/],
  "audio in place of a redirect": [
    { redirect: { body: audioOf(4) } },
    "GET generations/audio",
    "It answered 200, not 302.",
  ],
  "a redirect off the web": [
    { redirect: location("file:///etc/hostname") },
    "GET generations/audio",
    "The redirect does not tell where to.",
  ],
  "a redirect to nowhere": [
    { redirect: { status: 302 } },
    "GET generations/audio",
    "The redirect does not tell where to.",
  ],
  "Storage without the audio": [
    { audio: storage("Object not found", "NoSuchKey") },
    "GET generations/audio",
    "400: Object not found (code NoSuchKey)",
  ],
  "a modal that takes texts": [
    { ...modal, generate: { body: { task_id: taskId } } },
    "POST generate",
    "It answered 200, not 409.",
  ],
  "another conflict in modal mode": [
    { ...modal, generate: error(409, "clone_conflict") },
    "POST generate",
    /code:/,
  ],
  "another error in modal mode": [
    { ...modal, generate: error(404, "not_found") },
    "POST generate",
    /^404: A sentence\./,
  ],
};
for (const [what, [answers, step, reason]] of Object.entries(failures)) {
  Deno.test(`a run fails with step and reason: ${what}`, async () => {
    await using one = await deployment(answers);
    await assert.rejects(runSmoke(one.run), ({ name, message }: Error) => {
      assert.equal(name, "Failure");
      const start = `${step} failed. `;
      assert.equal(message.slice(0, start.length), start);
      const said = message.slice(start.length);
      if (typeof reason === "string") assert.equal(said, reason);
      else assert.match(said, reason);
      return true;
    });
  });
}

Deno.test("where the provider does not speak, a plain answer is wanted and nothing is waited for", async () => {
  await using one = await deployment({ ...modal, generate: error(409, "voice_not_ready") });
  assert.deepEqual(await runSmoke(one.run), { row: modalRow, audio: null });
  assert.match(one.lines.at(-1) ?? "", /^POST generate +\d+ ms +409 voice_not_ready: speaking is off$/);
  assert.equal(one.seen.at(-1)?.route, routes.generate);
  assert.deepEqual(JSON.parse(one.seen.at(-1)?.body ?? ""), { voice_id: voiceId, text });
});

Deno.test("nobody there, and nobody answering in time, are reported as such", async () => {
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
