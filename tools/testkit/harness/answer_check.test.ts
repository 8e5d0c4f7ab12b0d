import assert from "node:assert/strict";
import { createAnswerCheck, description, type SeenAnswer, watchAnswers } from "./answer_check.ts";
import { unseenAnswers } from "../../checks/openapi/coverage.ts";
import type { JsonObject } from "../../checks/openapi/json_object.ts";

const check = createAnswerCheck(description);
const VOICE_ID = "3f0c2f0e-6a0b-4c1e-9a53-0d6f5f3b7a11";
const DETAILS = { name: "Grace", language: "English", transcript: "Hello." };

type Given = Partial<Omit<SeenAnswer, "headers" | "body" | "query">> & {
  headers?: Record<string, string>;
  query?: string;
  body?: unknown;
};

const answerOf = ({ headers, body, query, ...rest }: Given): SeenAnswer => ({
  method: "POST",
  path: "/clone/finalize",
  query: new URLSearchParams(query),
  requestBody: JSON.stringify({ voice_id: VOICE_ID, ...DETAILS }),
  status: 200,
  headers: new Headers({ "x-request-id": "abc", "content-type": "application/json", ...headers }),
  body: body === undefined ? "" : JSON.stringify(body),
  ...rest,
});

const errorBody = (code: string) => ({ detail: "A sentence.", code, request_id: "abc" });
const finalized: Given = { body: { id: VOICE_ID, name: "Grace" } };
const finalizedWith = (details: Record<string, unknown>): Given => ({
  ...finalized,
  requestBody: JSON.stringify({ voice_id: VOICE_ID, ...DETAILS, ...details }),
});
const conflict = (other: Given): Given => ({ ...error(409, "clone_conflict"), ...other });
const page = { voices: [], pagination: { page: 1, per_page: 20, total: 0, pages: 0 } };
const list: Given = { method: "GET", path: "/voices", requestBody: "", body: page };
const error = (status: number, code: string): Given => ({ status, body: errorBody(code) });
const inProgress: Given = { ...error(409, "clone_in_progress"), headers: { "retry-after": "5" } };
const preview: Given = {
  method: "GET",
  path: `/voices/${VOICE_ID}/preview`,
  requestBody: "",
  status: 302,
  headers: { location: "https://project.supabase.co/x?token=y" },
};
const noMethod: Given = {
  ...error(405, "method_not_allowed"),
  method: "PUT",
  path: "/voices",
  headers: { allow: "GET, HEAD, OPTIONS" },
};

const GOOD: [what: string, given: Given][] = [
  ["a voice that is there", finalized],
  ["a request that is trimmed to its limit", finalizedWith({ name: ` ${"e\u0301".repeat(100)} `, more: 1 })],
  ["a page", { ...list, query: "page=2&per_page=100&search=&source=designed&more=1" }],
  ["HEAD", { ...list, method: "HEAD", body: undefined }],
  ["a redirect", preview],
  ["an error without Retry-After", error(409, "clone_conflict")],
  ["an error with it", inProgress],
  ["a missing sign-in", { ...error(401, "unauthorized"), headers: { "www-authenticate": "Bearer" } }],
  ["a method that is not there", noMethod],
  ["an address that is not there", { ...error(404, "not_found"), path: "/nothing" }],
  ["an address outside the base path", { ...error(404, "not_found"), path: null }],
  ["a preflight", { method: "OPTIONS", status: 204 }],
  ["a configuration that is not valid, with its problems", {
    ...error(503, "config_invalid"),
    path: "/internal/check",
    body: { ...errorBody("config_invalid"), problems: [{ variable: "A", problem: "is not set" }] },
  }],
];

for (const [what, given] of GOOD) {
  Deno.test(`${what} is as the document has it`, () => {
    assert.deepEqual(check(answerOf(given)).problems, []);
  });
}

