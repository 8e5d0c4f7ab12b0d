// Hosts, ids and searches that are more than they should be.
import assert from "node:assert/strict";
import { listVoices } from "../_shared/contract/list_voices.ts";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { withDatabase } from "../../../tools/testkit/harness/database.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { recordFetches } from "../../../tools/testkit/harness/fetches.ts";
import { createHttpConnection } from "../../../tools/testkit/harness/http_connection.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/users.ts";
import { saveVoices } from "../../../tools/testkit/harness/voices.ts";

const keys = await createSigningKeys();

Deno.test("a Host that holds more than a host is refused: it would choose another route than the path does", async () => {
  await using api = await startApi({ keys });
  using connection = createHttpConnection(api.url);
  for (
    const host of ["a/api/health?", "a/api/health#", "127.0.0.1/", "a?b", "user@a", "a\\b", "a/..", "[::"]
  ) {
    for (const path of ["/api/voices", "/api/health", "/api/internal/reconcile"]) {
      const bytes = new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      const { status, headers, body } = await connection.send({ bytes });
      assertError(
        { status, headers, body: JSON.parse(body) },
        400,
        "invalid_request",
        "The Host header is not valid.",
      );
    }
  }
  for (const host of ["", "example.com", "[::1]:8000", "127.0.0.1:54321", "kong", "a_b"]) {
    const bytes = new TextEncoder().encode(`GET /api/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.equal((await connection.send({ bytes })).status, 200, host);
  }
});

Deno.test("an id that climbs out of its place names nothing, and nothing is asked", async () => {
  await using api = await startApi({ keys });
  const token = await keys.sign((await signUp()).id);
  const other = crypto.randomUUID();
  const ids = [
    "..%2f..%2fauth%2fv1%2fuser",
    "%2e%2e%2f%2e%2e",
    "..%5c..",
    "%252e%252e%252f",
    `${other}%2f..%2f${other}`,
    `${other}%00`,
    `${other}%0d%0aapikey:%20x`,
    `${other}%3fselect=*`,
    `${other}%23`,
    `eq.${other}`,
    `${other},or=(id.neq.0)`,
    `(${other})`,
    "*",
    "http:%2f%2f127.0.0.1:1%2f",
  ];
  for (const id of ids) {
    for (
      const [method, path] of [
        ["GET", `/voices/${id}/preview`],
        ["DELETE", `/voices/${id}`],
        ["GET", `/tasks/${id}`],
        ["POST", `/tasks/${id}/cancel`],
        ["GET", `/generations/${id}/audio`],
      ] as const
    ) {
      assertError(await api.call(method, path, { token }), 404, "not_found");
    }
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("a search is text: what is PostgREST's own grammar finds nobody else's voices, and changes no other part of the question", async () => {
  await using api = await startApi({ keys });
  using fetches = recordFetches((url) => url.origin === new URL(api.url).origin);
  const [user, other] = await Promise.all([signUp(), signUp()]);
  const token = await keys.sign(user.id);
  await withDatabase((sql) => saveVoices(sql, other.id, [{ name: "foreign, or=(id.gt.0)" }]));
  const own = await withDatabase((sql) => saveVoices(sql, user.id, [{ name: "own" }]));
  const attempts = [
    "foreign",
    "own,or=(user_id.neq.0)",
    "own)&or=(user_id.neq.0",
    "own&user_id=neq.0",
    "x)|(?:.*",
    ".*",
    "|",
    "%",
    "_",
    "*",
    "\\",
    "\\Q",
    "not.is.null",
    "imatch.*",
    "eq.foreign",
    'own","user_id":"x',
    "own'; drop table voices; --",
    "(?!)",
    "***=foreign",
    "***:foreign",
    "(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+$",
  ];
  for (const search of attempts) {
    const query = new URLSearchParams({ search, user_id: `neq.${user.id}`, select: "*", or: "(id.neq.0)" });
    const answer = await api.call("GET", `/voices?${query}`, { token });
    assert.equal(answer.status, 200, search);
    const { voices } = listVoices.answer.schema().parse(answer.body);
    assert.deepEqual(voices.filter(({ id }) => !own.includes(id)), [], search);
  }
  const asked = fetches.left.filter(({ url }) => url.pathname === "/rest/v1/voices");
  assert.equal(asked.length, attempts.length);
  for (const { url } of asked) {
    assert.deepEqual([...url.searchParams.keys()].sort(), [
      ...["deleted_at", "limit", "name", "offset", "order", "select", "user_id"],
    ]);
    assert.equal(url.searchParams.get("user_id"), `eq.${user.id}`);
    assert.equal(url.searchParams.get("deleted_at"), "is.null");
  }
});
