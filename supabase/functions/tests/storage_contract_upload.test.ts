// What this project relies on in Storage, call by call, as recorded from hosted Storage: uploads.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import {
  alreadyExists,
  assertFailure,
  assertTooLarge,
  clip,
  failure,
  keyed,
  megabyte,
  newKey,
  put,
  remove,
  signUpload,
  storage,
  uploaded,
} from "../../../tools/testkit/harness/storage.ts";

Deno.test("signing an upload answers a URL relative to /storage/v1 and its token, which lives two hours", async () => {
  const key = newKey();
  const { url, token } = await signUpload(key);
  assert.equal(url, `/object/upload/sign/references/${key}?token=${token}`);
  const [, payload = ""] = token.split(".");
  const { iat, exp } = z.object({ iat: z.number(), exp: z.number() })
    .parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
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
    "audio/vnd.wave",
    "audio/mpeg",
    "audio/mp3",
    "audio/x-mp3",
    "audio/mp4",
    "audio/x-m4a",
    "audio/m4a",
    "audio/aac",
    "video/mp4",
  ]
) {
  Deno.test(`the bucket takes ${type}`, async () => {
    const key = newKey();
    const response = await put((await signUpload(key)).url, clip, type);
    assert.equal(response.status, 200, await response.text());
    await remove(key);
  });
}

Deno.test("a PUT over the bucket's 10 MiB is refused, and one of exactly 10 MiB is not", async () => {
  const key = newKey();
  const { url } = await signUpload(key);
  await assertTooLarge(put(url, new Uint8Array(10 * megabyte + 1)));
  const response = await put(url, new Uint8Array(10 * megabyte));
  assert.equal(response.status, 200);
  await response.body?.cancel();
  await remove(key);
});

Deno.test("a PUT that does not say its length is held to the limit as well", async () => {
  const chunk = new Uint8Array(megabyte);
  const chunks = ReadableStream.from(Array.from({ length: 12 }, () => chunk));
  await assertTooLarge(put((await signUpload(newKey())).url, chunks));
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
