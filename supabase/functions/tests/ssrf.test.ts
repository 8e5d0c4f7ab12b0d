// Whatever a request holds, the function asks nobody but the project and the provider that are configured.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { assertError, serveLocally, startApi, upload } from "../../../tools/testkit/harness/api.ts";
import {
  askedOfProject,
  createHttpConnection,
  recordFetches,
  startCanary,
} from "../../../tools/testkit/harness/connections.ts";
import {
  createSigningKeys,
  keys,
  newUser,
  OTHER_ORIGIN,
  stack,
} from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { readyToSpeak, type Speaking } from "../../../tools/testkit/harness/speaking.ts";
import { unusedIds, userRequests } from "../../../tools/testkit/harness/user_things.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** Every request that a user may cause: to the project, by these paths; and the provider's two addresses. */
const ALLOWED = askedOfProject("POST /storage/v1/object/generations/UUID/UUID\\.wav");
const ALLOWED_PROVIDER =
  /^(?:POST \/api\/v1\/services\/(?:audio\/tts\/customization|aigc\/multimodal-generation\/generation)|GET \/results\/[\w./-]+)$/;

/** A user with a voice, at an API whose provider is the simulator, with a listener that must never be reached. */
async function attacked(
  use: (stage: Speaking & { canary: ReturnType<typeof startCanary> }) => Promise<void>,
): Promise<void> {
  await using canary = startCanary();
  await using ready = await readyToSpeak({ environment: { PUBLIC_SUPABASE_URL: OTHER_ORIGIN } });
  const { origin } = new URL(ready.api.url);
  // A PUT is the browser's.
  using fetches = recordFetches((url, method) => url.origin === origin || method === "PUT");
  await use({ ...ready, canary });
  await ready.api.settled();
  for (const { method, url } of fetches.left) {
    const asked = `${method} ${url.pathname}`;
    const isProvider = url.origin === new URL(ready.simulator.url).origin && ALLOWED_PROVIDER.test(asked);
    const isProject = url.origin === stack.supabase_url && ALLOWED.test(asked);
    // The simulator fetches the clip by its signed URL, as the provider does.
    const isSigned = url.origin === OTHER_ORIGIN &&
      asked.startsWith("GET /storage/v1/object/sign/references/");
    assert(isProvider || isProject || isSigned, `${method} ${url.origin}${url.pathname}`);
  }
  assert.deepEqual(canary.reached, []);
}

/** What makes a careless fetcher go to the listener. */
const lures = ({ origin, host }: { origin: string; host: string }) => [
  `${origin}/`,
  `//${host}/`,
  `${host}`,
  `@${host}/`,
  `https://x.aliyuncs.com@${host}/`,
  `data:audio/wav;base64,UklGRg==`,
  `file:///etc/passwd`,
  `../../../${host}`,
  `\r\nHost: ${host}`,
];

