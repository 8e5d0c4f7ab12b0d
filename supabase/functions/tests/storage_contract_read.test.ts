// What this project relies on in Storage, call by call, as recorded from hosted Storage: reading, listing, removing.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  assertFailure,
  clip,
  keyed,
  newKey,
  noSuchKey,
  postJson,
  put,
  remove,
  signUpload,
  storage,
  uploaded,
} from "../../../tools/testkit/harness/storage.ts";

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
