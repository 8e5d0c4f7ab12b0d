// What this project relies on in Storage, call by call, as recorded from hosted Storage. It runs against the embedded stack,
// or against the project that STORAGE_CONTRACT_URL and STORAGE_CONTRACT_KEY (its secret key) name.
import assert from "node:assert/strict";
import { z } from "zod";

const stack = z.object({ supabase_url: z.url(), secret_key: z.string() });

function target(): { url: string; key: string } {
  const [url, key] = [Deno.env.get("STORAGE_CONTRACT_URL"), Deno.env.get("STORAGE_CONTRACT_KEY")];
  if (url && key) return { url: `${url.replace(/\/$/, "")}/storage/v1`, key };
  const { supabase_url, secret_key } = stack.parse(JSON.parse(Deno.env.get("TEST_STACK") ?? "{}"));
  return { url: `${supabase_url}/storage/v1`, key: secret_key };
}

const { url: storage, key: secretKey } = target();
const credentials = { apikey: secretKey, authorization: `Bearer ${secretKey}` };
const clip = Uint8Array.from({ length: 60_000 }, (_, index) => index % 251);
const megabyte = 1024 * 1024;

const newKey = () => `${crypto.randomUUID()}/${crypto.randomUUID()}/reference.wav`;
const keyed = (path: string, init: RequestInit = {}) =>
  fetch(`${storage}${path}`, { ...init, headers: { ...credentials, ...init.headers } });
const postJson = (path: string, body: unknown) =>
  keyed(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
const put = (path: string, body: BodyInit, type = "audio/wav") =>
  fetch(`${storage}${path}`, { method: "PUT", body, headers: { "content-type": type } });

const uploadUrl = z.strictObject({ url: z.string(), token: z.string() });
const failure = z.strictObject({
  statusCode: z.string(),
  error: z.string(),
  message: z.string(),
  code: z.string(),
});

async function signUpload(key: string): Promise<z.infer<typeof uploadUrl>> {
  const response = await keyed(`/object/upload/sign/references/${key}`, { method: "POST" });
  assert.equal(response.status, 200);
  return uploadUrl.parse(await response.json());
}

async function uploaded(bytes: Uint8Array<ArrayBuffer> = clip): Promise<string> {
  const key = newKey();
  const response = await put((await signUpload(key)).url, bytes);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  return key;
}

async function remove(key: string): Promise<void> {
  const response = await keyed("/object/references", {
    method: "DELETE",
    body: JSON.stringify({ prefixes: [key] }),
    headers: { "content-type": "application/json" },
  });
  await response.body?.cancel();
}

async function assertFailure(
  response: Response,
  expected: { statusCode: string; error: string; code: string; message?: string },
): Promise<void> {
  assert.equal(response.status, 400);
  const body = failure.parse(await response.json());
  assert.deepEqual({ ...body, ...(expected.message === undefined ? { message: "" } : {}) }, {
    message: "",
    ...expected,
  });
}

const alreadyExists = {
  statusCode: "409",
  error: "Duplicate",
  message: "The resource already exists",
  code: "KeyAlreadyExists",
};
const noSuchKey = { statusCode: "404", error: "not_found", code: "NoSuchKey" };

Deno.test("signing an upload answers a URL relative to /storage/v1 and its token, which lives two hours", async () => {
  const key = newKey();
  const { url, token } = await signUpload(key);
  assert.equal(url, `/object/upload/sign/references/${key}?token=${token}`);
  const [, payload = ""] = token.split(".");
  const { iat, exp } = z.object({ iat: z.number(), exp: z.number() })
    .parse(JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(payload, { alphabet: "base64url" }))));
  assert.equal(exp - iat, 7_200);
});

Deno.test("signing an upload of an object that exists is refused", async () => {
  const key = await uploaded();
  await assertFailure(
    await keyed(`/object/upload/sign/references/${key}`, { method: "POST" }),
    alreadyExists,
  );
  await remove(key);
});

Deno.test("a PUT to the signed URL needs no key and answers the object's full name", async () => {
  const key = newKey();
  const response = await put((await signUpload(key)).url, clip);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { Key: `references/${key}` });
  await remove(key);
});

Deno.test("an upload of no bytes is accepted", async () => {
  const key = newKey();
  const response = await put((await signUpload(key)).url, new Uint8Array());
  assert.deepEqual([response.status, await response.json()], [200, { Key: `references/${key}` }]);
  await remove(key);
});

Deno.test("a second PUT is refused and leaves the first bytes", async () => {
  const key = newKey();
  const { url } = await signUpload(key);
  await (await put(url, clip)).body?.cancel();
  await assertFailure(await put(url, clip.toReversed()), alreadyExists);
  const kept = await keyed(`/object/references/${key}`);
  assert.deepEqual(new Uint8Array(await kept.arrayBuffer()), clip);
  await remove(key);
});

