// Uploads to Storage, call by call, as recorded from hosted Storage and storage-api: what is taken, for what, and what is
// kept of it.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { z } from "zod";
import {
  alreadyExists,
  assertFailure,
  assertTooLarge,
  bytesOf,
  clip,
  keyed,
  megabyte,
  multipart,
  newKey,
  ownKey,
  put,
  refusal,
  signUpload,
  storage,
  type StorageAnswer,
  told,
  uploaded,
} from "../../../tools/testkit/harness/storage_contract.ts";

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
  await using object = await uploaded();
  const response = await keyed(`/object/upload/sign/references/${object.key}`, { method: "POST" });
  await assertFailure(response, alreadyExists);
});

Deno.test("a PUT to the signed URL needs no key and answers the object's full name, also for no bytes", async () => {
  for (const bytes of [clip, new Uint8Array()]) {
    await using object = await uploaded(bytes);
    assert.deepEqual(await bytesOf(await keyed(`/object/references/${object.key}`)), bytes);
  }
});

Deno.test("a second PUT is refused and leaves the first bytes", async () => {
  await using object = ownKey();
  const { url } = await signUpload(object.key);
  await (await put(url, clip)).body?.cancel();
  await assertFailure(await put(url, clip.toReversed()), alreadyExists);
  assert.deepEqual(await bytesOf(await keyed(`/object/references/${object.key}`)), clip);
});

Deno.test("of many PUTs at once one wins, and its bytes are those that are kept", async () => {
  await using object = ownKey();
  const { url } = await signUpload(object.key);
  const bodies = Array.from({ length: 6 }, (_, index) => new Uint8Array(20_000).fill(index));
  const answers = await Promise.all(bodies.map((body) => put(url, body)));
  const winners = answers.flatMap((answer, index) => answer.ok ? [index] : []);
  assert.equal(winners.length, 1);
  for (const answer of answers) {
    if (answer.ok) await answer.body?.cancel();
    else await assertFailure(answer, alreadyExists);
  }
  const kept = await bytesOf(await keyed(`/object/references/${object.key}`));
  assert.deepEqual(kept, bodies[winners[0] ?? -1]);
});

Deno.test("a PUT over the bucket's 10 MiB is refused, and one of exactly 10 MiB is not", async () => {
  await using object = ownKey();
  const { url } = await signUpload(object.key);
  await assertTooLarge(put(url, new Uint8Array(10 * megabyte + 1)));
  assert.equal((await told(await put(url, new Uint8Array(10 * megabyte)))).status, 200);
});

Deno.test("a PUT that does not say its length is held to the limit as well", async () => {
  const chunk = new Uint8Array(megabyte);
  const chunks = ReadableStream.from(Array.from({ length: 12 }, () => chunk));
  await assertTooLarge(put((await signUpload(newKey())).url, chunks));
});

Deno.test("a PUT with a damaged token is refused", async () => {
  const { url } = await signUpload(newKey());
  const damaged = url.slice(0, -5) + (url.endsWith("AAAAA") ? "BBBBB" : "AAAAA");
  const expected = { statusCode: "400", error: "InvalidJWT", code: "InvalidJWT" };
  await assertFailure(await put(damaged, clip), expected);
});

Deno.test("a token for one object does not open another", async () => {
  const { token } = await signUpload(newKey());
  const response = await put(`/object/upload/sign/references/${newKey()}?token=${token}`, clip);
  assert.equal(response.status, 400);
  await response.body?.cancel();
});

Deno.test("a browser may PUT to a signed URL from another origin", async () => {
  const { url } = await signUpload(newKey());
  const headers = {
    origin: "https://app.example",
    "access-control-request-method": "PUT",
    "access-control-request-headers": "content-type,x-upsert",
  };
  const response = await fetch(`${storage}${url}`, { method: "OPTIONS", headers });
  await response.body?.cancel();
  assert.ok(response.ok);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.match(response.headers.get("access-control-allow-methods") ?? "", /\bPUT\b/);
  assert.match(response.headers.get("access-control-allow-headers") ?? "", /content-type/i);
});

const text = z.string();
const facts = z.object({ size: z.number(), content_type: text, cache_control: text, metadata: z.unknown() });

const infoOf = async (key: string) =>
  facts.parse(await (await keyed(`/object/info/references/${key}`)).json());

const unsupported = (type: string) =>
  refusal("415", "invalid_mime_type", "InvalidMimeType", `mime type ${type} is not supported`);
const unreadable = refusal("415", "invalid_mime_type", "InvalidMimeType", "Invalid Content-Type header");

/** Declared types that are kept unchanged; only they count, not the bytes. */
const KEPT = [
  ...["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave", "audio/mpeg", "audio/mp3", "audio/x-mp3"],
  ...["audio/mp4", "audio/x-m4a", "audio/m4a", "audio/aac", "video/mp4"],
  // Without their parameters since September 2026: https://github.com/supabase/storage/pull/1382
  ...["audio/mp4;codecs=mp4a.40.2", "audio/mp4; codecs=mp4a.40.2"],
];
const REFUSED: [type: string, answer: StorageAnswer][] = [
  ...["image/png;codecs=flac;x=audio/wav", "AUDIO/WAV", "text/plain"]
    .map((type): [string, StorageAnswer] => [type, unsupported(type)]),
  ...["nonsense", "audio/wav, audio/mpeg", ""].map((type): [string, StorageAnswer] => [type, unreadable]),
];