/** Headers by which something on the way may say who is asked, or from where. */
const HEADERS = [
  ...["X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-For"],
  ...["X-Forwarded-Prefix", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-Host", "X-Proxy-URL", "Via"],
  ...["Origin", "Referer", "Location", "Content-Location", "From", "X-Client-IP", "X-Real-IP", "apikey"],
  ...["X-Supabase-URL", "Accept-Profile", "Content-Profile", "Prefer", "Range", "X-Upsert", "X-Client-Info"],
];

Deno.test("no field of a body is taken for an address", async () => {
  await attacked(async ({ api, canary, token, voiceId }) => {
    for (const lure of lures(canary)) {
      const anywhere = { url: lure, reference_url: lure, audio_url: lure, callback: lure };
      const texts = { name: lure, transcript: lure, description: lure, text: lure };
      for (const change of [{ ...anywhere, ...texts }, { language: lure }, { voice_id: lure }]) {
        const { body } = await upload(api, token);
        const finalized = await api.call("POST", "/clone/finalize", { token, body: { ...body, ...change } });
        const isTaken = "name" in change;
        assert.equal(finalized.status, isTaken ? 200 : 400, JSON.stringify(finalized.body));

        const opened = await api.call("POST", "/clone/upload-url", {
          token,
          body: { ...DETAILS, ...change },
        });
        assert.equal(opened.status, "language" in change ? 400 : 200);
        const { upload_url = `${OTHER_ORIGIN}/` } = Object(opened.body);
        assert(upload_url.startsWith(`${OTHER_ORIGIN}/`), upload_url);

        const asked = { voice_id: voiceId, text: "Hello.", ...change };
        const spoken = await api.call("POST", "/generate", { token, body: asked });
        assert.equal(spoken.status, isTaken ? 200 : 400, JSON.stringify(spoken.body));
        await api.settled();
      }
    }
  });
});

Deno.test("no header and no form of the target changes whom the function asks, or what it tells", async () => {
  await attacked(async ({ api, canary, token, voiceId }) => {
    using connection = createHttpConnection(api.url);
    const body = JSON.stringify(DETAILS);
    for (const lure of lures(canary).filter((one) => !one.includes("\r"))) {
      const ask = async (line: string, host: string, text = "") => {
        const head = [
          ...[`${line} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${token}`],
          ...HEADERS.map((name) => `${name}: ${lure}`),
          ...(text ? [`Content-Length: ${text.length}`] : []),
        ];
        return await connection.send({ bytes: encode(`${head.join("\r\n")}\r\n\r\n${text}`) });
      };
      for (const host of ["127.0.0.1", canary.host]) {
        const opened = await ask("POST /api/clone/upload-url", host, body);
        assert.equal(opened.status, 200, opened.body);
        assert(String(JSON.parse(opened.body).upload_url).startsWith(`${OTHER_ORIGIN}/`));
        const preview = await ask(`GET /api/voices/${voiceId}/preview`, host);
        assert.equal(preview.status, 302);
        assert(preview.headers.get("location")?.startsWith(`${OTHER_ORIGIN}/`));
        for (const { headers, body } of [opened, preview]) {
          assert(![body, ...headers.values()].join().includes(canary.host), "the lure was told");
        }
      }
    }
    const targets = [
      `${canary.origin}/api/clone/upload-url`,
      `http://${canary.host}@127.0.0.1/api/clone/upload-url`,
      `/api/clone/upload-url?url=${canary.origin}&redirect_to=${canary.origin}`,
    ];
    for (const target of targets) {
      for (const host of ["127.0.0.1", canary.host]) {
        const head = [`POST ${target} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${token}`];
        const lines = [...head, `Content-Length: ${body.length}`].join("\r\n");
        const { status, body: text } = await connection.send({ bytes: encode(`${lines}\r\n\r\n${body}`) });
        const isOurs = status === 200 && JSON.parse(text).upload_url.startsWith(`${OTHER_ORIGIN}/`);
        assert(isOurs || status === 404, text);
      }
    }
  });
});

Deno.test("a token that names where its key lies is not followed there", async () => {
  await attacked(async ({ api, canary, userId }) => {
    const forger = await createSigningKeys();
    const plain = await forger.sign(userId);
    const refused = async (token: string | Promise<string>) =>
      assertError(await api.call("GET", "/voices", { token: await token }), 401, "unauthorized");
    const [, claims = "", signature = ""] = plain.split(".");
    const place = `${canary.origin}/.well-known/jwks.json`;
    const headers: Record<string, unknown>[] = [
      { jku: place },
      { x5u: place },
      { jku: place, kid: forger.kid },
      { kid: place },
      { kid: `../../../..//${canary.host}/` },
      { kid: keys.kid, jku: place },
      { jwk: forger.jwk },
      { jwk: forger.jwk, kid: keys.kid },
      { x5c: ["MIIB"], x5u: place },
    ];
    for (const header of headers) {
      const named = JSON.stringify({ ...decodeProtectedHeader(plain), ...header });
      await refused(`${Buffer.from(named).toString("base64url")}.${claims}.${signature}`);
    }
    const issuers = [
      canary.origin,
      `${canary.origin}/auth/v1`,
      `${stack.supabase_url}@${canary.host}/auth/v1`,
    ];
    for (const iss of issuers) {
      await refused(keys.sign(userId, { iss }));
      await refused(forger.sign(userId, { iss }));
      const symmetric = new SignJWT({ ...decodeJwt(plain), iss }).setProtectedHeader({ alg: "HS256" });
      await refused(symmetric.sign(encode("a secret that nobody has")));
    }
  });
});

for (const status of [301, 302, 307, 308]) {
  Deno.test(`a project that redirects (${status}) is not followed, for the secret key goes with every request`, async () => {
    await using canary = startCanary();
    await using project = serveLocally(() => Response.redirect(`${canary.origin}/`, status));
    const clock = createVirtualClock();
    await using api = await startApi({ keys, clock, environment: { SUPABASE_URL: project.url } });
    const token = await keys.sign(crypto.randomUUID(), { iss: `${project.url}/auth/v1` });
    for (const { method, path, body } of Object.values(userRequests(unusedIds()))) {
      const answer = await api.call(method, path, { token, body });
      assert.equal(answer.status, 503, `${path}: ${JSON.stringify(answer.body)}`);
    }
    assert.deepEqual(canary.reached, []);
  });

  Deno.test(`a provider that redirects (${status}) is not followed, for its key goes with every request`, async () => {
    await using canary = startCanary();
    await using provider = serveLocally(() => Response.redirect(`${canary.origin}/`, status));
    const environment = { DASHSCOPE_BASE_URL: provider.url };
    await using api = await startApi({ keys, clock: createVirtualClock(), environment });
    const { token } = await newUser();
    const { body } = await upload(api, token);
    const answer = await api.call("POST", "/clone/finalize", { token, body });
    assertError(answer, 502, "provider_misconfigured");
    assert.deepEqual(canary.reached, []);
  });
}