Deno.test("of many PUTs at once one wins, and its bytes are those that are kept", async () => {
  const key = newKey();
  const { url } = await signUpload(key);
  const bodies = Array.from({ length: 6 }, (_, index) => new Uint8Array(20_000).fill(index));
  const answers = await Promise.all(bodies.map((body) => put(url, body)));
  const winners = answers.flatMap((answer, index) => answer.ok ? [index] : []);
  assert.equal(winners.length, 1);
  for (const answer of answers) {
    if (answer.ok) await answer.body?.cancel();
    else await assertFailure(answer, alreadyExists);
  }
  const kept = new Uint8Array(await (await keyed(`/object/references/${key}`)).arrayBuffer());
  assert.deepEqual(kept, bodies[winners[0] ?? -1]);
  await remove(key);
});

Deno.test("a PUT of a type that the bucket does not list is refused; only the declared type counts", async () => {
  const key = newKey();
  const { url } = await signUpload(key);
  await assertFailure(await put(url, clip, "text/plain"), {
    statusCode: "415",
    error: "invalid_mime_type",
    message: "mime type text/plain is not supported",
    code: "InvalidMimeType",
  });
  const liar = await put(url, "no audio at all", "audio/mpeg");
  assert.equal(liar.status, 200);
  await liar.body?.cancel();
  await remove(key);
});

for (
  const type of [
    "audio/wav",
    "audio/x-wav",
    "audio/wave",
    "audio/mpeg",
    "audio/mp4",
    "audio/x-m4a",
    "audio/m4a",
  ]
) {
  Deno.test(`the bucket takes ${type}`, async () => {
    const key = newKey();
    const response = await put((await signUpload(key)).url, clip, type);
    assert.equal(response.status, 200, await response.text());
    await remove(key);
  });
}

const tooLarge = {
  statusCode: "413",
  error: "Payload too large",
  message: "The object exceeded the maximum allowed size",
  code: "EntityTooLarge",
};

Deno.test("a PUT over the bucket's 10 MiB is refused, and one of exactly 10 MiB is not", async () => {
  const key = newKey();
  const { url } = await signUpload(key);
  await assertFailure(await put(url, new Uint8Array(10 * megabyte + 1)), tooLarge);
  const response = await put(url, new Uint8Array(10 * megabyte));
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await remove(key);
});

Deno.test("a PUT that does not say its length is held to the limit as well", async () => {
  const chunk = new Uint8Array(megabyte);
  const chunks = ReadableStream.from(Array.from({ length: 12 }, () => chunk));
  await assertFailure(await put((await signUpload(newKey())).url, chunks), tooLarge);
});

Deno.test("a PUT with a damaged token is refused", async () => {
  const { url } = await signUpload(newKey());
  const damaged = url.slice(0, -5) + (url.endsWith("AAAAA") ? "BBBBB" : "AAAAA");
  await assertFailure(await put(damaged, clip), {
    statusCode: "400",
    error: "InvalidJWT",
    code: "InvalidJWT",
  });
});

Deno.test("a token for one object does not open another", async () => {
  const { token } = await signUpload(newKey());
  const response = await put(`/object/upload/sign/references/${newKey()}?token=${token}`, clip);
  assert.equal(response.status, 400);
  failure.parse(await response.json());
});

const signedUrl = z.strictObject({ signedURL: z.string() });

Deno.test("signing a download answers a URL relative to /storage/v1 that anybody can GET", async () => {
  const key = await uploaded();
  const { signedURL } = signedUrl.parse(
    await (await postJson(`/object/sign/references/${key}`, { expiresIn: 60 })).json(),
  );
  assert.match(signedURL, new RegExp(`^/object/sign/references/${key}\\?token=`));
  const response = await fetch(`${storage}${signedURL}`);
  assert.deepEqual([response.status, response.headers.get("content-type")], [200, "audio/wav"]);
  assert.deepEqual(new Uint8Array(await response.arrayBuffer()), clip);
  await remove(key);
});

Deno.test("a signed URL that expired is refused", async () => {
  const key = await uploaded();
  const { signedURL } = signedUrl.parse(
    await (await postJson(`/object/sign/references/${key}`, { expiresIn: 1 })).json(),
  );
  let response = await fetch(`${storage}${signedURL}`);
  for (const deadline = Date.now() + 10_000; response.ok && Date.now() < deadline;) {
    await response.body?.cancel();
    response = await fetch(`${storage}${signedURL}`);
  }
  await assertFailure(response, {
    statusCode: "400",
    error: "InvalidJWT",
    message: '"exp" claim timestamp check failed',
    code: "InvalidJWT",
  });
  await remove(key);
});

Deno.test("signing a download of an object that is not there is refused", async () => {
  await assertFailure(await postJson(`/object/sign/references/${newKey()}`, { expiresIn: 60 }), noSuchKey);
});