for (const type of KEPT) {
  Deno.test(`a PUT declared as '${type}' is kept as such`, async () => {
    await using object = ownKey();
    const answer = await told(await put((await signUpload(object.key)).url, "no audio at all", type));
    assert.deepEqual(answer, { status: 200, body: { Key: `references/${object.key}` } });
    assert.equal((await infoOf(object.key)).content_type, type);
  });
}
for (const [type, refused] of REFUSED) {
  Deno.test(`a PUT declared as '${type}' is refused`, async () => {
    assert.deepEqual(await told(await put((await signUpload(newKey())).url, clip, type)), refused);
  });
}

const field = (name: string, content: string) => ({
  headers: [`Content-Disposition: form-data; name="${name}"`],
  content,
});
const file = (type: string | null, content: string | Uint8Array = clip) => ({
  headers: [
    'Content-Disposition: form-data; name=""; filename="blob"',
    ...(type === null ? [] : [`Content-Type: ${type}`]),
  ],
  content,
});
const cacheControl = (value: string) => field("cacheControl", value);

const kept = (other: Partial<z.infer<typeof facts>> = {}) => ({
  ...{ size: clip.length, content_type: "audio/wav", cache_control: "no-cache", metadata: {} },
  ...other,
});
const invalid = (message: string) => refusal("400", "InvalidRequest", "InvalidRequest", message);

type Form = [parts: ReturnType<typeof file>[], outcome: ReturnType<typeof kept> | StorageAnswer];

const wav = file("audio/wav");
const hour = cacheControl("3600");
const anHour = { cache_control: "max-age=3600" };

/** What a multipart PUT leads to: the object's facts, or the refusal. */
const FORMS: Record<string, Form> = {
  "a file alone": [[wav], kept()],
  "caching as supabase-js sends it": [[hour, wav], kept(anHour)],
  "caching that is no number": [[cacheControl("no-store"), wav], kept({ cache_control: "max-age=no-store" })],
  "a type with parameters": [[file("audio/wav;codecs=1")], kept()],
  "an unsupported type with parameters": [[file("image/png;codecs=opus")], unsupported("image/png")],
  "a file of no type": [[file(null)], unsupported("text/plain")],
  "the type in a field of its own": [
    [field("contentType", "audio/wav"), file("application/octet-stream")],
    kept(),
  ],
  "metadata": [[field("metadata", '{"a":1}'), wav], kept({ metadata: { a: 1 } })],
  "metadata that is no JSON": [[field("metadata", "{a"), wav], kept()],
  "no bytes": [[hour, file("audio/wav", "")], kept({ size: 0, ...anHour })],
  "no file": [[hour], invalid("No content provided")],
};

for (const [what, [parts, outcome]] of Object.entries(FORMS)) {
  Deno.test(`a multipart PUT with ${what}`, async () => {
    await using object = ownKey();
    const { type, body } = multipart(parts);
    const answer = await told(await put((await signUpload(object.key)).url, body, type));
    if ("status" in outcome) return assert.deepEqual(answer, outcome);
    assert.deepEqual(answer, { status: 200, body: { Key: `references/${object.key}` } });
    assert.deepEqual(await infoOf(object.key), outcome);
  });
}

Deno.test("a multipart PUT that names no boundary is refused", async () => {
  const answer = await told(await put((await signUpload(newKey())).url, clip, "multipart/form-data"));
  assert.deepEqual(answer, invalid("Multipart: Boundary not found"));
});

for (const caching of ["3600", "max-age=3600", "no-store", "public, max-age=60"]) {
  Deno.test(`Cache-Control '${caching}' of an upload is kept, and stands in info and GET`, async () => {
    await using object = ownKey();
    const { url } = await signUpload(object.key);
    const response = await put(url, clip, "audio/wav", { "cache-control": caching });
    assert.equal(response.status, 200, await response.text());
    assert.equal((await infoOf(object.key)).cache_control, caching);
    for (const between of ["/info", ""]) {
      const answer = await keyed(`/object${between}/references/${object.key}`);
      await answer.body?.cancel();
      assert.equal(answer.headers.get("cache-control"), caching);
    }
  });
}

Deno.test("metadata in a header is kept, and the caching and metadata of an object that is put in its place", async () => {
  await using object = ownKey();
  const { url } = await signUpload(object.key);
  const response = await put(url, clip, "audio/wav", { "x-metadata": btoa('{"a":1}') });
  assert.equal(response.status, 200, await response.text());
  assert.deepEqual(await infoOf(object.key), kept({ metadata: { a: 1 } }));
  const again = await keyed(`/object/references/${object.key}`, {
    method: "POST",
    body: "RIFF",
    headers: { "content-type": "audio/wav", "cache-control": "no-store", "x-upsert": "true" },
  });
  assert.equal(again.status, 200, await again.text());
  assert.deepEqual(await infoOf(object.key), kept({ size: 4, cache_control: "no-store" }));
});
