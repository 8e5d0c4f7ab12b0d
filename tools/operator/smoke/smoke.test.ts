// A smoke run against a fake deployment.
import assert from "node:assert/strict";
import {
  type Answer,
  type Answers,
  audioOf,
  completed,
  deployment,
  languages,
  modalRow,
  type RouteName,
  routes,
  row,
  text,
} from "./fake_deployment.ts";
import { runSmoke } from "./smoke_run.ts";

const underWay = { ...completed, status: "processing", result: null };

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
  const details = { name: row.name, language: "English", transcript: one.run.clip.transcript };
  assert.deepEqual(JSON.parse(uploadUrl?.body ?? ""), details);
  assert.deepEqual(JSON.parse(finalize?.body ?? ""), { voice_id: row.id, ...details });
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
    `POST clone/upload-url N ms  voice ${row.id}`,
    "PUT the clip N ms  614678 bytes of audio/wav",
    "POST clone/finalize N ms",
    "GET voices N ms",
    `POST generate N ms  task ${completed.id}`,
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
  const asked = { voice_id: row.id, text };
  const bodies = one.callsOf("generate").map(({ body }) => JSON.parse(body));
  assert.deepEqual(bodies, [asked, { ...asked, language: "German" }]);
});

Deno.test("the task is looked at until it is over, less and less often", async () => {
  const pending = { body: { ...completed, status: "pending", result: null } };
  const twice = { body: { ...completed, provider_poll_count: 2 } };
  await using one = await deployment({
    task: [pending, ...Array<Answer>(8).fill({ body: underWay }), twice],
  });
  await runSmoke(one.run);
  assert.equal(one.callsOf("task").length, 10);
  assert.deepEqual(one.slept.slice(0, 3), [250, 375, 562.5]);
  assert.equal(Math.max(...one.slept), 3_000);
  assert(one.lines.some((line) => line.endsWith("completed, taken up 2 times")));
});

