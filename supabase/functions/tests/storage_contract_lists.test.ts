// Lists, removals, copies and buckets, as recorded from storage-api.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  bytesOf,
  clip,
  keyed,
  keyedJson,
  ownKey,
  signDownload,
  told,
  uploaded,
} from "../../../tools/testkit/harness/storage_contract.ts";

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
const none = {
  id: z.null(),
  created_at: z.null(),
  updated_at: z.null(),
  last_accessed_at: z.null(),
  metadata: z.null(),
};
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

/** Removes what this names; the names of the rows that went. */
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
    const headers = { "content-type": "audio/wav" };
    const stored = await keyed(`/object${path}`, { method: "POST", body: clip, headers });
    assert.equal(z.object({ Key: z.string() }).parse(await stored.json()).Key, `references/${key}`);
    const info = await keyed(`/object/info${path}`);
    assert.equal(z.object({ name: z.string() }).parse(await info.json()).name, key);
    assert.deepEqual(await namesIn({ prefix: folder }), [name]);
    assert.deepEqual(
      await bytesOf(await fetch(await signDownload(`${folder}/${encodeURIComponent(name)}`))),
      clip,
    );
    assert.deepEqual(await drop([key]), [key]);
    assert.deepEqual(await namesIn({ prefix: folder }), []);
  });
}
