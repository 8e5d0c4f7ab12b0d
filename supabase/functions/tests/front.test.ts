import assert from "node:assert/strict";
import { ApiError } from "../_shared/errors.ts";
import { answerOf, assertError, failingFront, startApi } from "../../../tools/testkit/harness/api.ts";
import { keys, newUser } from "../../../tools/testkit/harness/project.ts";

const { token } = await newUser();
const NOTHING = "There is nothing at this address.";
const NOT_CONFIGURED = "The server is not configured correctly. The operator has been told.";

Deno.test("without a valid configuration health answers and every other route is 503 config_invalid", async () => {
  const front = failingFront(new ApiError("config_invalid", NOT_CONFIGURED));
  const call = async (method: string, path: string) =>
    await answerOf(await front.request(`/api${path}`, { method }));
  const health = await call("GET", "/health");
  assert.deepEqual([health.status, health.body], [200, { ok: true }]);
  assert.equal((await call("OPTIONS", "/voices")).status, 204);
  const routes = ["GET /languages", "POST /clone/upload-url", "POST /clone/finalize", "GET /voices"];
  const id = crypto.randomUUID();
  for (const route of [...routes, `GET /voices/${id}/preview`, `DELETE /voices/${id}`, "GET /nothing"]) {
    const [method = "", path = ""] = route.split(" ");
    const headers = { "access-control-allow-origin": "*" };
    assertError(await call(method, path), 503, "config_invalid", NOT_CONFIGURED, headers);
  }
});

Deno.test("a request id is taken over when it is sane, and made when it is not", async () => {
  await using api = await startApi({ keys });
  const idFor = async (given: string | undefined) => {
    const headers: Record<string, string> = given === undefined ? {} : { "x-request-id": given };
    const answer = await api.call("GET", "/nothing", { headers });
    assertError(answer, 404, "not_found");
    return answer.headers.get("x-request-id") ?? "";
  };
  for (const sane of ["abc-123_DEF=", "x", "f".repeat(128), crypto.randomUUID()]) {
    assert.equal(await idFor(sane), sane);
  }
  const made = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  const odd = ["f".repeat(129), "two words", "semi;colon", "<script>", "ümlaut", '"quoted"', "a/b", " "];
  const ids = await Promise.all([undefined, "", ...odd].map(idFor));
  for (const id of ids) assert.match(id, made);
  assert.equal(new Set(ids).size, ids.length);
});

Deno.test("a path that no route has answers 404, within the base path and outside it", async () => {
  await using api = await startApi({ keys });
  for (const path of ["/nothing", "/", "", "/healthy", "/languages/more", "/internal/reconcile"]) {
    assertError(await api.call("GET", path, { token }), 404, "not_found", NOTHING);
  }
  for (const path of ["/clone", "/clone/other", "/voices/a/b", "/voices/"]) {
    assertError(await api.call("POST", path, { token }), 404, "not_found", NOTHING);
  }
  const { origin } = new URL(api.url);
  for (const path of ["/", "/apis", "/favicon.ico"]) {
    const response = await fetch(origin + path, { headers: { "x-request-id": "outside" } });
    const headers = { "x-request-id": "outside", "access-control-allow-origin": "*" };
    assertError(await answerOf(response), 404, "not_found", NOTHING, headers);
  }
});

Deno.test("a method that a path does not have answers 405 and names those it has", async () => {
  await using api = await startApi({ keys });
  const id = crypto.randomUUID();
  const cases = [
    ["POST", "/health", "GET"],
    ["DELETE", "/languages", "GET"],
    ["GET", "/clone/upload-url", "POST"],
    ["PUT", "/clone/finalize", "POST"],
    ["POST", "/voices", "GET"],
    ["POST", `/voices/${id}/preview`, "GET"],
    ["GET", `/voices/${id}`, "DELETE"],
    ["PATCH", `/voices/${id}`, "DELETE"],
  ] as const;
  for (const [method, path, allowed] of cases) {
    const answer = await api.call(method, path, { token });
    const allow = allowed === "GET" ? "GET, HEAD, OPTIONS" : `${allowed}, OPTIONS`;
    assertError(answer, 405, "method_not_allowed", `Use ${allowed} here.`, { allow });
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("HEAD answers as GET does, without a body", async () => {
  await using api = await startApi({ keys });
  const statuses = { "/health": 200, "/languages": 200, "/voices": 200, "/nothing": 404 };
  for (const [path, status] of Object.entries(statuses)) {
    const answer = await api.call("HEAD", path, { token });
    assert.deepEqual([answer.status, answer.headers.has("x-request-id")], [status, true], path);
  }
});
