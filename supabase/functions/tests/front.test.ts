import assert from "node:assert/strict";
import { createUploadUrl } from "../_shared/contract/create_upload_url.ts";
import { ApiError } from "../_shared/errors.ts";
import { createLog } from "../_shared/log.ts";
import { createFront } from "../api/front.ts";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { askForUpload, DETAILS, putClip } from "../../../tools/testkit/harness/clone.ts";
import { withDatabase } from "../../../tools/testkit/harness/database.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { rawRequest } from "../../../tools/testkit/harness/raw_http.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/users.ts";

const keys = await createSigningKeys();
const user = await signUp();
const token = await keys.sign(user.id);

const PREFLIGHT = {
  "access-control-allow-methods": "GET,POST,DELETE,OPTIONS",
  "access-control-allow-headers": "authorization,x-client-info,apikey,content-type,x-request-id",
  "access-control-max-age": "86400",
};

/** The headers of CORS, and `vary`, that an answer carries. */
/** `Accept-Encoding` is left out of `Vary`: a server of Deno 2.1 adds it, for it compresses what the client takes compressed. */
function corsHeaders(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith("access-control-") || name === "vary")
      .map(([name, value]) => [name, name === "vary" ? value.replace("Accept-Encoding, ", "") : value]),
  );
}

const ask = { Origin: "https://app.example.com", "Access-Control-Request-Method": "POST" };

