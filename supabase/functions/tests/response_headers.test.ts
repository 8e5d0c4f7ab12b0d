import assert from "node:assert/strict";
import { ApiError } from "../_shared/errors.ts";
import { readAllowedOrigins } from "../_shared/environment.ts";
import { SECURE_HEADERS } from "../../../tools/testkit/harness/answer_rules.ts";
import { type Api, failingFront, startApi, upload } from "../../../tools/testkit/harness/api.ts";
import { keys, newUser, saveVoices } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const { id: userId, token } = await newUser();

const APP = "https://app.example.com";
const DEV = "http://localhost:5173";

/** What a careless comparison takes for one of the two. */
const LOOK_ALIKES = `
  ${APP}.evil.com https://evil.com/https://app.example.com https://evilapp.example.com https://sub.app.example.com
  https://example.com https://app-example.com https://appxexample.com https://app.example.co https://app.example.comm
  https://app.example.com. https://app.example.com/ https://app.example.com:443 https://app.example.com:8443
  https://app.example.com@evil.com https://user@app.example.com http://app.example.com HTTPS://APP.EXAMPLE.COM
  https://App.example.com ${APP},${DEV} app.example.com //app.example.com http://localhost http://localhost:51730
  http://127.0.0.1:5173 https://localhost:5173 https://evil.example.com null * undefined file://
`.trim().split(/\s+/).concat(`${APP}, https://evil.com`);

async function saveVoiceWithClip(api: Api): Promise<string> {
  const { body, objectKey } = await upload(api, token, { clip: new Uint8Array([1, 2, 3]) });
  await saveVoices(userId, { id: body.voice_id, reference_object_key: objectKey });
  return body.voice_id;
}

type Asked = [status: number, method: string, path: string, request?: { token?: string; body?: unknown }];

/** The ways an answer comes about. */
const askedOf = (voiceId: string): Asked[] => [
  [204, "OPTIONS", "/voices"],
  [204, "OPTIONS", "/clone/upload-url"],
  [204, "OPTIONS", "/clone/finalize"],
  [204, "OPTIONS", "/health"],
  [204, "OPTIONS", "/nothing"],
  [200, "GET", "/health"],
  [200, "HEAD", "/health"],
  [200, "GET", "/languages"],
  [200, "GET", "/voices", { token }],
  [200, "POST", "/clone/upload-url", { token, body: DETAILS }],
  [302, "GET", `/voices/${voiceId}/preview`, { token }],
  [400, "POST", "/clone/finalize", { token, body: "{" }],
  [401, "GET", "/voices"],
  [404, "GET", "/nothing"],
  [404, "POST", "/internal/work"],
  [405, "PUT", "/languages"],
  [413, "POST", "/generate", { token, body: "x".repeat(70_000) }],
];

/** Also a path that is not the function's. */
async function answersOf(api: Api, voiceId: string, origin: string | undefined) {
  const headers: Record<string, string> = {
    "Access-Control-Request-Method": "POST",
    ...(origin === undefined ? {} : { Origin: origin }),
  };
  const answers: { what: string; status: number; headers: Headers; isPreflight: boolean }[] = [];
  for (const [status, method, path, request] of askedOf(voiceId)) {
    const answer = await api.call(method, path, { ...request, headers });
    const what = `${method} ${path} of ${origin}`;
    assert.equal(answer.status, status, what);
    if (method === "OPTIONS") assert.equal(answer.body, "");
    answers.push({ what, status, headers: answer.headers, isPreflight: method === "OPTIONS" });
  }
  const outside = await fetch(`${new URL(api.url).origin}/favicon.ico`, { headers });
  await outside.body?.cancel();
  assert.equal(outside.status, 404);
  return [...answers, { what: "outside", status: 404, headers: outside.headers, isPreflight: false }];
}

const PREFLIGHT = {
  "access-control-allow-methods": "GET,POST,DELETE,OPTIONS",
  "access-control-allow-headers": "authorization,x-client-info,apikey,content-type,x-request-id",
  "access-control-max-age": "86400",
};

