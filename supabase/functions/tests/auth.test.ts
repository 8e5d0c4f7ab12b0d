import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { decodeJwt, SignJWT } from "jose";
import { type Api, assertError, serveLocally, startApi } from "../../../tools/testkit/harness/api.ts";
import {
  createSigningKeys,
  keys,
  newUser,
  signInAnonymously,
  stack,
} from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const user = await newUser();
const { token } = user;

const SIGN_IN_FIRST = "Sign in first: send your access token as a bearer token.";
const NOT_VALID = "Your sign-in is not valid or has expired. Sign in again.";
const ANONYMOUS = "Anonymous users cannot do this. Sign in with an account.";
const NO_CHECK = "Sign-in cannot be checked right now. Try again shortly.";

const AUTH_USER = "GET /auth/v1/user";
const AUTH_KEYS = "GET /auth/v1/.well-known/jwks.json";

/** The answer to a token that does not pass: nothing quotes it, and this was asked of Supabase. */
async function refusalOf(api: Api, refused: string, asked: string[]) {
  api.supabaseRequests.length = 0;
  const answer = await api.call("GET", "/voices", { token: refused });
  assert.deepEqual(api.asked(), asked);
  const said = JSON.stringify([answer.body, [...answer.headers], api.logged]);
  for (const part of refused.split(".").filter((piece) => piece.length > 8)) assert(!said.includes(part));
  return answer;
}

async function assertRefused(api: Api, refused: string, detail: string, asked: string[] = []): Promise<void> {
  const answer = await refusalOf(api, refused, asked);
  assertError(answer, 401, "unauthorized", detail, { "www-authenticate": "Bearer" });
}

/** A token whose parts are these, with any text as its signature. */
function assemble(header: object, claims: object, signature = ""): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  return `${encode(header)}.${encode(claims)}.${signature}`;
}