Deno.test("a preflight answers 204 with the headers of the contract, whatever the path", async () => {
  await using api = await startApi({ keys });
  for (const path of ["/clone/upload-url", "/clone/finalize", "/voices", "/health", "/nothing"]) {
    const answer = await api.call("OPTIONS", path, { headers: ask });
    assert.deepEqual([answer.status, answer.body], [204, ""]);
    assert.deepEqual(corsHeaders(answer.headers), {
      ...PREFLIGHT,
      "access-control-allow-origin": "*",
      "access-control-expose-headers": "x-request-id,retry-after",
      vary: "Access-Control-Request-Headers",
    });
    assert(answer.headers.get("x-request-id"));
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("with a list of origins, a listed one is named and another gets no leave", async () => {
  const environment = { CORS_ALLOWED_ORIGINS: "https://app.example.com, https://other.example.com" };
  await using api = await startApi({ keys, environment });
  const allowed = async (origin: string, method: string) => {
    const headers = { Origin: origin, "Access-Control-Request-Method": "POST" };
    const answer = await api.call(method, "/voices", { headers });
    assert.match(answer.headers.get("vary") ?? "", /Origin/);
    return answer.headers.get("access-control-allow-origin");
  };
  for (const method of ["OPTIONS", "GET"]) {
    assert.equal(await allowed("https://app.example.com", method), "https://app.example.com");
    assert.equal(await allowed("https://other.example.com", method), "https://other.example.com");
    for (const stranger of ["https://evil.example.com", "https://app.example.com.evil.com", "null"]) {
      assert.equal(await allowed(stranger, method), null);
    }
  }
});

Deno.test("error answers carry the same headers of CORS as good ones", async () => {
  const environment = { CORS_ALLOWED_ORIGINS: "https://app.example.com" };
  await using api = await startApi({ keys, environment });
  const headers = { Origin: "https://app.example.com" };
  const good = await api.call("GET", "/voices", { token, headers });
  assert.equal(good.status, 200);
  assert.deepEqual(corsHeaders(good.headers), {
    "access-control-allow-origin": "https://app.example.com",
    "access-control-expose-headers": "x-request-id,retry-after",
    vary: "Origin",
  });
  const large = { token, headers, body: "x".repeat(70_000) };
  const bad = [
    await api.call("GET", "/voices", { headers }),
    await api.call("GET", "/nothing", { headers }),
    await api.call("PUT", "/languages", { headers }),
    await api.call("POST", "/clone/finalize", { token, headers, body: "{" }),
    await api.call("POST", "/clone/finalize", large),
  ];
  assert.deepEqual(bad.map(({ status }) => status), [401, 404, 405, 400, 413]);
  for (const answer of bad) assert.deepEqual(corsHeaders(answer.headers), corsHeaders(good.headers));
});

Deno.test("without a valid configuration health answers and every other route is 503 config_invalid", async () => {
  const detail = "The server is not configured correctly. The operator has been told.";
  const front = createFront({
    allowedOrigins: ["*"],
    log: createLog({ write: () => {}, now: () => new Date() }),
    loadRoutes: () => Promise.reject(new ApiError("config_invalid", detail)),
  });
  const call = async (method: string, path: string) => {
    const response = await front.request(`/api${path}`, { method });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : text };
  };
  const health = await call("GET", "/health");
  assert.deepEqual([health.status, health.body], [200, { ok: true }]);
  assert.equal((await call("OPTIONS", "/voices")).status, 204);
  const routes = ["GET /languages", "POST /clone/upload-url", "POST /clone/finalize", "GET /voices"];
  const id = crypto.randomUUID();
  for (const route of [...routes, `GET /voices/${id}/preview`, `DELETE /voices/${id}`, "GET /nothing"]) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await call(method, path);
    assertError(answer, 503, "config_invalid", detail);
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
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
  const detail = "There is nothing at this address.";
  for (const path of ["/nothing", "/", "", "/healthy", "/languages/more", "/internal/reconcile"]) {
    assertError(await api.call("GET", path, { token }), 404, "not_found", detail);
  }
  for (const path of ["/clone", "/clone/other", "/voices/a/b", "/voices/"]) {
    assertError(await api.call("POST", path, { token }), 404, "not_found", detail);
  }
  const { origin } = new URL(api.url);
  for (const path of ["/", "/apis", "/favicon.ico"]) {
    const response = await fetch(origin + path, { headers: { "x-request-id": "outside" } });
    const answer = { status: response.status, headers: response.headers, body: await response.json() };
    assertError(answer, 404, "not_found", detail);
    assert.equal(answer.headers.get("x-request-id"), "outside");
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
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
    assertError(answer, 405, "method_not_allowed", `Use ${allowed} here.`);
    assert.equal(
      answer.headers.get("allow"),
      allowed === "GET" ? "GET, HEAD, OPTIONS" : `${allowed}, OPTIONS`,
    );
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("HEAD answers as GET does, without a body", async () => {
  await using api = await startApi({ keys });
  for (
    const [path, status] of [["/health", 200], ["/languages", 200], ["/voices", 200], [
      "/nothing",
      404,
    ]] as const
  ) {
    const answer = await api.call("HEAD", path, { token });
    assert.deepEqual([answer.status, answer.headers.has("x-request-id")], [status, true], path);
  }
});

/** A valid upload-url body of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const body = JSON.stringify({ ...DETAILS, padding: "" });
  return body.replace('"padding":""', `"padding":"${"x".repeat(bytes - body.length)}"`);
}

Deno.test("a body over 64 KiB answers 413, with its length told and without", async () => {
  await using api = await startApi({ keys });
  const detail = "The request body must be at most 64 KiB.";
  const chunked = async (path: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    const body = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 10_000) controller.enqueue(bytes.subarray(at, at + 10_000));
        controller.close();
      },
    });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const response = await fetch(api.url + path, { method: "POST", headers, body });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  for (const path of ["/clone/upload-url", "/clone/finalize"]) {
    const large = bodyOf(65_537);
    assertError(await api.call("POST", path, { token, body: large }), 413, "payload_too_large", detail);
    assertError(await chunked(path, large), 413, "payload_too_large", detail);
  }
  assert.deepEqual(api.supabaseRequests, []);
  assert.deepEqual(api.logged, []);

  const most = bodyOf(65_536);
  assert.equal((await api.call("POST", "/clone/upload-url", { token, body: most })).status, 200);
  assert.equal((await chunked("/clone/upload-url", most)).status, 200);
});

Deno.test("headers of the request never change a URL in an answer", async () => {
  await using api = await startApi({ keys });
  const headers = [
    `Authorization: Bearer ${token}`,
    "Host: evil.example.com",
    "X-Forwarded-Host: evil.example.com",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 8443",
    "X-Forwarded-Prefix: /evil",
    "Forwarded: host=evil.example.com;proto=https",
    "X-Original-URL: https://evil.example.com/",
  ];
  const body = JSON.stringify(DETAILS);
  const answer = await rawRequest(api.url, [
    "POST /api/clone/upload-url HTTP/1.1",
    ...headers,
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ], body);
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(answer, /evil/);
  const { upload_url } = createUploadUrl.answer.schema().parse(
    JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1)),
  );
  assert.equal(new URL(upload_url).origin, stack.supabase_url);

  const { voice_id, upload_url: url, object_key } = await askForUpload(api, token);
  await putClip(url, new Uint8Array([1, 2, 3]));
  await withDatabase((sql) =>
    sql`insert into public.voices (id, user_id, name, reference_object_key)
        values (${voice_id}, ${user.id}, 'Grace', ${object_key})`
  );
  const preview = await rawRequest(api.url, [`GET /api/voices/${voice_id}/preview HTTP/1.1`, ...headers]);
  assert.match(preview, /^HTTP\/1\.1 302 /);
  assert.doesNotMatch(preview, /evil/);
  assert(
    preview.includes(
      `location: ${stack.supabase_url}/storage/v1/object/sign/references/${object_key}?token=`,
    ),
  );
});