const RETRY = { "retry-after": "5" };
const CAUSED = conflict({ body: { ...errorBody("clone_conflict"), cause: "x" } });
const OTHER_ID = conflict({ headers: { "x-request-id": "other" } });
const SOON = { ...inProgress, headers: { "retry-after": "soon" } };
const MORE_METHODS = { ...noMethod, headers: { allow: "GET, HEAD, OPTIONS, POST" } };
const TOO_LONG = /accepted a body: \/name must NOT have more than 100 characters/;

const WRONG: [what: string, given: Given, problem: RegExp][] = [
  ["a status that no code has", error(418, "internal"), /status is not described/],
  ["a code that another route has", error(409, "voice_not_ready"), /body: \/code must be equal/],
  ["a code with another's status", error(404, "clone_conflict"), /body: \/code must be equal/],
  ["a field too few", { body: { id: VOICE_ID } }, /must have required property 'name'/],
  ["a field too many", { body: { id: VOICE_ID, name: "Grace", user_id: "x" } }, /must NOT have additional/],
  ["an error with a field more", CAUSED, /must NOT have unevaluated properties/],
  ["an id that is none", { body: { id: "x", name: "Grace" } }, /\/id must match format "uuid"/],
  ["a body that is text", { ...finalized, headers: { "content-type": "text/html" } }, /type is text\/html/],
  ["no request id", { ...finalized, headers: { "x-request-id": "" } }, /x-request-id/],
  ["another request id in the body", OTHER_ID, /request_id is not that of the header/],
  ["a code without its Retry-After", error(409, "clone_in_progress"), /Retry-After is missing/],
  ["a code with one that is not its own", conflict({ headers: RETRY }), /clone_conflict has Retry-After/],
  ["a Retry-After that is no number", SOON, /Retry-After: .*must be integer/],
  ["a Retry-After with a good answer", { ...finalized, headers: RETRY }, /not described/],
  ["a missing sign-in without a challenge", error(401, "unauthorized"), /WWW-Authenticate is missing/],
  ["a redirect to nowhere", { ...preview, headers: {} }, /Location is missing/],
  ["a redirect with a body", { ...preview, body: {} }, /it has a body/],
  ["HEAD with a body", { ...list, method: "HEAD" }, /it has a body/],
  ["a method refused where the path has it", { ...noMethod, method: "GET" }, /status is not described/],
  ["Allow with a method that is not there", MORE_METHODS, /Allow is GET, HEAD, OPTIONS, POST/],
  ["a preflight with another status", { method: "OPTIONS", status: 200 }, /a preflight is answered 200/],
  ["a name that is too long, taken", finalizedWith({ name: "a".repeat(101) }), TOO_LONG],
  ["no body, taken", { ...finalized, requestBody: "" }, /accepted no body/],
  ["a page that is too large, taken", { ...list, query: "per_page=101" }, /accepted per_page: .*<= 100/],
  ["a page that is no number, taken", { ...list, query: "page=x" }, /accepted page: .*must be integer/],
];

for (const [what, given, problem] of WRONG) {
  Deno.test(`${what} is found`, () => {
    const { problems } = check(answerOf(given));
    assert.equal(problems.length, 1, problems.join("\n"));
    assert.match(problems[0] ?? "", problem);
  });
}

type Watched = ReturnType<typeof watchAnswers>;

function ask(watched: Watched, path: string, request: { body?: string; signal?: AbortSignal } = {}) {
  const { body } = request;
  const sent = body === undefined ? request : {
    ...request,
    method: "POST",
    headers: { "content-length": String(new TextEncoder().encode(body).length) },
  };
  return watched(new Request(`http://127.0.0.1/api${path}`, sent), {
    remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 9 },
    completed: Promise.resolve(),
  });
}

