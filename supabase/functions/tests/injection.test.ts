import assert from "node:assert/strict";
import { listVoices } from "../_shared/contract/list_voices.ts";
import { assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import { createHttpConnection, recordFetches } from "../../../tools/testkit/harness/connections.ts";
import { keys, newUser, saveVoices, signUp } from "../../../tools/testkit/harness/project.ts";
import { userRequests } from "../../../tools/testkit/harness/user_things.ts";

Deno.test("a Host that holds more than a host is refused: it would choose another route than the path does", async () => {
  await using api = await startApi({ keys });
  using connection = createHttpConnection(api.url);
  const ask = (path: string, host: string) =>
    connection.send({ bytes: new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`) });
  const wrong = ["a/api/health?", "a/api/health#", "127.0.0.1/", "a?b", "user@a", "a\\b", "a/..", "[::"];
  for (const host of wrong) {
    for (const path of ["/api/voices", "/api/health", "/api/internal/reconcile"]) {
      const { body, ...answer } = await ask(path, host);
      const detail = "The Host header is not valid.";
      assertError({ ...answer, body: JSON.parse(body) }, 400, "invalid_request", detail);
    }
  }
  for (const host of ["", "example.com", "[::1]:8000", "127.0.0.1:54321", "kong", "a_b"]) {
    assert.equal((await ask("/api/health", host)).status, 200, host);
  }
});

Deno.test("an id that climbs out of its place names nothing, and nothing is asked", async () => {
  await using api = await startApi({ keys });
  const { token } = await newUser();
  const other = crypto.randomUUID();
  const ids = [
    ...["..%2f..%2fauth%2fv1%2fuser", "%2e%2e%2f%2e%2e", "..%5c..", "%252e%252e%252f"],
    ...[`${other}%2f..%2f${other}`, `${other}%00`, `${other}%0d%0aapikey:%20x`, `${other}%3fselect=*`],
    ...[`${other}%23`, `eq.${other}`, `${other},or=(id.neq.0)`, `(${other})`, "*"],
    "http:%2f%2f127.0.0.1:1%2f",
  ];
  for (const id of ids) {
    const requests = Object.entries(userRequests({ voiceId: id, taskId: id, generationId: id }));
    for (const [route, { method, path }] of requests) {
      if (route.includes(":id")) assertError(await api.call(method, path, { token }), 404, "not_found");
    }
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("a search is text: what is PostgREST's own grammar finds nobody else's voices, and changes no other part of the question", async () => {
  await using api = await startApi({ keys });
  using fetches = recordFetches((url) => url.origin === new URL(api.url).origin);
  const { id: userId, token } = await newUser();
  await saveVoices((await signUp()).id, { name: "foreign, or=(id.gt.0)" });
  const own = await saveVoices(userId, { name: "own" });
  const attempts = [
    ...["foreign", "own,or=(user_id.neq.0)", "own)&or=(user_id.neq.0", "own&user_id=neq.0", "x)|(?:.*", ".*"],
    ...["|", "%", "_", "*", "\\", "\\Q", "not.is.null", "imatch.*", "eq.foreign", 'own","user_id":"x'],
    ...["own'; drop table voices; --", "(?!)", "***=foreign", "***:foreign"],
    "(((((((((((a+)+)+)+)+)+)+)+)+)+)+)+$",
  ];
  for (const search of attempts) {
    const query = new URLSearchParams({ search, user_id: `neq.${userId}`, select: "*", or: "(id.neq.0)" });
    const answer = await api.call("GET", `/voices?${query}`, { token });
    assert.equal(answer.status, 200, search);
    const { voices } = listVoices.answer.schema().parse(answer.body);
    assert.deepEqual(voices.filter(({ id }) => !own.includes(id)), [], search);
  }
  const asked = fetches.left.filter(({ url }) => url.pathname === "/rest/v1/voices");
  assert.equal(asked.length, attempts.length);
  for (const { url } of asked) {
    const names = ["deleted_at", "limit", "name", "offset", "order", "select", "user_id"];
    assert.deepEqual([...url.searchParams.keys()].sort(), names);
    assert.equal(url.searchParams.get("user_id"), `eq.${userId}`);
    assert.equal(url.searchParams.get("deleted_at"), "is.null");
  }
});