const info = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.string(),
  bucket_id: z.literal("references"),
  size: z.literal(60_000),
  content_type: z.literal("audio/wav"),
  cache_control: z.string(),
  etag: z.string().regex(/^".+"$/),
  metadata: z.looseObject({}),
  last_modified: z.iso.datetime({ offset: true }),
  created_at: z.iso.datetime({ offset: true }),
});

Deno.test("info tells an object's size, type and ETag", async () => {
  const key = await uploaded();
  const response = await keyed(`/object/info/references/${key}`);
  assert.equal(response.status, 200);
  const answer = info.parse(await response.json());
  assert.equal(answer.name, key);
  const download = await keyed(`/object/references/${key}`, { headers: { range: "bytes=0-0" } });
  assert.equal(answer.etag, download.headers.get("etag"));
  await download.body?.cancel();
  await remove(key);
});

const entry = z.object({
  name: z.string(),
  id: z.uuid(),
  metadata: z.object({
    eTag: z.string(),
    size: z.literal(60_000),
    mimetype: z.literal("audio/wav"),
    cacheControl: z.string(),
    lastModified: z.string(),
    contentLength: z.literal(60_000),
    httpStatusCode: z.literal(200),
  }),
});

Deno.test("a list names objects relative to the prefix, one level deep", async () => {
  const key = await uploaded();
  const [user = "", voice = ""] = key.split("/");
  const inside = await postJson("/object/list/references", { prefix: `${user}/${voice}` });
  assert.equal(inside.status, 200);
  assert.deepEqual(z.array(entry).parse(await inside.json()).map(({ name }) => name), ["reference.wav"]);
  const above = await postJson("/object/list/references", { prefix: user });
  assert.deepEqual(
    z.array(z.object({ name: z.string(), id: z.null() })).parse(await above.json()),
    [{ name: voice, id: null }],
  );
  const beside = await postJson("/object/list/references", { prefix: `${user}/${voice.slice(0, -1)}` });
  assert.deepEqual(await beside.json(), []);
  await remove(key);
});

const rangeHeaders = ["content-range", "content-length", "content-type", "accept-ranges"] as const;

for (
  const [range, first, last] of [
    ["bytes=0-10", 0, 10],
    ["bytes=59990-", 59_990, 59_999],
    ["bytes=-4", 59_996, 59_999],
    ["bytes=59990-99999", 59_990, 59_999],
  ] as const
) {
  Deno.test(`a GET with ${range} answers 206 with that part, the size, the type and the ETag`, async () => {
    const key = await uploaded();
    const response = await keyed(`/object/references/${key}`, { headers: { range } });
    assert.equal(response.status, 206);
    assert.deepEqual(rangeHeaders.map((name) => response.headers.get(name)), [
      `bytes ${first}-${last}/60000`,
      `${last - first + 1}`,
      "audio/wav",
      "bytes",
    ]);
    assert.match(response.headers.get("etag") ?? "", /^".+"$/);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), clip.slice(first, last + 1));
    await remove(key);
  });
}

Deno.test("a range past the end answers 416", async () => {
  const key = await uploaded();
  const response = await keyed(`/object/references/${key}`, { headers: { range: "bytes=60000-60010" } });
  assert.equal(response.status, 416);
  await response.body?.cancel();
  await remove(key);
});

Deno.test("a range of an object without bytes answers 416", async () => {
  const key = await uploaded(new Uint8Array());
  const response = await keyed(`/object/references/${key}`, { headers: { range: "bytes=0-10" } });
  assert.equal(response.status, 416);
  await response.body?.cancel();
  await remove(key);
});

for (const path of ["/object/references", "/object/info/references"]) {
  Deno.test(`a GET of ${path} for an object that is not there answers NoSuchKey`, async () => {
    await assertFailure(await keyed(`${path}/${newKey()}`, { headers: { range: "bytes=0-10" } }), noSuchKey);
  });
}

Deno.test("a removed object is gone, and its key can be uploaded to again", async () => {
  const key = await uploaded();
  await remove(key);
  await assertFailure(await keyed(`/object/references/${key}`), noSuchKey);
  const response = await put((await signUpload(key)).url, clip);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await remove(key);
});

Deno.test("without a key nothing but a signed URL is answered", async () => {
  const key = await uploaded();
  const response = await fetch(`${storage}/object/references/${key}`);
  assert.ok(response.status >= 400, `${response.status}`);
  await response.body?.cancel();
  await remove(key);
});

Deno.test("a browser may PUT to a signed URL from another origin", async () => {
  const { url } = await signUpload(newKey());
  const response = await fetch(`${storage}${url}`, {
    method: "OPTIONS",
    headers: {
      origin: "https://app.example",
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type,x-upsert",
    },
  });
  await response.body?.cancel();
  assert.ok(response.ok);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.match(response.headers.get("access-control-allow-methods") ?? "", /\bPUT\b/);
  assert.match(response.headers.get("access-control-allow-headers") ?? "", /content-type/i);
});
