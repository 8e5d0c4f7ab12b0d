// Requests of every kind to every route, over HTTP, and what holds for every answer.
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeJwt, SignJWT } from "jose";
import { createApp } from "../api/app.ts";
import { createServices } from "../api/services.ts";
import { loadConfig } from "../_shared/config.ts";
import { assertAnswer } from "../../../tools/testkit/harness/answer_rules.ts";
import { environmentOf, PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";
import { speechClip } from "../../../tools/testkit/harness/clone.ts";
import {
  encodeRequest,
  type FuzzRequest,
  fuzzRequest,
} from "../../../tools/testkit/harness/fuzz_requests.ts";
import { createHttpConnection, type WireAnswer } from "../../../tools/testkit/harness/http_connection.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";
import { createStubProject } from "../../../tools/testkit/harness/stub_project.ts";
import { startStubbedApi } from "../../../tools/testkit/harness/stubbed_api.ts";
import { createSigningKeys } from "../../../tools/testkit/harness/users.ts";

const keys = await createSigningKeys();
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
const REAL = new Map([
  ...good.map((token, index): [string, string] => [`<good token ${index}>`, token]),
  ...bad.map((token, index): [string, string] => [`<bad token ${index}>`, token]),
  ["<secret key>", stack.secret_key],
]);
const fuzzKeys = {
  good: [...REAL.keys()].filter((name) => name.startsWith("<good")),
  bad: [...REAL.keys()].filter((name) => name.startsWith("<bad")),
  secretKey: "<secret key>",
};
const fill = (value: string) => value.replace(/<[a-z ]+\d*>/g, (name) => REAL.get(name) ?? name);

/** What no answer and no line of the log may hold: every signature, and every key. */
const SECRETS = [
  ...[...good, ...bad].map((token) => token.slice(token.lastIndexOf(".") + 1)),
  stack.secret_key,
  PROVIDER_KEY,
];

const app = createApp({ ...await createServices(await loadConfig(environmentOf())), keepAlive() {} });
const ROUTES = [
  { method: "GET", path: "/api/health" },
  ...app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => ({ method, path })),
];

/** The value of a header that comes once. */
const headerOf = ({ headers }: FuzzRequest, wanted: string): string | null =>
  headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;

type Check = (answer: WireAnswer, logged: string[]) => void;

/**
 * Sends so many requests and counts how they were answered: by status, and by route and status. What fails names a seed
 * and a path, with which FUZZ_SEED, FUZZ_PATH and --filter repeat it.
 */
async function fuzz(
  options: { fails: boolean; numRuns: number; check: Check },
): Promise<Map<string, number>> {
  const project = createStubProject({ accepted: new Set([asHs256]), clip: await speechClip() });
  await using api = await startStubbedApi({ jwks: keys.jwks, send: project.fetch });
  using connection = createHttpConnection(api.url);
  const seen = new Map<string, number>();

  const property = fc.asyncProperty(fuzzRequest(ROUTES, fuzzKeys), async (request) => {
    project.setWeather({ day: request.day, fails: options.fails });
    api.logged.length = 0;
    const bytes = encodeRequest(request, fill);
    const answer = await connection.send({ bytes, bodyless: request.method === "HEAD" });
    assertAnswer(answer, {
      method: request.method,
      requestId: headerOf(request, "x-request-id"),
      origin: headerOf(request, "origin"),
    });
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