Deno.test("a handler that is watched answers as it would, and what was wrong is told beside it", async () => {
  const kept: string[] = [];
  const bodies: string[] = [];
  const watched = watchAnswers(async (request) => {
    bodies.push(await request.text());
    const headers = { "x-request-id": "abc" };
    const { pathname } = new URL(request.url);
    if (pathname === "/api/health") return Response.json({ ok: true }, { headers });
    return pathname === "/api/clone/upload-url"
      ? Response.json(errorBody("payload_too_large"), { status: 413, headers })
      : Response.json({ id: VOICE_ID, name: "Grace", more: 1 }, { headers });
  }, (line) => kept.push(line.replace(/:\d+\)/, ")")));
  assert.deepEqual(await (await ask(watched, "/health")).json(), { ok: true });
  const sent = JSON.stringify({ voice_id: VOICE_ID, ...DETAILS, name: "" });
  for (const _ of ["once", "and again"]) {
    const finalized = await ask(watched, "/clone/finalize", { body: sent });
    assert.deepEqual(await finalized.json(), { id: VOICE_ID, name: "Grace", more: 1 });
  }
  assert.equal((await ask(watched, "/clone/upload-url", { body: sent })).status, 413);
  assert.deepEqual(bodies, ["", sent, sent, sent]);
  const wrong = "! POST /clone/finalize answered POST with 200 (answer_check.test.ts)";
  assert.deepEqual(kept, [
    "GET /health 200",
    "POST /clone/finalize 200",
    `${wrong}: body: must NOT have additional properties`,
    `${wrong}: accepted a body: /name must NOT have fewer than 1 characters`,
    "POST /clone/upload-url 413 payload_too_large",
  ]);
});

Deno.test("a handler that is watched hears when the client hangs up", async () => {
  const client = new AbortController();
  const heard: [body: string, hungUp: boolean][] = [];
  const watched = watchAnswers(async (request) => {
    const body = await request.text();
    client.abort();
    heard.push([body, request.signal.aborted]);
    return Response.json({ id: VOICE_ID, name: "Grace" }, { headers: { "x-request-id": "abc" } });
  }, () => {});
  await ask(watched, "/clone/finalize", { body: "{}", signal: client.signal });
  assert.deepEqual(heard, [["{}", true]]);
});

const answerWith = (...codes: string[]): JsonObject => ({
  content: { "application/json": { schema: { allOf: [{}, { properties: { code: { enum: codes } } }] } } },
});
const errors = {
  404: answerWith("not_found"),
  409: answerWith("clone_in_progress", "clone_conflict"),
  503: { $ref: "#/components/responses/config_invalid" },
};
const described = {
  paths: {
    "/voices": { get: { responses: { 200: {}, ...errors } } },
    "/health": { get: { responses: { 200: {}, 503: { $ref: "#/components/responses/config_invalid" } } } },
  },
  "x-other-answers": { 405: answerWith("method_not_allowed") },
  components: { responses: { config_invalid: answerWith("config_invalid") } },
};
const seen = [
  "GET /voices 200",
  "GET /voices 404 not_found",
  "GET /voices 409 clone_conflict",
  "GET /voices 409 clone_in_progress",
  "another address 405 method_not_allowed",
  "GET /voices 503 config_invalid",
  "GET /health 200",
];

Deno.test("answers that were all seen are none that is missing; a configuration that is not valid counts for all", () => {
  assert.deepEqual(unseenAnswers(described, seen), { missing: [], outOfReach: [] });
});

for (const answer of seen.slice(0, 5)) {
  Deno.test(`an answer that no test has seen is missing: ${answer}`, () => {
    const others = [...seen.filter((one) => one !== answer), "GET /voices 409", "a preflight 204"];
    assert.deepEqual(unseenAnswers(described, others).missing, [answer]);
  });
}

Deno.test("a code that all share is missing everywhere when no test has seen it", () => {
  const { missing } = unseenAnswers(described, seen.filter((one) => !one.endsWith("config_invalid")));
  assert.deepEqual(missing, ["GET /voices 503 config_invalid", "GET /health 503 config_invalid"]);
});
