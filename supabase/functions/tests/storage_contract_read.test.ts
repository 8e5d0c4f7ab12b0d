// Reading, listing, copying and removing in Storage, as recorded from hosted Storage and storage-api.
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
  ownKey,
  put,
  refusal,
  remove,
  signDownload,
  signUpload,
  storage,
  told,
  uploaded,
} from "../../../tools/testkit/harness/storage_contract.ts";

const HEADERS = "content-type content-length content-range accept-ranges cache-control x-robots-tag".split(
  " ",
);

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

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const metadata = z.strictObject({
  eTag: z.string().regex(/^"[0-9a-f]{32}"$/),
  size: z.literal(60_000),
  mimetype: z.literal("audio/wav"),
  cacheControl: z.literal("no-cache"),
  lastModified: time,
  contentLength: z.literal(60_000),
  httpStatusCode: z.literal(200),
});
const times = { created_at: time, updated_at: time, last_accessed_at: time };
const nil = z.null();
const none = { id: nil, created_at: nil, updated_at: nil, last_accessed_at: nil, metadata: nil };
const entry = z.union([
  z.strictObject({ name: z.string(), ...none }),
  z.strictObject({ name: z.string(), id: z.uuid(), ...times, metadata }),
]);
const row = z.strictObject({
  name: z.string(),
  bucket_id: z.literal("references"),
  owner: z.literal(""),
  owner_id: z.literal(""),
  version: z.uuid(),
  id: z.uuid(),
  ...times,
  metadata,
  user_metadata: z.strictObject({}),
});

/** A folder with two folders and a file whose name sorts before theirs. */
async function folder() {
  const root = crypto.randomUUID();
  const keys = [`${root}/-top.wav`, `${root}/a/one.wav`, `${root}/b/two.wav`];
  const objects = await Promise.all(keys.map((key) => uploaded(clip, key)));
  return {
    root,
    keys,
    [Symbol.asyncDispose]: async () =>
      void await Promise.all(objects.map((object) => object[Symbol.asyncDispose]())),
  };
}

async function list(body: Record<string, unknown>) {
  const response = await keyedJson("/object/list/references", body);
  assert.equal(response.status, 200);
  return z.array(entry).parse(await response.json());
}
const namesIn = async (body: Record<string, unknown>) => (await list(body)).map(({ name }) => name);

Deno.test("a list gives folders first, in either order", async () => {
  await using inside = await folder();
  const prefix = inside.root;
  for (const [order, names] of [["asc", ["a", "b", "-top.wav"]], ["desc", ["b", "a", "-top.wav"]]] as const) {
    assert.deepEqual(await namesIn({ prefix, sortBy: { column: "name", order } }), names);
  }
  assert.deepEqual(await namesIn({ prefix, limit: 1, offset: 1 }), ["b"]);
});

Deno.test("a list names objects relative to the prefix, one level deep", async () => {
  await using object = await uploaded();
  const [user = "", voice = ""] = object.key.split("/");
  assert.deepEqual(await namesIn({ prefix: `${user}/${voice}` }), ["reference.wav"]);
  assert.deepEqual((await list({ prefix: user })).map(({ name, id }) => [name, id]), [[voice, null]]);
  assert.deepEqual(await list({ prefix: `${user}/${voice.slice(0, -1)}` }), []);
});

const listed = z.strictObject({
  hasNext: z.boolean(),
  nextCursor: z.string().optional(),
  folders: z.array(z.strictObject({ key: z.string(), name: z.string(), ...none })),
  objects: z.array(z.strictObject({ key: z.string(), name: z.string(), id: z.uuid(), ...times, metadata })),
});
const listV2 = async (root: string, more: Record<string, unknown> = {}) => {
  const body = { prefix: `${root}/`, with_delimiter: true, ...more };
  return listed.parse(await (await keyedJson("/object/list-v2/references", body)).json());
};

Deno.test("list-v2 gives folders and objects apart, by whole names", async () => {
  await using inside = await folder();
  const { root } = inside;
  const { hasNext, folders, objects } = await listV2(root, { limit: 100 });
  assert.equal(hasNext, false);
  assert.deepEqual(folders.map(({ key, name }) => [key, name]), [["a", `${root}/a/`], ["b", `${root}/b/`]]);
  assert.deepEqual(objects.map(({ key, name }) => [key, name]), [["-top.wav", `${root}/-top.wav`]]);
});

