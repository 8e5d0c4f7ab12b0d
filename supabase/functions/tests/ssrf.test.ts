// Whatever a request holds, the function asks nobody but the project and the provider that are configured.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { startSimulator } from "../../../tools/testkit/simulator.ts";
import { type Api, PROVIDER_KEY, startApi } from "../../../tools/testkit/harness/api.ts";
import { type Canary, startCanary } from "../../../tools/testkit/harness/canary.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/clock.ts";
import { DETAILS, upload } from "../../../tools/testkit/harness/clone.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { recordFetches } from "../../../tools/testkit/harness/fetches.ts";
import { createHttpConnection } from "../../../tools/testkit/harness/http_connection.ts";
import { stack } from "../../../tools/testkit/harness/stack.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/users.ts";

const keys = await createSigningKeys();
/** The project by another name, that answers must tell. */
const PUBLIC_URL = stack.supabase_url.replace("127.0.0.1", "localhost");
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

/** Every request that a user may cause: to the project, by these paths; and the provider's two addresses. */
const ALLOWED = new RegExp(
  `^(?:(?:GET|PATCH|HEAD) /rest/v1/(?:voices|tasks|generations)|POST /rest/v1/rpc/[a-z_]+|` +
    `GET /auth/v1/(?:user|\\.well-known/jwks\\.json)|` +
    `POST /storage/v1/object/(?:upload/)?sign/references/${UUID}/${UUID}/reference\\.wav|` +
    `GET /storage/v1/object/references/${UUID}/${UUID}/reference\\.wav|` +
    `POST /storage/v1/object/sign/generations/${UUID}/${UUID}\\.wav|` +
    `POST /storage/v1/object/generations/${UUID}/${UUID}\\.wav)$`,
);
const ALLOWED_PROVIDER =
  /^(?:POST \/api\/v1\/services\/(?:audio\/tts\/customization|aigc\/multimodal-generation\/generation)|GET \/results\/[\w./-]+)$/;

/** A user at an API whose provider is the simulator, with a listener that must never be reached. */
async function attacked(
  use: (stage: {
    api: Api;
    canary: Canary;
    token: string;
    userId: string;
    /** A voice that is live and may speak. */
    voiceId: string;
  }) => Promise<void>,
): Promise<void> {
  const simulator = await startSimulator({ apiKey: PROVIDER_KEY });
  await using canary = startCanary();
  const { id: userId } = await signUp();
  const token = await keys.sign(userId);
  {
    await using api = await startApi({
      keys,
      environment: { DASHSCOPE_BASE_URL: simulator.url, PUBLIC_SUPABASE_URL: PUBLIC_URL },
    });
    const { body } = await upload(api, token);
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    // A PUT is the browser's.
    const isOwn = (url: URL, method: string) => url.origin === new URL(api.url).origin || method === "PUT";
    using fetches = recordFetches(isOwn);
    await use({ api, canary, token, userId, voiceId: body.voice_id });
    await api.settled();
    for (const { method, url } of fetches.left) {
      const asked = `${method} ${url.pathname}`;
      const isProvider = url.origin === new URL(simulator.url).origin && ALLOWED_PROVIDER.test(asked);
      const isProject = url.origin === stack.supabase_url && ALLOWED.test(asked);
      // The simulator fetches the clip by its signed URL, as the provider does.
      const isSigned = url.origin === PUBLIC_URL &&
        asked.startsWith("GET /storage/v1/object/sign/references/");
      assert(isProvider || isProject || isSigned, `${method} ${url.origin}${url.pathname}`);
    }
  }
  await simulator.stop();
  assert.deepEqual(canary.reached, []);
}

