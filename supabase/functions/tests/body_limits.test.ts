import assert from "node:assert/strict";
import { answerOf, type Api, appRoutes, assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import { createHttpConnection } from "../../../tools/testkit/harness/connections.ts";
import { keys, newUser, stack } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const { token } = await newUser();
const TOO_LARGE = "The request body must be at most 64 KiB.";

/** The routes that may have a body, from the app's own list, and those of them that read none. */
const POSTED = (await appRoutes()).all.filter(({ method }) => /^(POST|PUT|PATCH|DELETE)$/.test(method))
  .map(({ method, path }) => `${method} ${path.replace("/api", "")}`);
const READING_NONE = ["DELETE /voices/:id", "POST /tasks/:id/cancel"];

/** A body for an upload URL of exactly so many bytes. */
const bodyOf = (bytes: number) => {
  const body = JSON.stringify({ ...DETAILS, padding: "" });
  return body.replace('"padding":""', `"padding":"${"x".repeat(bytes - body.length)}"`);
};
const LARGE = bodyOf(65_537);

/** Sends these lines and this text as they stand, with leave to do everything, and then hangs up where `ends` says so. */
async function send(api: Api, lines: string[], body: string, options: { ends?: boolean } = {}) {
  const allowed = ["Host: 127.0.0.1", `Authorization: Bearer ${token}`, `apikey: ${stack.secret_key}`];
  const head = [...lines, ...allowed].join("\r\n");
  using connection = createHttpConnection(api.url);
  const bytes = new TextEncoder().encode(`${head}\r\n\r\n${body}`);
  const { status, headers, body: text } = await connection.send({ bytes, ends: options.ends });
  return { status, headers, body: text === "" ? text : JSON.parse(text) };
}

/** Sends a body with its length in a header, and once more without. */
const sendBoth = async (api: Api, line: string, body: string) => [
  await send(api, [line, `Content-Length: ${body.length}`], body),
  await send(
    api,
    [line, "Transfer-Encoding: chunked"],
    `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  ),
];

Deno.test("every route that reads a body refuses one over 64 KiB, with its length told and without", async () => {
  await using api = await startApi({ keys });
  assert(POSTED.length >= 8, POSTED.join());
  for (const route of POSTED) {
    const line = `${route.replace(":id", crypto.randomUUID())} HTTP/1.1`.replace(" /", " /api/");
    for (const answer of await sendBoth(api, line, LARGE)) {
      if (READING_NONE.includes(route)) assertError(answer, 404, "not_found");
      else assertError(answer, 413, "payload_too_large", TOO_LARGE);
    }
  }
  assert.deepEqual(api.logged, []);
  for (const { status } of await sendBoth(api, "POST /api/clone/upload-url HTTP/1.1", bodyOf(65_536))) {
    assert.equal(status, 200);
  }
});

Deno.test("a body is refused by its told length before it is there", async () => {
  await using api = await startApi({ keys });
  const lines = ["POST /api/clone/finalize HTTP/1.1", "Content-Length: 1000000000000"];
  assertError(await send(api, lines, "{"), 413, "payload_too_large", TOO_LARGE);
});

Deno.test("a body that is longer than it says counts as far as it says", async () => {
  await using api = await startApi({ keys });
  const lines = ["POST /api/clone/upload-url HTTP/1.1", "Content-Length: 2"];
  const answer = await send(api, lines, `{}${LARGE}`);
  assertError(answer, 400, "invalid_request", "Name must be 1-100 characters.");
});

Deno.test("a body that breaks off is the client's doing: 400, and no failure in the log", async () => {
  await using api = await startApi({ keys });
  for (const path of ["/clone/upload-url", "/clone/finalize", "/generate", "/internal/reconcile"]) {
    const line = `POST /api${path} HTTP/1.1`;
    const text = JSON.stringify(DETAILS);
    const framings = [
      [`Content-Length: ${text.length + 1}`, text],
      ["Transfer-Encoding: chunked", `${(text.length + 1).toString(16)}\r\n${text}`],
    ] as const;
    for (const [framing, body] of framings) {
      const answer = await send(api, [line, framing], body, { ends: true });
      assertError(answer, 400, "invalid_json", "Invalid JSON body");
    }
  }
  assert.deepEqual(api.logged, []);
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("a compressed body is not unpacked, whatever is in it", async () => {
  await using api = await startApi({ keys });
  for (const padding of ["x".repeat(20_000_000), ""]) {
    const packed = new Blob([JSON.stringify({ ...DETAILS, padding })]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    const body = await new Response(packed).arrayBuffer();
    assert(body.byteLength < 65_536);
    const headers = { Authorization: `Bearer ${token}`, "Content-Encoding": "gzip" };
    const response = await fetch(`${api.url}/clone/upload-url`, { method: "POST", headers, body });
    assertError(await answerOf(response), 400, "invalid_json", "Invalid JSON body");
  }
});

Deno.test("a GET takes no notice of a body", async () => {
  await using api = await startApi({ keys });
  for (const path of ["/health", "/languages", "/voices"]) {
    const answer = await send(api, [`GET /api${path} HTTP/1.1`, `Content-Length: ${LARGE.length}`], LARGE);
    assert.equal(answer.status, 200, path);
  }
});

Deno.test("long headers, paths and queries are answered by the function, or refused by the server before it", async () => {
  await using api = await startApi({ keys });
  const ask = async (line: string, ...headers: string[]) => {
    const answer = await send(api, [`${line} HTTP/1.1`, ...headers], "");
    return [answer.status, answer.headers.has("x-request-id")];
  };
  const long = (bytes: number) => "a".repeat(bytes);
  assert.deepEqual(await ask("GET /api/health", `X-Long: ${long(60_000)}`), [200, true]);
  assert.deepEqual(await ask(`GET /api/voices/${long(60_000)}/preview`), [404, true]);
  assert.deepEqual(await ask(`GET /api/voices?search=${long(60_000)}`), [400, true]);
  assert.deepEqual(await ask("GET /api/voices", `Authorization: Bearer ${long(60_000)}`), [401, true]);
  assert.deepEqual(await ask("GET /api/voices", ...Array(90).fill("X-Many: a")), [200, true]);
  const refused = [
    await ask("GET /api/health", `X-Long: ${long(600_000)}`),
    await ask(`GET /api/voices?search=${long(70_000)}`),
    await ask("GET /api/health", ...Array(150).fill("X-Many: a")),
  ];
  for (const [status, isOurs] of refused) {
    assert([400, 414, 431].includes(Number(status)), String(status));
    assert.equal(isOurs, false);
  }
  assert.deepEqual(api.logged, []);
});
