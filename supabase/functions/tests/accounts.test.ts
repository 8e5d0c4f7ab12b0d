// One condition, one answer, on every route: an account that was deleted, a user who is anonymous, an auth server that is
// away.
import assert from "node:assert/strict";
import { createApp } from "../api/app.ts";
import { createServices } from "../api/services.ts";
import { loadConfig } from "../_shared/config.ts";
import { type Answer, environmentOf, type Intercept, startApi } from "../../../tools/testkit/harness/api.ts";
import { withDatabase } from "../../../tools/testkit/harness/database.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { readyToSpeak } from "../../../tools/testkit/harness/speaking.ts";
import { createSigningKeys, signInAnonymously, signUp } from "../../../tools/testkit/harness/users.ts";
import { type UserRequest, userRequests } from "../../../tools/testkit/harness/user_routes.ts";

const OPEN = ["GET /languages"];
const ELSEWHERE: UserRequest = { method: "GET", path: "/voices/a/b/c" };
const GONE = "This account no longer exists. Sign in with another one.";

const someThings = () => ({
  voiceId: crypto.randomUUID(),
  taskId: crypto.randomUUID(),
  generationId: crypto.randomUUID(),
});

/** Deletes an account as Auth's admin API does. */
const deleteAccount = (userId: string) =>
  withDatabase((sql) => sql`delete from auth.users where id = ${userId}`);

/** A database that does not say whether an account stands. */
const accountUnknown: Intercept = (path) =>
  path.endsWith("/rpc/account_stands")
    ? Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 })
    : undefined;

function assertGone(answer: Answer): void {
  assertError(answer, 401, "unauthorized", GONE);
  assert.equal(answer.headers.get("www-authenticate"), "Bearer");
}

Deno.test("the requests here are to every route of the app that wants a user", async () => {
  const app = createApp({ ...await createServices(await loadConfig(environmentOf())), keepAlive() {} });
  const routes = app.routes.filter(({ method, path }) =>
    method !== "ALL" && !path.startsWith("/api/internal")
  ).map(({ method, path }) => `${method} ${path.replace("/api", "")}`);
  assert.deepEqual([...new Set(routes)].sort(), [...OPEN, ...Object.keys(userRequests(someThings()))].sort());
});

Deno.test("an account that was deleted is 401 on every route, for what was its own and for what never was", async () => {
  await using speaking = await readyToSpeak();
  const { api, token, userId, voiceId, simulator } = speaking;
  const { task_id: taskId, generation_id: generationId } = await speaking.spoken();
  const own = { voiceId, taskId, generationId };
  const calls = simulator.calls().length;
  await deleteAccount(userId);
  for (const things of [own, someThings()]) {
    for (const [route, { method, path, body }] of Object.entries(userRequests(things))) {
      const answer = await api.call(method, path, { token, body });
      assert.equal(answer.status, 401, `${route}: ${JSON.stringify(answer.body)}`);
      assertGone(answer);
    }
  }
  await api.settled();
  assert.equal(simulator.calls().length, calls, "the provider was asked");
  assert.deepEqual(api.events("request.failed"), []);
});

Deno.test("so is one whose token the auth server verifies, and it is asked no more than that", async () => {
  await using api = await startApi();
  const { id, accessToken: token } = await signUp();
  await deleteAccount(id);
  for (const { method, path, body } of Object.values(userRequests(someThings()))) {
    api.supabaseRequests.length = 0;
    assertError(await api.call(method, path, { token, body }), 401, "unauthorized");
    assert.deepEqual(api.supabaseRequests, [{ method: "GET", path: "/auth/v1/user" }]);
  }
});

Deno.test("in modal mode too", async () => {
  const keys = await createSigningKeys();
  const { id } = await signUp();
  await using api = await startApi({ keys, environment: { TTS_PROVIDER_MODE: "modal" } });
  await deleteAccount(id);
  const token = await keys.sign(id);
  for (const { method, path, body } of Object.values(userRequests(someThings()))) {
    assertGone(await api.call(method, path, { token, body }));
  }
});

Deno.test("a search and a page that find nothing are told so too, and an account that stands has its empty list", async () => {
  const keys = await createSigningKeys();
  await using api = await startApi({ keys });
  const { id } = await signUp();
  const token = await keys.sign(id);
  const paths = ["/voices", "/voices?search=nothing", "/voices?page=3", "/voices?source=designed"];
  for (const path of paths) assert.equal((await api.call("GET", path, { token })).status, 200);
  await deleteAccount(id);
  for (const path of paths) assertGone(await api.call("GET", path, { token }));
});

Deno.test("what is not found costs one question more, and what is found none", async () => {
  await using speaking = await readyToSpeak();
  const { api, token } = speaking;
  const { task_id: taskId, generation_id: generationId } = await speaking.spoken();
  const counts = async (things: Parameters<typeof userRequests>[0], routes: string[]) => {
    const counted: Record<string, number> = {};
    for (const route of routes) {
      const request = userRequests(things)[route];
      assert(request);
      api.supabaseRequests.length = 0;
      await api.call(request.method, request.path, { token, body: request.body });
      counted[route] = api.supabaseRequests.filter(({ path }) => path.startsWith("/rest/")).length;
    }
    return counted;
  };
  const readings = ["GET /voices/:id/preview", "GET /tasks/:id", "GET /generations/:id/audio"];
  const own = { voiceId: speaking.voiceId, taskId, generationId };
  assert.deepEqual(Object.values(await counts(own, readings)), [1, 1, 1]);
  assert.deepEqual(Object.values(await counts(someThings(), readings)), [2, 2, 2]);
  // Here the database function that is asked anyway tells it.
  const asking = ["POST /generate", "POST /tasks/:id/cancel"];
  assert.deepEqual(Object.values(await counts(someThings(), asking)), [1, 1]);
  await api.settled();
});

Deno.test("whether the account stands cannot be told: 503, not 404", async () => {
  const keys = await createSigningKeys();
  const { id } = await signUp();
  await using api = await startApi({ keys, intercept: accountUnknown });
  const token = await keys.sign(id);
  const requests = userRequests(someThings());
  for (const route of ["GET /voices", "GET /voices/:id/preview", "GET /tasks/:id"]) {
    const { method = "", path = "" } = requests[route] ?? {};
    assertError(await api.call(method, path, { token }), 503, "database_unavailable");
  }
});

Deno.test("an anonymous user is forbidden on every route, and so is any other address", async () => {
  const keys = await createSigningKeys();
  await using api = await startApi({ keys });
  const { id, accessToken } = await signInAnonymously();
  for (const token of [await keys.sign(id, { is_anonymous: true }), accessToken]) {
    for (const { method, path, body } of [...Object.values(userRequests(someThings())), ELSEWHERE]) {
      const answer = await api.call(method, path, { token, body });
      assertError(answer, 403, "forbidden", "Anonymous users cannot do this. Sign in with an account.");
    }
  }
});

Deno.test("an auth server that is away is 503 auth_unavailable on every route, and at any other address", async () => {
  const intercept: Intercept = (path) =>
    path.startsWith("/auth/") ? Response.json({ msg: "internal detail" }, { status: 503 }) : undefined;
  await using api = await startApi({ intercept });
  const { accessToken: token } = await signUp();
  for (const { method, path, body } of [...Object.values(userRequests(someThings())), ELSEWHERE]) {
    const answer = await api.call(method, path, { token, body });
    assertError(
      answer,
      503,
      "auth_unavailable",
      "Sign-in cannot be checked right now. Try again shortly.",
    );
    assert.equal(answer.headers.get("retry-after"), "5");
  }
});
