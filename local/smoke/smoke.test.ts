import assert from "node:assert/strict";
import { readClip } from "./clip.ts";
import { parseOptions } from "./options.ts";
import { runSmoke, type SmokeRun } from "./run.ts";
import { findTarget, type RunningStack } from "./target.ts";

const voiceId = "3b0f2f7e-62a1-4a52-8c7c-0a4b6e1c9d11";
const row = {
  id: voiceId,
  name: "Smoke test",
  language: "English",
  tts_provider: "qwen",
  provider_voice_id: "qwen-tts-vc-Smoke_0123456789-voice-20260304050607089-0a1b",
  provider_target_model: "qwen3-tts-vc-2026-01-22",
  provider_voice_kind: "vc",
  provider_region: "intl",
  provider_request_id: "5e6f",
  provider_metadata: { usage: { count: 1 } },
};

type Answers = Record<string, { status?: number; body: unknown }>;

/** A hand-made deployment with one answer a route, on a real socket; `seen` is what it was asked. */
async function deployment(answers: Answers = {}) {
  const seen: { route: string; headers: Headers; body: string }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    seen.push({ route, headers: request.headers, body: await request.text() });
    const { status = 200, body } = { ...standard, ...answers }[route] ??
      { status: 404, body: { detail: "Not here." } };
    return typeof body === "string" ? new Response(body, { status }) : Response.json(body, { status });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const standard: Answers = {
    "GET /functions/v1/api/languages": { body: { provider: "qwen" } },
    "POST /auth/v1/signup": { body: { access_token: "the-jwt" } },
    "POST /functions/v1/api/clone/upload-url": {
      body: {
        voice_id: voiceId,
        upload_url: `${origin}/upload?token=signed`,
        object_key: `u/${voiceId}/reference.wav`,
      },
    },
    "PUT /upload": { body: { Key: "references/x" } },
    "POST /functions/v1/api/clone/finalize": { body: { id: voiceId, name: "Smoke test" } },
    "GET /functions/v1/api/voices": { body: { voices: [{ ...row, id: "another" }, row], pagination: {} } },
  };
  const lines: string[] = [];
  const run: SmokeRun = {
    api: `${origin}/functions/v1/api`,
    supabase: origin,
    key: "sb_publishable_key",
    clip: await readClip(),
    name: "Smoke test",
    language: "English",
    print: (line) => lines.push(line),
  };
  return { origin, seen, lines, run, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("a run does what a person with curl would, in order, and returns the row", async () => {
  await using one = await deployment();
  assert.deepEqual(await runSmoke(one.run), row);
  assert.deepEqual(one.seen.map(({ route }) => route), [
    "GET /functions/v1/api/languages",
    "POST /auth/v1/signup",
    "POST /functions/v1/api/clone/upload-url",
    "PUT /upload",
    "POST /functions/v1/api/clone/finalize",
    "GET /functions/v1/api/voices",
  ]);
  const [, signup, uploadUrl, put, finalize, list] = one.seen;
  assert.equal(signup?.headers.get("apikey"), "sb_publishable_key");
  assert.match(JSON.parse(signup?.body ?? "").email, /^smoke-.+@example\.com$/);
  for (const call of [uploadUrl, finalize, list]) {
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
  ]);
  assert.doesNotMatch(one.lines.join("\n"), /token|jwt|sb_publishable|signed|Hello/);
});

Deno.test("with a token nobody is signed up", async () => {
  await using one = await deployment();
  await runSmoke({ ...one.run, token: "given-jwt", supabase: undefined, key: undefined });
  assert.equal(one.seen.some(({ route }) => route.includes("signup")), false);
  assert.equal(one.seen.at(-1)?.headers.get("authorization"), "Bearer given-jwt");
});

Deno.test("a modal row needs tts_provider modal and no more", async () => {
  const modal = { id: voiceId, name: "Smoke test", language: "English", tts_provider: "modal" };
  await using one = await deployment({
    "GET /functions/v1/api/languages": { body: { provider: "modal" } },
    "GET /functions/v1/api/voices": { body: { voices: [modal] } },
  });
  assert.deepEqual(await runSmoke(one.run), modal);
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

Deno.test("a clip's type comes from its extension", async () => {
  const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url).pathname;
  assert.equal((await readClip()).contentType, "audio/wav");
  assert.equal((await readClip(fixture("speech-24k-mono.mp3"), "x")).contentType, "audio/mpeg");
  assert.equal((await readClip(fixture("speech-24k-mono.m4a"), "x")).contentType, "audio/mp4");
  await assert.rejects(readClip(fixture("speech.webm")), /not a wav, mp3 or m4a file/);
  await assert.rejects(readClip("no-such.wav"), /no-such\.wav cannot be read/);
});

Deno.test("options: what is given, what is derived, what is refused", () => {
  assert.deepEqual(parseOptions([]), {
    help: false,
    dataDir: undefined,
    name: "Smoke test",
    language: "English",
    api: undefined,
    supabase: undefined,
  });
  const hosted = parseOptions(["--supabase", "https://p.supabase.co/", "--key", "k"]);
  assert.equal(hosted.supabase, "https://p.supabase.co");
  assert.equal(hosted.api, "https://p.supabase.co/functions/v1/api");
  assert.equal(parseOptions(["--api", "http://h/api/", "--token", "t"]).api, "http://h/api");
  assert.equal(parseOptions(["--help"]).help, true);
  const wrong = [
    ["--api", "http://h/api"],
    ["--supabase", "http://h"],
    ["--api", "h", "--token", "t"],
    ["--file", "x.wav"],
    ["--name", ""],
    ["--nonsense"],
    ["stray"],
  ];
  for (const args of wrong) assert.throws(() => parseOptions(args), Error, args.join(" "));
});

/** Looks for a target with a running stack of qwen, or none; `seen` is what was done. */
async function target(asked: { api?: string }, options: { running: boolean; wantedProvider?: string }) {
  const seen: string[] = [];
  const stack = (name: string): RunningStack => ({ api_url: name, supabase_url: "s", publishable_key: "k" });
  const found = await findTarget({
    asked,
    wantedProvider: options.wantedProvider,
    readStack: () => Promise.resolve(options.running ? stack("running") : null),
    startStack: () => {
      seen.push("start");
      return Promise.resolve({ record: stack("own"), stop: () => Promise.resolve(void seen.push("stop")) });
    },
    providerOf: () => Promise.resolve("qwen"),
    print() {},
  });
  await found.close();
  return [found.api, ...seen];
}

Deno.test("the target is the one asked for, else the running stack, else one's own, which is stopped", async () => {
  assert.deepEqual(await target({ api: "http://h/api" }, { running: true }), ["http://h/api"]);
  assert.deepEqual(await target({}, { running: true }), ["running"]);
  assert.deepEqual(await target({}, { running: true, wantedProvider: "qwen" }), ["running"]);
  assert.deepEqual(await target({}, { running: true, wantedProvider: "modal" }), ["own", "start", "stop"]);
  assert.deepEqual(await target({}, { running: false }), ["own", "start", "stop"]);
});
