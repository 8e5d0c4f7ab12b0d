// Reading, listing and removing in Storage, call by call, as recorded from hosted Storage and storage-api: headers, ranges
// and signed URLs.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  assertFailure,
  bytesOf,
  clip,
  keyed,
  keyedJson,
  newKey,
  noSuchKey,
  put,
  refusal,
  remove,
  signDownload,
  signUpload,
  storage,
  told,
  uploaded,
} from "../../../tools/testkit/harness/storage_contract.ts";

const HEADERS = [
  ...["content-type", "content-length", "content-range", "accept-ranges", "cache-control", "x-robots-tag"],
];

/** What must be there whatever its value is, and the values of the rest. */
async function headersOf(response: Response) {
  const { length } = await bytesOf(response);
  assert.match(response.headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
  assert.match(response.headers.get("last-modified") ?? "", / GMT$/);
  return {
    status: response.status,
    bytes: length,
    headers: HEADERS.map((name) => response.headers.get(name)),
  };
}

const whole = ["audio/wav", "60000", null, "bytes"];
const part = (range: string, length: string) => ["audio/wav", length, `bytes ${range}/60000`, "bytes"];
const withKey = ["no-cache", "none"];
const signed = [null, null];

for (const method of ["GET", "HEAD"]) {
  const answerOf = (status: number, bytes: number, headers: (string | null)[]) => ({
    status,
    bytes: method === "HEAD" ? 0 : bytes,
    headers,
  });

  Deno.test(`${method} with a key says how an object may be cached, and that robots keep out`, async () => {
    await using object = await uploaded();
    const path = `/object/references/${object.key}`;
    for (const at of [path, `/object/authenticated/references/${object.key}`]) {
      const answer = await headersOf(await keyed(at, { method }));
      assert.deepEqual(answer, answerOf(200, 60_000, [...whole, ...withKey]));
    }
    const ranged = await headersOf(await keyed(path, { method, headers: { range: "bytes=0-99" } }));
    assert.deepEqual(ranged, answerOf(206, 100, [...part("0-99", "100"), ...withKey]));
  });

  Deno.test(`${method} of a signed URL says neither`, async () => {
    await using object = await uploaded();
    const url = await signDownload(object.key);
    for (const download of ["", "&download=", "&download=x%20y.wav"]) {
      const answer = await headersOf(await fetch(url + download, { method }));
      assert.deepEqual(answer, answerOf(200, 60_000, [...whole, ...signed]));
    }
    const ranged = await headersOf(await fetch(url, { method, headers: { range: "bytes=5-9" } }));
    assert.deepEqual(ranged, answerOf(206, 5, [...part("5-9", "5"), ...signed]));
  });

  Deno.test(`${method} of what is known already answers 304`, async () => {
    await using object = await uploaded();
    const path = `/object/references/${object.key}`;
    const first = await keyed(path, { method });
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    await first.body?.cancel();
    // storage-api says that nothing follows, which Deno.serve leaves out.
    const without = async (response: Response) => {
      const { headers: [type, , ...rest], ...answer } = await headersOf(response);
      return { ...answer, headers: [type, ...rest] };
    };
    const expected = (...caching: (string | null)[]) =>
      answerOf(304, 0, ["audio/wav", null, "bytes", ...caching]);
    assert.deepEqual(await without(await keyed(path, { method, headers })), expected(...withKey));
    const bySignature = await fetch(await signDownload(object.key), { method, headers });
    assert.deepEqual(await without(bySignature), expected(...signed));
  });

  Deno.test(`${method} of info gives ETag, date and caching in headers too`, async () => {
    await using object = await uploaded();
    for (const between of ["", "/authenticated"]) {
      const response = await keyed(`/object/info${between}/references/${object.key}`, { method });
      const text = await response.text();
      const { headers } = response;
      assert.equal(response.status, 200);
      assert.equal(headers.get("content-type"), "application/json; charset=utf-8");
      assert.equal(headers.get("cache-control"), "no-cache");
      assert.match(headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
      assert.match(headers.get("last-modified") ?? "", / GMT$/);
      if (method === "GET") assert.equal(headers.get("content-length"), `${text.length}`);
      else assert(Number(headers.get("content-length")) > 300);
    }
  });
}

const PARTS = [
  ["bytes=0-10", 0, 10],
  ["bytes=59990-", 59_990, 59_999],
  ["bytes=-4", 59_996, 59_999],
  ["bytes=59990-99999", 59_990, 59_999],
  ["bytes=0-999999", 0, 59_999],
  ["bytes=-999999", 0, 59_999],
] as const;

for (const [range, first, last] of PARTS) {
  Deno.test(`a GET with ${range} answers 206 with that part, cut to the object, the size, the type and the ETag`, async () => {
    await using object = await uploaded();
    const path = `/object/references/${object.key}`;
    const expected = part(`${first}-${last}`, `${last - first + 1}`);
    const answer = await headersOf(await keyed(path, { headers: { range } }));
    assert.deepEqual(answer, { status: 206, bytes: last - first + 1, headers: [...expected, ...withKey] });
    assert.deepEqual(await bytesOf(await keyed(path, { headers: { range } })), clip.slice(first, last + 1));
  });
}

const invalidRange = refusal("416", "invalid_range", "InvalidRange", "invalid range provided", 416);
const NO_RANGES = [
  ...["bytes=60000-", "bytes=99999-100000", "bytes=-0", "bytes=5-2", "bytes=0-1,5-6", "bytes=abc", "bytes=-"],
  "items=0-1",
];

for (const range of NO_RANGES) {
  Deno.test(`the range '${range}' answers 416, with a key and by a signed URL`, async () => {
    await using object = await uploaded();
    const headers = { range };
    assert.deepEqual(await told(await keyed(`/object/references/${object.key}`, { headers })), invalidRange);
    assert.deepEqual(await told(await fetch(await signDownload(object.key), { headers })), invalidRange);
  });
}

Deno.test("a range of an object without bytes answers 416", async () => {
  await using object = await uploaded(new Uint8Array());
  const headers = { range: "bytes=0-10" };
  assert.equal((await told(await keyed(`/object/references/${object.key}`, { headers }))).status, 416);
});

Deno.test("a date and an ETag for the range are not looked at", async () => {
  await using object = await uploaded();
  const status = async (headers: Record<string, string>) =>
    (await headersOf(await keyed(`/object/references/${object.key}`, { headers }))).status;
  assert.equal(await status({ "if-modified-since": new Date(Date.now() + 60_000).toUTCString() }), 200);
  assert.equal(await status({ range: "bytes=0-9", "if-range": '"other"' }), 206);
});

for (const path of ["/object/references", "/object/info/references"]) {
  Deno.test(`a GET of ${path} for an object that is not there answers NoSuchKey`, async () => {
    await assertFailure(await keyed(`${path}/${newKey()}`, { headers: { range: "bytes=0-10" } }), noSuchKey);
  });
}

Deno.test("signing a download answers a URL relative to /storage/v1 that anybody can GET", async () => {
  await using object = await uploaded();
  const url = await signDownload(object.key);
  assert(url.startsWith(`${storage}/object/sign/references/${object.key}?token=`), url);
  const response = await fetch(url);
  assert.deepEqual([response.status, response.headers.get("content-type")], [200, "audio/wav"]);
  assert.deepEqual(await bytesOf(response), clip);
});

Deno.test("signing a download of an object that is not there is refused", async () => {
  await assertFailure(await keyedJson(`/object/sign/references/${newKey()}`, { expiresIn: 60 }), noSuchKey);
});

Deno.test("a signed URL that expired is refused", async () => {
  await using object = await uploaded();
  const url = await signDownload(object.key, 1);
  let response = await fetch(url);
  for (const deadline = Date.now() + 10_000; response.ok && Date.now() < deadline;) {
    await response.body?.cancel();
    response = await fetch(url);
  }
  const expired = refusal("400", "InvalidJWT", "InvalidJWT", '"exp" claim timestamp check failed');
  assert.deepEqual(await told(response), expired);
});

Deno.test("a signed URL opens one object for one purpose", async () => {
  await using object = await uploaded();
  await using other = await uploaded();
  const free = newKey();
  const [, download] = (await signDownload(object.key)).split("?");
  const upload = `token=${(await signUpload(free)).token}`;
  const refused: [method: string, path: string, message: string][] = [
    ["GET", `/object/sign/references/${other.key}?${download}`, "Invalid signature"],
    ["PUT", `/object/upload/sign/references/${object.key}?${upload}`, "Invalid signature"],
    ["PUT", `/object/upload/sign/references/${object.key}?${download}`, "Token is not scoped for upload"],
    ["GET", `/object/sign/references/${free}?${upload}`, "Token is not scoped for download"],
  ];
  for (const [method, path, message] of refused) {
    const response = await (method === "PUT" ? put(path, "RIFF") : fetch(storage + path));
    const expected = refusal("400", "InvalidSignature", "InvalidSignature", message);
    assert.deepEqual(await told(response), expected, path);
  }
});

const time = z.iso.datetime({ offset: true });
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
  last_modified: time,
  created_at: time,
});

Deno.test("info gives an object's size, type and ETag", async () => {
  await using object = await uploaded();
  const response = await keyed(`/object/info/references/${object.key}`);
  assert.equal(response.status, 200);
  const answer = info.parse(await response.json());
  assert.equal(answer.name, object.key);
  const download = await keyed(`/object/references/${object.key}`, { headers: { range: "bytes=0-0" } });
  assert.equal(answer.etag, download.headers.get("etag"));
  await download.body?.cancel();
});

Deno.test("a removed object is gone, and its key can be uploaded to again", async () => {
  await using object = await uploaded();
  await remove(object.key);
  await assertFailure(await keyed(`/object/references/${object.key}`), noSuchKey);
  await uploaded(clip, object.key);
});
