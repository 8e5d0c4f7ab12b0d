// Which pages may read the answers.
import assert from "node:assert/strict";
import { ApiError } from "../_shared/errors.ts";
import { readAllowedOrigins } from "../_shared/environment.ts";
import { failingFront, startApi } from "../../../tools/testkit/harness/api.ts";
import { keys, newUser } from "../../../tools/testkit/harness/project.ts";

const { token } = await newUser();

const APP = "https://app.example.com";
const DEV = "http://localhost:5173";

/** What a careless comparison takes for one of the two. */
const LOOK_ALIKES = [
  ...[`${APP}.evil.com`, "https://evil.com/https://app.example.com", "https://evilapp.example.com"],
  ...[
    "https://sub.app.example.com",
    "https://example.com",
    "https://app-example.com",
    "https://appxexample.com",
  ],
  ...[
    "https://app.example.co",
    "https://app.example.comm",
    "https://app.example.com.",
    "https://app.example.com/",
  ],
  ...["https://app.example.com:443", "https://app.example.com:8443", "https://app.example.com@evil.com"],
  ...["https://user@app.example.com", "http://app.example.com", "HTTPS://APP.EXAMPLE.COM"],
  ...["https://App.example.com", "https://app.example.com, https://evil.com", `${APP},${DEV}`],
  ...["app.example.com", "//app.example.com", "http://localhost", "http://localhost:51730"],
  ...["http://127.0.0.1:5173", "https://localhost:5173", "https://evil.example.com"],
  ...["null", "*", "undefined", "file://"],
];

/** The ways an answer comes about. */
const ASKED: [status: number, method: string, path: string, request: { token?: string; body?: string }][] = [
  [204, "OPTIONS", "/voices", {}],
  [204, "OPTIONS", "/nothing", {}],
  [200, "GET", "/health", {}],
  [200, "GET", "/voices", { token }],
  [400, "POST", "/clone/finalize", { token, body: "{" }],
  [401, "GET", "/voices", {}],
  [404, "GET", "/nothing", {}],
  [405, "PUT", "/languages", {}],
  [413, "POST", "/generate", { token, body: "x".repeat(70_000) }],
];

Deno.test("with a list, only its origins are named, each as it stands, on every kind of answer", async () => {
  await using api = await startApi({ keys, environment: { CORS_ALLOWED_ORIGINS: `${APP},${DEV}` } });
  for (const [status, method, path, request] of ASKED) {
    for (const origin of [APP, DEV, ...LOOK_ALIKES, undefined]) {
      const headers: Record<string, string> = {
        "Access-Control-Request-Method": "POST",
        ...(origin === undefined ? {} : { Origin: origin }),
      };
      const answer = await api.call(method, path, { ...request, headers });
      const what = `${method} ${path} of ${origin}`;
      assert.equal(answer.status, status, what);
      const named = origin === APP || origin === DEV ? origin : null;
      assert.equal(answer.headers.get("access-control-allow-origin"), named, what);
      assert.equal(answer.headers.get("access-control-allow-credentials"), null, what);
      assert.match(answer.headers.get("vary") ?? "", /(^|, )Origin(,|$)/, what);
    }
  }
});

Deno.test("without a list, or with * in it, any page may read, and none with credentials", async () => {
  for (const list of ["", "*", `${APP}, *`]) {
    await using api = await startApi({ keys, environment: { CORS_ALLOWED_ORIGINS: list } });
    for (const [, method, path, request] of ASKED) {
      const answer = await api.call(method, path, { ...request, headers: { Origin: "https://any.example" } });
      assert.equal(answer.headers.get("access-control-allow-origin"), "*", `${method} ${path}`);
      assert.equal(answer.headers.get("access-control-allow-credentials"), null);
    }
  }
});

Deno.test("null is nobody's origin, not even while a list that names it is being refused", async () => {
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