Deno.test("list-v2 goes on from where it stopped", async () => {
  await using inside = await folder();
  const { root } = inside;
  const first = await listV2(root, { limit: 2 });
  const second = await listV2(root, { limit: 2, cursor: first.nextCursor });
  assert.deepEqual([first.hasNext, second.hasNext], [true, false]);
  const found = [first, second].flatMap(({ folders, objects }) => [...folders, ...objects]);
  const names = found.map(({ name }) => name).toSorted();
  assert.deepEqual(names, [`${root}/-top.wav`, `${root}/a/`, `${root}/b/`]);
});

async function drop(prefixes: unknown): Promise<string[]> {
  const { status, body } = await told(await keyedJson("/object/references", { prefixes }, "DELETE"));
  assert.equal(status, 200);
  return z.array(row).parse(body).map(({ name }) => name);
}

Deno.test("a removal answers the rows that went, each once; it takes one name for a list of one", async () => {
  await using inside = await folder();
  const { root, keys: [top = "", one = "", two = ""] } = inside;
  assert.deepEqual((await drop([one, two, `${root}/none.wav`])).toSorted(), [one, two]);
  assert.deepEqual(await drop([top, top]), [top]);
  assert.deepEqual(await drop([top]), []);
  await using object = await uploaded();
  assert.deepEqual(await drop(object.key), [object.key]);
});

Deno.test("a copy answers the new row, a move that it moved", async () => {
  await using object = await uploaded();
  const [second, third] = [`${object.key}.2`, `${object.key}.3`];
  await using _moved = ownKey(third);
  const send = (action: string, sourceKey: string, destinationKey: string) =>
    keyedJson(`/object/${action}`, { bucketId: "references", sourceKey, destinationKey });
  const copied = z.strictObject({ Key: z.string(), Id: z.uuid(), ...row.shape })
    .parse(await (await send("copy", object.key, second)).json());
  assert.deepEqual([copied.Key, copied.name, copied.Id], [`references/${second}`, second, copied.id]);
  const moved = await told(await send("move", second, third));
  assert.deepEqual(moved, { status: 200, body: { message: "Successfully moved" } });
});

const bucket = z.strictObject({
  id: z.enum(["references", "generations"]),
  name: z.string(),
  owner: z.literal(""),
  public: z.literal(false),
  file_size_limit: z.int(),
  allowed_mime_types: z.array(z.string()),
  created_at: time,
  updated_at: time,
});

Deno.test("a bucket gives its rules, and in a list its type", async () => {
  const references = bucket.parse(await (await keyed("/bucket/references")).json());
  assert.equal(references.file_size_limit, 10 * 1024 * 1024);
  const all = z.array(bucket.extend({ type: z.literal("STANDARD") }))
    .parse(await (await keyed("/bucket")).json());
  assert.deepEqual(all.map(({ id }) => id).toSorted(), ["generations", "references"]);
});

/** Names with characters that a URL writes otherwise. */
for (const name of ["a b&c.wav", "d@e=f+g,h.wav", "i:j;k$l.wav", "(m)*'n!.wav"]) {
  Deno.test(`an object called '${name}' can be stored, described, listed, signed and removed`, async () => {
    const folder = crypto.randomUUID();
    await using object = ownKey(`${folder}/${name}`);
    const { key } = object;
    const path = `/references/${folder}/${encodeURIComponent(name)}`;
    const wav = { body: clip, headers: { "content-type": "audio/wav" } };
    const stored = await keyed(`/object${path}`, { method: "POST", ...wav });
    assert.equal(z.object({ Key: z.string() }).parse(await stored.json()).Key, `references/${key}`);
    const info = await keyed(`/object/info${path}`);
    assert.equal(z.object({ name: z.string() }).parse(await info.json()).name, key);
    assert.deepEqual(await namesIn({ prefix: folder }), [name]);
    const url = await signDownload(`${folder}/${encodeURIComponent(name)}`);
    assert.deepEqual(await bytesOf(await fetch(url)), clip);
    assert.deepEqual(await drop([key]), [key]);
    assert.deepEqual(await namesIn({ prefix: folder }), []);
  });
}
