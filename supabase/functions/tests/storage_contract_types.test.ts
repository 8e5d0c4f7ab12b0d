// What Storage takes an upload for: its declared type, its caching and its metadata, as recorded from storage-api.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  clip,
  keyed,
  multipart,
  newKey,
  put,
  refusal,
  remove,
  signUpload,
  type Told,
  told,
} from "../../../tools/testkit/harness/storage.ts";

const facts = z.object({
  size: z.number(),
  content_type: z.string(),
  cache_control: z.string(),
  metadata: z.unknown(),
});

const infoOf = async (key: string) =>
  facts.parse(await (await keyed(`/object/info/references/${key}`)).json());

const unsupported = (type: string) =>
  refusal("415", "invalid_mime_type", "InvalidMimeType", `mime type ${type} is not supported`);
const unreadable = refusal("415", "invalid_mime_type", "InvalidMimeType", "Invalid Content-Type header");

/** What a PUT of this declared type leads to: the type that is kept, or the refusal. */
const DECLARED: [type: string, outcome: string | Told][] = [
  ["audio/wav", "audio/wav"],
  ["audio/x-wav", "audio/x-wav"],
  // Without their parameters since September 2026: https://github.com/supabase/storage/pull/1382
  ["audio/mp4;codecs=mp4a.40.2", "audio/mp4;codecs=mp4a.40.2"],
  ["audio/mp4; codecs=mp4a.40.2", "audio/mp4; codecs=mp4a.40.2"],
  ["image/png;codecs=flac;x=audio/wav", unsupported("image/png;codecs=flac;x=audio/wav")],
  ["AUDIO/WAV", unsupported("AUDIO/WAV")],
  ["text/plain", unsupported("text/plain")],
  ["nonsense", unreadable],
  ["audio/wav, audio/mpeg", unreadable],
  ["", unreadable],
];

for (const [type, outcome] of DECLARED) {
  Deno.test(`a PUT declared as '${type}' is ${typeof outcome === "string" ? "kept as such" : "refused"}`, async () => {
    const key = newKey();
    const answer = await told(await put((await signUpload(key)).url, clip, type));
    if (typeof outcome === "string") {
      assert.deepEqual(answer, { status: 200, body: { Key: `references/${key}` } });
      assert.equal((await infoOf(key)).content_type, outcome);
    } else assert.deepEqual(answer, outcome);
    await remove(key);
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

const kept = (other: Partial<z.infer<typeof facts>> = {}) => ({
  size: clip.length,
  content_type: "audio/wav",
  cache_control: "no-cache",
  metadata: {},
  ...other,
});

/** What a multipart PUT leads to: the object's facts, or the refusal. */
const FORMS: Record<string, [parts: ReturnType<typeof file>[], outcome: ReturnType<typeof kept> | Told]> = {
  "a file alone": [[file("audio/wav")], kept()],
  "caching as supabase-js sends it": [
    [field("cacheControl", "3600"), file("audio/wav")],
    kept({ cache_control: "max-age=3600" }),
  ],
  "caching that is no number": [
    [field("cacheControl", "no-store"), file("audio/wav")],
    kept({ cache_control: "max-age=no-store" }),
  ],
  "a type with parameters": [[file("audio/wav;codecs=1")], kept()],
  "a type with parameters that the bucket does not take": [
    [file("image/png;codecs=opus")],
    unsupported("image/png"),
  ],
  "a file of no type": [[file(null)], unsupported("text/plain")],
  "the type in a field of its own": [
    [field("contentType", "audio/wav"), file("application/octet-stream")],
    kept(),
  ],
  "metadata": [[field("metadata", '{"a":1}'), file("audio/wav")], kept({ metadata: { a: 1 } })],
  "metadata that is no JSON": [[field("metadata", "{a"), file("audio/wav")], kept()],
  "no bytes": [
    [field("cacheControl", "3600"), file("audio/wav", "")],
    kept({ size: 0, cache_control: "max-age=3600" }),
  ],
  "no file": [
    [field("cacheControl", "3600")],
    refusal("400", "InvalidRequest", "InvalidRequest", "No content provided"),
  ],
};

for (const [what, [parts, outcome]] of Object.entries(FORMS)) {
  Deno.test(`a multipart PUT with ${what}`, async () => {
    const key = newKey();
    const { type, body } = multipart(parts);
    const answer = await told(await put((await signUpload(key)).url, body, type));
    if ("status" in outcome) assert.deepEqual(answer, outcome);
    else {
      assert.deepEqual(answer, { status: 200, body: { Key: `references/${key}` } });
      assert.deepEqual(await infoOf(key), outcome);
    }
    await remove(key);
  });
}

Deno.test("a multipart PUT that names no boundary is refused", async () => {
  const { url } = await signUpload(newKey());
  assert.deepEqual(
    await told(await put(url, clip, "multipart/form-data")),
    refusal("400", "InvalidRequest", "InvalidRequest", "Multipart: Boundary not found"),
  );
});

for (const cacheControl of ["3600", "max-age=3600", "no-store", "public, max-age=60"]) {
  Deno.test(`Cache-Control '${cacheControl}' of an upload is kept, and told by info and GET`, async () => {
    const key = newKey();
    const { url } = await signUpload(key);
    const response = await put(url, clip, "audio/wav", { "cache-control": cacheControl });
    assert.equal(response.status, 200, await response.text());
    const info = await keyed(`/object/info/references/${key}`);
    assert.equal(info.headers.get("cache-control"), cacheControl);
    assert.equal(facts.parse(await info.json()).cache_control, cacheControl);
    const object = await keyed(`/object/references/${key}`);
    assert.equal(object.headers.get("cache-control"), cacheControl);
    await object.body?.cancel();
    await remove(key);
  });
}

Deno.test("metadata in a header is kept, and the caching and metadata of an object that is put in its place", async () => {
  const key = newKey();
  const { url } = await signUpload(key);
  const response = await put(url, clip, "audio/wav", { "x-metadata": btoa('{"a":1}') });
  assert.equal(response.status, 200, await response.text());
  assert.deepEqual(await infoOf(key), kept({ metadata: { a: 1 } }));
  const again = await keyed(`/object/references/${key}`, {
    method: "POST",
    body: "RIFF",
    headers: { "content-type": "audio/wav", "cache-control": "no-store", "x-upsert": "true" },
  });
  assert.equal(again.status, 200, await again.text());
  assert.deepEqual(await infoOf(key), kept({ size: 4, cache_control: "no-store" }));
  await remove(key);
});