/** All of these and no other header of CORS; `vary` names these and, from a server of Deno 2.1, `Accept-Encoding`. */
function assertCors(headers: Headers, isPreflight: boolean, allowed: string | null, what: string): void {
  const cors = [...headers].filter(([name]) => name.startsWith("access-control-"));
  assert.deepEqual(Object.fromEntries(cors), {
    ...(allowed === null ? {} : { "access-control-allow-origin": allowed }),
    ...(isPreflight ? PREFLIGHT : {}),
    "access-control-expose-headers": "x-request-id,retry-after",
  }, what);
  const vary = (headers.get("vary") ?? "").split(", ").filter((name) => name && name !== "Accept-Encoding");
  const wanted = [
    ...(allowed === "*" ? [] : ["Origin"]),
    ...(isPreflight ? ["Access-Control-Request-Headers"] : []),
  ];
  assert.deepEqual(vary, wanted, what);
}

function assertSecure(headers: Headers, what: string): void {
  for (const [name, value] of Object.entries(SECURE_HEADERS)) assert.equal(headers.get(name), value, what);
}

Deno.test("with a list, only its origins are named, each as it stands, and every answer has the secure headers", async () => {
  await using api = await startApi({ keys, environment: { CORS_ALLOWED_ORIGINS: `${APP},${DEV}` } });
  const voiceId = await saveVoiceWithClip(api);
  for (const origin of [APP, DEV, ...LOOK_ALIKES, undefined]) {
    for (const { what, headers, isPreflight } of await answersOf(api, voiceId, origin)) {
      assertCors(headers, isPreflight, origin === APP || origin === DEV ? origin : null, what);
      assertSecure(headers, what);
      assert(headers.get("x-request-id"), what);
    }
  }
});

Deno.test("without a list, or with * in it, any page may read, and none with credentials", async () => {
  for (const list of ["", "*", `${APP}, *`]) {
    await using api = await startApi({ keys, environment: { CORS_ALLOWED_ORIGINS: list } });
    const voiceId = await saveVoiceWithClip(api);
    for (const { what, headers, isPreflight } of await answersOf(api, voiceId, "https://any.example")) {
      assertCors(headers, isPreflight, "*", what);
    }
  }
});

Deno.test("a preflight asks Supabase nothing", async () => {
  await using api = await startApi({ keys });
  for (const [status, method, path] of askedOf("").filter(([status]) => status === 204)) {
    assert.equal((await api.call(method, path)).status, status);
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("no list allows the origin null, not even an invalid one that names it", async () => {
  const error = new ApiError("config_invalid", "The operator has been told.");
  const front = failingFront(error, readAllowedOrigins({ CORS_ALLOWED_ORIGINS: `null, ${APP}` }));
  for (const [method, path] of [["OPTIONS", "/api/voices"], ["GET", "/api/health"], ["GET", "/api/voices"]]) {
    const allowed = async (origin: string) => {
      const response = await front.request(path ?? "", { method, headers: { Origin: origin } });
      return response.headers.get("access-control-allow-origin");
    };
    assert.deepEqual([await allowed("null"), await allowed(APP)], [null, APP]);
  }
});

Deno.test("a 500 and a 503 of an invalid configuration have the secure headers", async () => {
  const errors = [new Error("a defect"), new ApiError("config_invalid", "The operator has been told.")];
  for (const error of errors) {
    const response = await failingFront(error).request("/api/voices");
    assert.equal(response.status, error instanceof ApiError ? 503 : 500);
    assertSecure(response.headers, error.message);
  }
});

Deno.test("a redirect has no body and leads to the clip", async () => {
  await using api = await startApi({ keys });
  const redirect = await api.call("GET", `/voices/${await saveVoiceWithClip(api)}/preview`, { token });
  assert.deepEqual([redirect.status, redirect.body], [302, ""]);
  const followed = await fetch(redirect.headers.get("location") ?? "");
  assert.deepEqual([...new Uint8Array(await followed.arrayBuffer())], [1, 2, 3]);
});
