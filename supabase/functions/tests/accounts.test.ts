// One condition, one answer, on every route: an account that was deleted, a user who is anonymous, an auth server that is
// away.
import assert from "node:assert/strict";
import {
  type Answer,
  type Api,
  assertError,
  databaseAway,
  startApi,
} from "../../../tools/testkit/harness/api.ts";
import { deleteAccount, keys, newUser, signInAnonymously } from "../../../tools/testkit/harness/project.ts";
import { readyToSpeak } from "../../../tools/testkit/harness/speaking.ts";
import { unusedIds, userRequests } from "../../../tools/testkit/harness/user_things.ts";

const ELSEWHERE = { method: "GET", path: "/voices/a/b/c", body: undefined };
const GONE = "This account no longer exists. Sign in with another one.";
const ANONYMOUS = "Anonymous users cannot do this. Sign in with an account.";
const AUTH_AWAY = "Sign-in cannot be checked right now. Try again shortly.";

const assertGone = (answer: Answer) =>
  assertError(answer, 401, "unauthorized", GONE, { "www-authenticate": "Bearer" });

/** Asks these requests, every route's by default, and looks at each answer. */
async function askAll(
  api: Api,
  token: string,
  look: (answer: Answer) => void,
  requests = Object.values(userRequests(unusedIds())),
): Promise<void> {
  for (const { method, path, body } of requests) look(await api.call(method, path, { token, body }));
}

const EVERYWHERE = [...Object.values(userRequests(unusedIds())), ELSEWHERE];

Deno.test("an account that was deleted is 401 on every route, for what was its own and for what never was", async () => {
  await using speaking = await readyToSpeak();
  const { api, token, userId, voiceId, simulator } = speaking;
  const { task_id: taskId, generation_id: generationId } = await speaking.spoken();
  const calls = simulator.calls().length;
  await deleteAccount(userId);
  await askAll(api, token, assertGone, Object.values(userRequests({ voiceId, taskId, generationId })));
  await askAll(api, token, assertGone);
  await api.settled();
  assert.equal(simulator.calls().length, calls, "the provider was asked");
  assert.deepEqual(api.events("request.failed"), []);
});

Deno.test("so is one whose token the auth server verifies, and it is asked no more than that", async () => {
  await using api = await startApi();
  const { id, accessToken } = await newUser();
  await deleteAccount(id);
  await askAll(api, accessToken, (answer) => {
    assertError(answer, 401, "unauthorized");
    assert.deepEqual(api.asked(), ["GET /auth/v1/user"]);
    api.supabaseRequests.length = 0;
  });
});

Deno.test("in modal mode too", async () => {
  const { id, token } = await newUser();
  await using api = await startApi({ keys, environment: { TTS_PROVIDER_MODE: "modal" } });
  await deleteAccount(id);
  await askAll(api, token, assertGone);
});

Deno.test("a search and a page that find nothing are answered so too, and an account that stands has its empty list", async () => {
  await using api = await startApi({ keys });
  const { id, token } = await newUser();
  const paths = ["/voices", "/voices?search=nothing", "/voices?page=3", "/voices?source=designed"];
  for (const path of paths) assert.equal((await api.call("GET", path, { token })).status, 200);
  await deleteAccount(id);
  for (const path of paths) assertGone(await api.call("GET", path, { token }));
});

Deno.test("what is not found costs one question more, and what is found none", async () => {
  await using speaking = await readyToSpeak();
  const { api, token, voiceId } = speaking;
  const { task_id: taskId, generation_id: generationId } = await speaking.spoken();
  const counts = async (things: Parameters<typeof userRequests>[0], routes: string[]) => {
    const counted: number[] = [];
    for (const route of routes) {
      const request = userRequests(things)[route];
      assert(request);
      api.supabaseRequests.length = 0;
      await api.call(request.method, request.path, { token, body: request.body });
      counted.push(api.supabaseRequests.filter(({ path }) => path.startsWith("/rest/")).length);
    }
    return counted;
  };
  const readings = ["GET /voices/:id/preview", "GET /tasks/:id", "GET /generations/:id/audio"];
  assert.deepEqual(await counts({ voiceId, taskId, generationId }, readings), [1, 1, 1]);
  assert.deepEqual(await counts(unusedIds(), readings), [2, 2, 2]);
  // Here the database function that is asked anyway says it.
  assert.deepEqual(await counts(unusedIds(), ["POST /generate", "POST /tasks/:id/cancel"]), [1, 1]);
  await api.settled();
});

Deno.test("whether the account stands is not known: 503, not 404", async () => {
  const { token } = await newUser();
  await using api = await startApi({
    keys,
    intercept: (path) => path.endsWith("/rpc/account_stands") ? databaseAway() : undefined,
  });
  const { voiceId, taskId } = unusedIds();
  for (const path of ["/voices", `/voices/${voiceId}/preview`, `/tasks/${taskId}`]) {
    assertError(await api.call("GET", path, { token }), 503, "database_unavailable");
  }
});

Deno.test("an anonymous user is forbidden on every route, and so is any other address", async () => {
  await using api = await startApi({ keys });
  const { id, accessToken } = await signInAnonymously();
  for (const token of [await keys.sign(id, { is_anonymous: true }), accessToken]) {
    await askAll(api, token, (answer) => assertError(answer, 403, "forbidden", ANONYMOUS), EVERYWHERE);
  }
});

Deno.test("an auth server that is away is 503 auth_unavailable on every route, and at any other address", async () => {
  await using api = await startApi({
    intercept: (path) =>
      path.startsWith("/auth/") ? Response.json({ msg: "internal detail" }, { status: 503 }) : undefined,
  });
  const { accessToken } = await newUser();
  const look = (answer: Answer) =>
    assertError(answer, 503, "auth_unavailable", AUTH_AWAY, { "retry-after": "5" });
  await askAll(api, accessToken, look, EVERYWHERE);
});