/** What makes a careless fetcher go to the listener. */
const lures = ({ origin, host }: Canary) => [
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
        const { upload_url = `${PUBLIC_URL}/` } = Object(opened.body);
        assert(upload_url.startsWith(`${PUBLIC_URL}/`), upload_url);

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
      const ask = async (line: string, text = "") => {
        const head = [
          line,
          "Host: 127.0.0.1",
          `Authorization: Bearer ${token}`,
          ...HEADERS.map((name) => `${name}: ${lure}`),
          ...(text ? [`Content-Length: ${text.length}`] : []),
        ];
        const bytes = new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${text}`);
        return await connection.send({ bytes });
      };
      const opened = await ask("POST /api/clone/upload-url HTTP/1.1", body);
      assert.equal(opened.status, 200, opened.body);
      assert(String(JSON.parse(opened.body).upload_url).startsWith(`${PUBLIC_URL}/`));
      const preview = await ask(`GET /api/voices/${voiceId}/preview HTTP/1.1`);
      assert.equal(preview.status, 302);
      assert(preview.headers.get("location")?.startsWith(`${PUBLIC_URL}/`));
      for (const { headers, body } of [opened, preview]) {
        assert(![body, ...headers.values()].join().includes(canary.host), "the lure was told");
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
        const { status, body: text } = await connection.send({
          bytes: new TextEncoder().encode(
            `${[...head, `Content-Length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`,
          ),
        });
        assert(
          status === 200 ? JSON.parse(text).upload_url.startsWith(`${PUBLIC_URL}/`) : status === 404,
          text,
        );
      }
    }
  });
});

Deno.test("a token that names where its key lies is not followed there", async () => {
  await attacked(async ({ api, canary, userId }) => {
    const forger = await createSigningKeys();
    const plain = await forger.sign(userId);
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
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
      const forged = `${encode({ ...decodeProtectedHeader(plain), ...header })}.${claims}.${signature}`;
      assertError(await api.call("GET", "/voices", { token: forged }), 401, "unauthorized");
    }
    for (
      const iss of [canary.origin, `${canary.origin}/auth/v1`, `${stack.supabase_url}@${canary.host}/auth/v1`]
    ) {
      assertError(
        await api.call("GET", "/voices", { token: await keys.sign(userId, { iss }) }),
        401,
        "unauthorized",
      );
      assertError(
        await api.call("GET", "/voices", { token: await forger.sign(userId, { iss }) }),
        401,
        "unauthorized",
      );
      const symmetric = await new SignJWT({ ...decodeJwt(plain), iss }).setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode("a secret that nobody has"));
      assertError(await api.call("GET", "/voices", { token: symmetric }), 401, "unauthorized");
    }
  });
});

Deno.test("a project that redirects is not followed, for the secret key goes with every request", async () => {
  await using canary = startCanary();
  for (const status of [301, 302, 307, 308]) {
    await using project = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(null, { status, headers: { Location: `${canary.origin}/` } }),
    );
    const url = `http://127.0.0.1:${project.addr.port}`;
    const clock = createVirtualClock();
    await using api = await startApi({ keys, clock, environment: { SUPABASE_URL: url } });
    const token = await keys.sign(crypto.randomUUID(), { iss: `${url}/auth/v1` });
    const id = crypto.randomUUID();
    for (
      const [method, path, body] of [
        ["POST", "/clone/upload-url", DETAILS],
        ["POST", "/clone/finalize", { ...DETAILS, voice_id: id }],
        ["GET", "/voices", undefined],
        ["GET", `/voices/${id}/preview`, undefined],
        ["DELETE", `/voices/${id}`, undefined],
        ["POST", "/generate", { voice_id: id, text: "Hello." }],
        ["GET", `/tasks/${id}`, undefined],
      ] as const
    ) {
      const { status: answered, body: told } = await api.call(method, path, { token, body });
      assert.equal(answered, 503, `${path}: ${JSON.stringify(told)}`);
    }
  }
  assert.deepEqual(canary.reached, []);
});

Deno.test("a provider that redirects is not followed, for its key goes with every request", async () => {
  await using canary = startCanary();
  for (const status of [301, 302, 307, 308]) {
    await using provider = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(null, { status, headers: { Location: `${canary.origin}/` } }),
    );
    await using api = await startApi({
      keys,
      clock: createVirtualClock(),
      environment: { DASHSCOPE_BASE_URL: `http://127.0.0.1:${provider.addr.port}` },
    });
    const token = await keys.sign((await signUp()).id);
    const { body } = await upload(api, token);
    const answer = await api.call("POST", "/clone/finalize", { token, body });
    assertError(answer, 502, "provider_misconfigured");
  }
  assert.deepEqual(canary.reached, []);
});