Deno.test("every route except health and languages wants a sign-in", async () => {
  await using api = await startApi({ keys });
  const id = crypto.randomUUID();
  const routes = ["POST /clone/upload-url", "POST /clone/finalize", "GET /voices"];
  const withIds = [`GET /voices/${id}/preview`, `DELETE /voices/${id}`];
  // Whoever is not signed in does not learn which addresses there are.
  const unknown = ["GET /clone/finalize", "POST /clone", "PUT /voices", "GET /voices/a/b/c"];
  for (const route of [...routes, ...withIds, ...unknown]) {
    const [method = "", path = ""] = route.split(" ");
    const answer = await api.call(method, path, { body: method === "GET" ? undefined : DETAILS });
    assertError(answer, 401, "unauthorized", SIGN_IN_FIRST, { "www-authenticate": "Bearer" });
  }
  for (const path of ["/health", "/languages"]) assert.equal((await api.call("GET", path)).status, 200);
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("a header that is no bearer token is refused without asking the auth server", async () => {
  await using api = await startApi({ keys });
  const headers = [
    ...["", "Bearer", "Bearer ", "Bearer garbage", "Bearer a.b", "Bearer a.b.c.d", "Bearer a b.c"],
    ...[token, `Basic ${token}`, `Bearer ${token} ${token}`, `Bearer ${token}, Bearer ${token}`],
    ...[`Bearer ${stack.secret_key}`, `Bearer ${stack.publishable_key}`],
  ];
  for (const header of headers) {
    const answer = await api.call("GET", "/voices", { headers: { Authorization: header } });
    assertError(answer, 401, "unauthorized", SIGN_IN_FIRST);
  }
  const elsewhere = await api.call("GET", `/voices?access_token=${token}&apikey=${stack.secret_key}`, {
    headers: { apikey: stack.secret_key },
  });
  assertError(elsewhere, 401, "unauthorized", SIGN_IN_FIRST);
  for (const garbage of ["a.b.c", "...", "eyJh.eyJh.eyJh", `${token.split(".")[0]}.e30.AAAA`]) {
    const answer = await api.call("GET", "/voices", { token: garbage });
    assert.deepEqual([answer.status, garbage], [401, garbage]);
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("a token of the project's known keys is verified without a request, whatever the scheme's case", async () => {
  await using api = await startApi({ keys });
  for (const scheme of ["Bearer", "bearer", "BEARER"]) {
    const headers = { Authorization: `${scheme} ${token}` };
    const answer = await api.call("POST", "/clone/upload-url", { headers, body: "{}" });
    assertError(answer, 400, "invalid_request", "Name must be 1-100 characters.");
  }
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("a token of the auth server (HS256) is good, and costs one request", async () => {
  for (const known of [keys, undefined]) {
    await using api = await startApi(known ? { keys: known } : {});
    const answer = await api.call("POST", "/clone/upload-url", { token: user.accessToken, body: "{}" });
    assertError(answer, 400, "invalid_request");
    assert.deepEqual(api.asked(), [AUTH_USER]);
  }
});

Deno.test("expired, unlimited, foreign and damaged tokens of a known key are refused", async () => {
  await using api = await startApi({ keys });
  const now = Math.floor(Date.now() / 1000);
  const project = `${stack.supabase_url}/auth/v1`;
  const wrong: Record<string, unknown[]> = {
    exp: [now - 1, undefined],
    iss: [
      ...["https://otherproject.supabase.co/auth/v1", `${project}/`, `${project}.evil.com`],
      ...[stack.supabase_url, undefined, [project]],
    ],
    sub: [undefined, "", "not-a-uuid", 7],
    aud: [undefined],
    is_anonymous: ["false"],
  };
  for (const [claim, values] of Object.entries(wrong)) {
    for (const value of values) {
      await assertRefused(api, await keys.sign(user.id, { [claim]: value }), NOT_VALID);
    }
  }

  const [header = "", , signature = ""] = token.split(".");
  const payload = Buffer.from(JSON.stringify({ ...decodeJwt(token), sub: crypto.randomUUID() }));
  await assertRefused(api, `${header}.${payload.toString("base64url")}.${signature}`, NOT_VALID);
});

Deno.test("a token for another audience is refused", async () => {
  await using api = await startApi({ keys });
  const detail = "This token is not a signed-in user's.";
  for (const aud of ["anon", "service_role", "", [], ["anon"], "authenticated-not"]) {
    await assertRefused(api, await keys.sign(user.id, { aud }), detail);
  }
  const several = await keys.sign(user.id, { aud: ["other", "authenticated"] });
  assert.equal((await api.call("GET", "/voices", { token: several })).status, 200);
});

Deno.test("anonymous users are forbidden: by the claim, and as the auth server signs them in", async () => {
  await using api = await startApi({ keys });
  // Another token of the same kind would not help, so none is asked for.
  const claimed = await keys.sign(user.id, { is_anonymous: true });
  const { accessToken } = await signInAnonymously();
  for (const answer of [await refusalOf(api, claimed, []), await refusalOf(api, accessToken, [AUTH_USER])]) {
    assertError(answer, 403, "forbidden", ANONYMOUS, { "www-authenticate": null });
  }
  // Tokens of before anonymous users existed carry no such claim.
  const older = await keys.sign(user.id, { is_anonymous: undefined });
  assert.equal((await api.call("GET", "/voices", { token: older })).status, 200);
});

Deno.test("a signature of another key is refused, under the known key's id and under its own", async () => {
  await using api = await startApi({ keys });
  const forger = await createSigningKeys();
  await assertRefused(api, await forger.sign(user.id, {}, { kid: keys.kid }), NOT_VALID);
  await assertRefused(api, await forger.sign(user.id), NOT_VALID, [AUTH_KEYS, AUTH_USER]);
});

Deno.test("unsigned tokens are refused, with the id of a known key and without", async () => {
  await using api = await startApi({ keys });
  const claims = decodeJwt(token);
  for (const alg of ["none", "None", "NONE"]) {
    await assertRefused(api, assemble({ alg, kid: keys.kid, typ: "JWT" }, claims, "AAAA"), NOT_VALID);
    await assertRefused(api, assemble({ alg, typ: "JWT" }, claims, "AAAA"), NOT_VALID, [AUTH_USER]);
    const answer = await api.call("GET", "/voices", { token: assemble({ alg, typ: "JWT" }, claims) });
    assertError(answer, 401, "unauthorized", SIGN_IN_FIRST);
  }
  await assertRefused(api, assemble({ kid: keys.kid }, claims, "AAAA"), NOT_VALID, [AUTH_USER]);
  await assertRefused(api, assemble({ alg: "RS256", kid: keys.kid }, claims, "AAAA"), NOT_VALID);
});

Deno.test("HS256 with a guessed secret, or with the public key as the secret, is refused", async () => {
  await using api = await startApi({ keys });
  const guessed = ["secret", "super-secret-jwt-token-with-at-least-32-characters-long"];
  for (const secret of [...guessed, JSON.stringify(keys.jwk), keys.jwks, stack.publishable_key]) {
    for (const header of [{ alg: "HS256" }, { alg: "HS256", kid: keys.kid }]) {
      const forged = await new SignJWT(decodeJwt(token)).setProtectedHeader(header)
        .sign(new TextEncoder().encode(secret));
      await assertRefused(api, forged, NOT_VALID, [AUTH_USER]);
    }
  }
});

Deno.test("with a public address of its own, the project's tokens may name either address", async () => {
  const publicUrl = "https://project.example.com";
  await using api = await startApi({ keys, environment: { PUBLIC_SUPABASE_URL: publicUrl } });
  for (const [origin, status] of [[publicUrl, 200], [stack.supabase_url, 200], ["https://evil.com", 401]]) {
    const named = await keys.sign(user.id, { iss: `${origin}/auth/v1` });
    assert.equal((await api.call("GET", "/voices", { token: named })).status, status);
  }
});

/** A project whose auth server answers everything like this; a null one does not listen at all. */
async function withAuthServer(status: number | null, use: (api: Api) => Promise<void>): Promise<void> {
  await using server = serveLocally(() =>
    Response.json({ code: status, msg: "internal detail" }, { status: status ?? 200 })
  );
  if (status === null) await server.stop();
  await using api = await startApi({ keys, environment: { SUPABASE_URL: server.url } });
  await use(api);
}

for (const status of [null, 429, 500, 503, 522]) {
  const what = status === null ? "that is away" : `that answers ${status}`;
  Deno.test(`an auth server ${what} is no fault of the token: 503`, async () => {
    await withAuthServer(status, async (api) => {
      const unknown = await (await createSigningKeys()).sign(user.id);
      for (const asking of [user.accessToken, unknown]) {
        const answer = await api.call("GET", "/voices", { token: asking });
        assertError(answer, 503, "auth_unavailable", NO_CHECK, { "retry-after": "5" });
        assert(!api.logged.join("\n").includes(asking));
      }
      assert.equal(api.events("request.failed").length, 2);
    });
  });
}

Deno.test("an auth server that refuses the token is believed", async () => {
  for (const status of [401, 403, 404]) {
    await withAuthServer(status, async (api) => {
      const answer = await api.call("GET", "/voices", { token: user.accessToken });
      assertError(answer, 401, "unauthorized", NOT_VALID);
    });
  }
});