Deno.test("a task has a deadline of its own", async () => {
  await using one = await deployment({ task: { body: underWay } });
  const message = `GET tasks failed. Task ${completed.id} is still processing after 0 s.`;
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

const error = (status: number, code = "some_code"): Answer => ({
  status,
  body: { detail: "A sentence.", code, request_id: "r-1" },
});
const storage = (message: string, code?: string): Answer => ({ status: 400, body: { message, code } });
const list = (fields: object): Answer => ({ body: { voices: [{ ...row, ...fields }] } });
const task = (fields: object): Answer => ({ body: { ...completed, ...fields } });
const location = (location: string): Answer => ({ status: 302, headers: { location } });
const other = crypto.randomUUID();
const otherAudio = { audio_url: `https://project.test/generations/${other}/audio` };
const weak = { status: 400, body: { code: 400, error_code: "weak_password", msg: "Too weak." } };
const refused = { status: "failed", result: null, error: "The provider refused it." };
const modal: Answers = { languages: languages("modal"), voices: { body: { voices: [modalRow] } } };

/** By step, what the route answers wrongly and the reason that the step gives. */
const failures: [step: string, RouteName, [what: string, Answer, reason: string | RegExp][], Answers?][] = [
  ["GET languages", "languages", [
    ["HTML", { status: 502, body: "<html>" }, "502: no reason given."],
    ["a qwen that does not speak", languages("qwen", false), "It says supports_generate false for qwen."],
    ["a modal that speaks", languages("modal", true), "It says supports_generate true for modal."],
  ]],
  ["Sign up", "signUp", [
    ["the auth server's error body", weak, "400: Too weak. (code weak_password)"],
    ["no session", { body: { id: "u" } }, /access_token: missing: does the project ask for the email/],
  ]],
  ["POST clone/upload-url", "uploadUrl", [
    ["2xx that is not JSON", { body: "<html>" }, "The answer (200) is not JSON."],
  ]],
  ["PUT the clip", "put", [
    ["Storage's error body", storage("mime type", "InvalidMime"), "400: mime type (code InvalidMime)"],
    ["a signed URL", storage("GET http://h/up?token=signed failed"), "400: GET http://h/up?… failed"],
  ]],
  ["POST clone/finalize", "finalize", [
    ["our error body", error(422), "422: A sentence. (code some_code, request id r-1)"],
    ["another voice", { body: { id: "x", name: "n" } }, /^It answered voice x/],
  ]],
  ["GET voices", "voices", [
    ["a list without the voice", { body: { voices: [] } }, "The finalized voice is not in the list."],
    ["a row with another name", list({ name: "Other" }), /^The list names it "Other"/],
    ["a modal row", list({ tts_provider: "modal" }), /^The row is not ready for qwen\. tts_provider:/],
    ["no provider voice", list({ provider_voice_id: null }), /provider_voice_id:/],
    ["no target model", list({ provider_target_model: null }), /provider_target_model:/],
    ["another kind", list({ provider_voice_kind: "vd" }), /provider_voice_kind:/],
    ["no region", list({ provider_region: null }), /provider_region:/],
    ["no request id", list({ provider_request_id: null }), /provider_request_id:/],
    ["no metadata", list({ provider_metadata: null }), /provider_metadata:/],
  ]],
  ["POST generate", "generate", [
    ["a voice that is not ready", error(409), "409: A sentence. (code some_code, request id r-1)"],
    ["no task id", { body: { status: "processing" } }, /task_id:/],
  ]],
  ["GET tasks", "task", [
    ["a task that failed", task(refused), "The task is failed. The provider refused it."],
    ["a task that was cancelled", task({ status: "cancelled", result: null }), "The task is cancelled."],
    ["a task that is gone", error(404), /^404:/],
    ["a task of another voice", task({ voice_id: other }), "It is the task of another generation."],
    ["another generation's task", task({ generation_id: other }), "It is the task of another generation."],
    ["a task without audio", task({ result: null }), /its audio_url is not that of the generation\.$/],
    ["another's audio", task({ result: otherAudio }), /its audio_url is not that of the generation\.$/],
  ]],
  ["GET generations/audio", "redirect", [
    ["audio that is not there", error(404), /^404:/],
    ["audio in place of a redirect", { body: audioOf(4) }, "It answered 200, not 302."],
    ["a redirect off the web", location("file:///etc/hostname"), "The redirect names no URL."],
    ["a redirect to nowhere", { status: 302 }, "The redirect names no URL."],
  ]],
  ["GET generations/audio", "audio", [
    ["Storage without it", storage("Not found", "NoSuchKey"), "400: Not found (code NoSuchKey)"],
  ]],
  ["POST generate", "generate", [
    ["a modal that takes texts", { body: { task_id: completed.id } }, "It answered 200, not 409."],
    ["another conflict in modal mode", error(409, "clone_conflict"), /code:/],
    ["another error in modal mode", error(404), /^404: A sentence\./],
  ], modal],
];
for (const [step, route, cases, others] of failures) {
  for (const [what, answer, reason] of cases) {
    Deno.test(`${step} fails with its reason: ${what}`, async () => {
      await using one = await deployment({ ...others, [route]: answer });
      await assert.rejects(runSmoke(one.run), ({ name, message }: Error) => {
        const start = `${step} failed. `;
        assert.deepEqual([name, message.slice(0, start.length)], ["Failure", start]);
        const said = message.slice(start.length);
        if (typeof reason === "string") assert.equal(said, reason);
        else assert.match(said, reason);
        return true;
      });
    });
  }
}

Deno.test("where the provider does not speak, a plain answer is wanted and nothing is waited for", async () => {
  await using one = await deployment({ ...modal, generate: error(409, "voice_not_ready") });
  assert.deepEqual(await runSmoke(one.run), { row: modalRow, audio: null });
  assert.match(one.lines.at(-1) ?? "", /^POST generate +\d+ ms +409 voice_not_ready: speaking is off$/);
  assert.equal(one.seen.at(-1)?.route, routes.generate);
  assert.deepEqual(JSON.parse(one.seen.at(-1)?.body ?? ""), { voice_id: row.id, text });
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
