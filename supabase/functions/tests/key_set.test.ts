// Tokens of keys that nobody knows: what they cost, and that a key that was rotated in is found.
import assert from "node:assert/strict";
import { assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import { createSigningKeys, keys, newUser, signUp } from "../../../tools/testkit/harness/project.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const COOL_DOWN_MS = 60_000;
const KEY_SET = "/auth/v1/.well-known/jwks.json";
const { id, token } = await newUser();

/** An API at a project whose key set a test decides; `answer` gives it. */
async function startWith(answer: () => Response | Promise<Response>) {
  const clock = createVirtualClock();
  const api = await startApi({ keys, clock, intercept: (path) => path === KEY_SET ? answer() : undefined });
  const ask = (signed: string) => api.call("GET", "/voices", { token: signed });
  return {
    api,
    clock,
    ask,
    fetched: () => api.supabaseRequests.filter(({ path }) => path === KEY_SET).length,
    unknown: async () => await ask(await (await createSigningKeys()).sign(id)),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

const setOf = (...known: (typeof keys)[]) => () => Response.json({ keys: known.map(({ jwk }) => jwk) });

Deno.test("tokens of unknown keys cost one fetch of the key set in a cool-down, and each is refused", async () => {
  const other = await createSigningKeys();
  await using project = await startWith(setOf(keys, other));
  const assertRefused = async (times: number, fetched: number) => {
    for (let asked = 0; asked < times; asked++) assertError(await project.unknown(), 401, "unauthorized");
    assert.equal(project.fetched(), fetched);
  };
  await assertRefused(5, 1);
  project.clock.advance(COOL_DOWN_MS - 1);
  await assertRefused(1, 1);
  project.clock.advance(1);
  await assertRefused(5, 2);
});

Deno.test("tokens of known keys are good meanwhile, whether configured or fetched, and cost nothing", async () => {
  const fetched = await createSigningKeys();
  await using project = await startWith(setOf(keys, fetched));
  await project.unknown();
  project.api.supabaseRequests.length = 0;
  for (const signed of [token, await fetched.sign(id)]) assert.equal((await project.ask(signed)).status, 200);
  assert.deepEqual(project.api.supabaseRequests.filter(({ path }) => path.startsWith("/auth/")), []);
});

Deno.test("a key that is rotated in is found after the cool-down; until then the auth server is asked about its tokens", async () => {
  const next = await createSigningKeys();
  let answer = setOf(keys);
  await using project = await startWith(() => answer());
  await project.unknown();
  answer = setOf(keys, next);
  project.api.supabaseRequests.length = 0;
  const signed = await next.sign(id);
  assertError(await project.ask(signed), 401, "unauthorized");
  assert.deepEqual(project.api.asked(), ["GET /auth/v1/user"]);
  project.clock.advance(COOL_DOWN_MS);
  for (let asked = 0; asked < 2; asked++) assert.equal((await project.ask(signed)).status, 200);
  assert.equal(project.fetched(), 1);
});

Deno.test("requests at once share one fetch", async () => {
  const waiting = Promise.withResolvers<void>();
  await using project = await startWith(async () => {
    await waiting.promise;
    return setOf(keys)();
  });
  const asked = Array.from({ length: 8 }, () => project.unknown());
  // A token that the auth server verifies comes after the others, and is not held up by them.
  const { accessToken } = await signUp();
  assert.equal((await project.ask(accessToken)).status, 200);
  waiting.resolve();
  for (const answer of await Promise.all(asked)) assertError(answer, 401, "unauthorized");
  assert.equal(project.fetched(), 1);
});

Deno.test("a fetch that failed is not remembered: the next request fetches again", async () => {
  const fetched = await createSigningKeys();
  const failures = [
    () => Promise.reject<Response>(new TypeError("connection lost")),
    () => new Response(null, { status: 503 }),
    () => Response.json({ msg: "slow down" }, { status: 429 }),
    () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) })),
  ];
  const answers = [...failures, setOf(keys, fetched)];
  await using project = await startWith(() => answers.shift()?.() ?? Response.json({ keys: [] }));
  const signed = await fetched.sign(id);
  for (const _failure of failures) assertError(await project.ask(signed), 503, "auth_unavailable");
  assert.equal((await project.ask(signed)).status, 200);
  assert.equal(project.fetched(), failures.length + 1);
});
