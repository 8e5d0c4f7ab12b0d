import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeJwt, SignJWT } from "jose";
import { assertHeaders } from "../../../tools/testkit/harness/answer_rules.ts";
import { appRoutes, PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";
import { createHttpConnection, type WireAnswer } from "../../../tools/testkit/harness/connections.ts";
import { encodeRequest, type FuzzRequest, fuzzRequest } from "../../../tools/testkit/harness/fuzz.ts";
import { createSigningKeys, keys, stack } from "../../../tools/testkit/harness/project.ts";
import { speechClip } from "../../../tools/testkit/harness/reference.ts";
import { createStubProject, startStubbedApi } from "../../../tools/testkit/harness/stub_project.ts";

const users = [crypto.randomUUID(), crypto.randomUUID()];
const hs256 = async (sub: string) =>
  await new SignJWT(decodeJwt(await keys.sign(sub))).setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode("a secret of the auth server alone"));
const asHs256 = await hs256(crypto.randomUUID());
const good = [...await Promise.all(users.map((user) => keys.sign(user))), asHs256];
const now = Math.floor(Date.now() / 1000);
const forger = await createSigningKeys();
const bad = await Promise.all([
  keys.sign(crypto.randomUUID(), { exp: now - 10 }),
  keys.sign(crypto.randomUUID(), { iss: "http://127.0.0.1:1/auth/v1" }),
  keys.sign(crypto.randomUUID(), { aud: "anon" }),
  keys.sign(crypto.randomUUID(), { is_anonymous: true }),
  keys.sign("../../storage", {}),
  keys.sign(crypto.randomUUID(), { exp: "soon", sub: { a: 1 } }),
  keys.sign(crypto.randomUUID(), {}, { kid: "http://127.0.0.1:1/" }),
  forger.sign(crypto.randomUUID()),
  forger.sign(crypto.randomUUID(), {}, { kid: keys.kid }),
  hs256(crypto.randomUUID()),
]);
/** What requests are printed with, and what is sent in its place. */
const fuzzKeys = {
  good: good.map((_, index) => `<good token ${index}>`),
  bad: bad.map((_, index) => `<bad token ${index}>`),
  secretKey: "<secret key>",
};
const REAL = new Map([
  ...fuzzKeys.good.map((name, index) => [name, good[index] ?? ""] as const),
  ...fuzzKeys.bad.map((name, index) => [name, bad[index] ?? ""] as const),
  [fuzzKeys.secretKey, stack.secret_key],
]);
const fill = (value: string) => value.replace(/<[a-z ]+\d*>/g, (name) => REAL.get(name) ?? name);

/** What no answer and no line of the log may hold: every signature, and every key. */
const SECRETS = [
  ...[...good, ...bad].map((token) => token.slice(token.lastIndexOf(".") + 1)),
  stack.secret_key,
  PROVIDER_KEY,
];

const ROUTES = [{ method: "GET", path: "/api/health" }, ...(await appRoutes()).all];

const headerOf = ({ headers }: FuzzRequest, wanted: string) =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

type Check = (answer: WireAnswer, logged: string[]) => void;

/**
 * Sends so many requests and counts how they were answered: by status, and by route and status. What fails names a seed
 * and a path, with which FUZZ_SEED, FUZZ_PATH and --filter repeat it.
 */
async function fuzz(
  options: { fails: boolean; numRuns: number; check: Check },
): Promise<Map<string, number>> {
  const project = createStubProject({ accepted: new Set([asHs256]), clip: await speechClip() });
  await using api = await startStubbedApi(project.fetch);
  using connection = createHttpConnection(api.url);
  const seen = new Map<string, number>();

  const property = fc.asyncProperty(fuzzRequest(ROUTES, fuzzKeys), async (request) => {
    project.setWeather({ day: request.day, fails: options.fails });
    api.logged.length = 0;
    const bytes = encodeRequest(request, fill);
    const answer = await connection.send({ bytes, bodyless: request.method === "HEAD" });
    const [requestId, origin] = ["x-request-id", "origin"].map((name) => headerOf(request, name));
    assertHeaders(answer, { requestId, origin });
    options.check(answer, api.logged);
    const said = [answer.body, ...answer.headers.values(), ...api.logged].join("\n");
    for (const secret of SECRETS) assert(!said.includes(secret), "a secret was told");
    assert.deepEqual(project.foreign, [], "somebody was asked who must not be");
    for (const what of [String(answer.status), `${request.route} ${answer.status}`]) {
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  });
  const seed = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 2 ** 31);
  await fc.assert(property, { seed, path: Deno.env.get("FUZZ_PATH"), numRuns: options.numRuns });
  await api.settled();
  return seen;
}

/** That what was to be reached was: so many answers at least of each kind, in a whole run. */
function assertSeen(seen: Map<string, number>, least: Record<string, number>): void {
  if (Deno.env.get("FUZZ_PATH") !== undefined) return;
  const few = Object.entries(least).filter(([what, count]) => (seen.get(what) ?? 0) < count);
  assert.deepEqual(few, [], JSON.stringify(Object.fromEntries(seen)));
}

Deno.test("20,000 requests to a healthy project: never 500 or above, always our answer, no secret told, nobody else asked", async () => {
  const seen = await fuzz({
    fails: false,
    numRuns: 20_000,
    check: ({ status, body }, logged) => assert(status < 500, [body, ...logged].join("\n")),
  });
  assertSeen(seen, {
    ...{ 200: 2300, 204: 50, 302: 200, 400: 1000, 401: 800, 403: 20, 404: 1000, 405: 300 },
    ...{ 409: 100, 413: 20, 422: 5, 429: 100 },
  });
  for (const { method, path } of ROUTES) {
    const good = [200, 302].some((status) => (seen.get(`${method} ${path} ${status}`) ?? 0) >= 30);
    assert(good || Deno.env.get("FUZZ_PATH") !== undefined, `${method} ${path} was hardly ever reached`);
  }
});

Deno.test("2,000 requests to a project whose parts fail: always our answer, and none that tells of them", async () => {
  const seen = await fuzz({
    fails: true,
    numRuns: 2_000,
    check: ({ body }) =>
      assert.doesNotMatch(body, /<html|internal detail|no connection to|planted|slow down/),
  });
  assertSeen(seen, { 200: 150, 302: 3, 500: 20, 503: 80 });
});
