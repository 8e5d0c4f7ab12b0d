// The headers that stand on every answer, whatever it is.
import assert from "node:assert/strict";
import { ApiError } from "../_shared/errors.ts";
import { SECURE_HEADERS } from "../../../tools/testkit/harness/answer_rules.ts";
import {
  type Api,
  askForUpload,
  failingFront,
  putClip,
  startApi,
} from "../../../tools/testkit/harness/api.ts";
import { keys, newUser, saveVoices } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const user = await newUser();
const { token } = user;

/** Saves a voice whose clip are these bytes; its id. */
async function saveVoiceWithClip(api: Api, clip = new Uint8Array([1, 2, 3])): Promise<string> {
  const { voice_id, upload_url, object_key } = await askForUpload(api, token);
  await putClip(upload_url, clip);
  await saveVoices(user.id, { id: voice_id, reference_object_key: object_key });
  return voice_id;
}

function assertSecure(headers: Headers, what: string): void {
  for (const [name, value] of Object.entries(SECURE_HEADERS)) assert.equal(headers.get(name), value, what);
}

Deno.test("every answer has them: good ones, errors of every kind, preflights and redirects", async () => {
  await using api = await startApi({ keys });
  const voiceId = await saveVoiceWithClip(api);
  const asked: [status: number, method: string, path: string, request: Parameters<typeof api.call>[2]][] = [
    [200, "GET", "/health", {}],
    [200, "HEAD", "/health", {}],
    [200, "GET", "/languages", {}],
    [200, "GET", "/voices", { token }],
    [200, "POST", "/clone/upload-url", { token, body: DETAILS }],
    [302, "GET", `/voices/${voiceId}/preview`, { token }],
    [204, "OPTIONS", "/voices", { headers: { Origin: "https://app.example.com" } }],
    [400, "POST", "/clone/finalize", { token, body: "{" }],
    [401, "GET", "/voices", {}],
    [404, "GET", "/nothing", {}],
    [404, "POST", "/internal/work", {}],
    [405, "PUT", "/languages", {}],
    [413, "POST", "/clone/finalize", { token, body: "x".repeat(70_000) }],
  ];
  for (const [status, method, path, request] of asked) {
    const answer = await api.call(method, path, request);
    assert.equal(answer.status, status, path);
    assertSecure(answer.headers, `${method} ${path}`);
  }
  const outside = await fetch(`${new URL(api.url).origin}/favicon.ico`);
  assert.equal(outside.status, 404);
  await outside.body?.cancel();
  assertSecure(outside.headers, "a path that is not the function's");
});

Deno.test("they stand on the 500 of a defect and the 503 of a configuration that is not valid", async () => {
  const errors = [new Error("a defect"), new ApiError("config_invalid", "The operator has been told.")];
  for (const error of errors) {
    const response = await failingFront(error).request("/api/voices");
    assert.equal(response.status, error instanceof ApiError ? 503 : 500);
    assertSecure(response.headers, error.message);
  }
});

Deno.test("a redirect gives its address to no cache, and to nobody who it came from", async () => {
  await using api = await startApi({ keys });
  const voiceId = await saveVoiceWithClip(api);
  const headers = { Origin: "https://app.example.com" };
  const redirect = await api.call("GET", `/voices/${voiceId}/preview`, { token, headers });
  assert.deepEqual([redirect.status, redirect.body], [302, ""]);
  assert.equal(redirect.headers.get("cache-control"), "no-store");
  assert.equal(redirect.headers.get("referrer-policy"), "no-referrer");
  assert.equal(redirect.headers.get("access-control-allow-origin"), "*");
  const followed = await fetch(redirect.headers.get("location") ?? "");
  assert.deepEqual([...new Uint8Array(await followed.arrayBuffer())], [1, 2, 3]);
});
