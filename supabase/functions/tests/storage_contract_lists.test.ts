// Lists, removals, copies and buckets, as recorded from storage-api.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  clip,
  keyed,
  newKey,
  postJson,
  remove,
  storage,
  told,
  uploadedTo,
} from "../../../tools/testkit/harness/storage.ts";

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
  for (const key of keys) await uploadedTo(key);
  return { root, keys, clear: () => Promise.all(keys.map(remove)) };
}

const namesOf = async (response: Response) =>
  z.array(entry).parse(await response.json()).map(({ name }) => name);

Deno.test("a list tells folders first, in either order", async () => {
  const { root, clear } = await folder();
  for (const [order, names] of [["asc", ["a", "b", "-top.wav"]], ["desc", ["b", "a", "-top.wav"]]] as const) {
    const response = await postJson("/object/list/references", {
      prefix: root,
      sortBy: { column: "name", order },
    });
    assert.deepEqual(await namesOf(response), names);
  }
  const page = await postJson("/object/list/references", { prefix: root, limit: 1, offset: 1 });
  assert.deepEqual(await namesOf(page), ["b"]);
  await clear();
});

const listed = z.strictObject({
  hasNext: z.boolean(),
  nextCursor: z.string().optional(),
  folders: z.array(z.strictObject({ key: z.string(), name: z.string(), ...none })),
  objects: z.array(z.strictObject({ key: z.string(), name: z.string(), id: z.uuid(), ...times, metadata })),
});
const listV2 = async (body: unknown) =>
  listed.parse(await (await postJson("/object/list-v2/references", body)).json());
const namesV2 = ({ folders, objects }: z.infer<typeof listed>) => ({
  folders: folders.map(({ key, name }) => [key, name]),
  objects: objects.map(({ key, name }) => [key, name]),
});

Deno.test("list-v2 tells folders and objects apart, by whole names", async () => {
  const { root, clear } = await folder();
  const answer = await listV2({ prefix: `${root}/`, with_delimiter: true, limit: 100 });
  assert.equal(answer.hasNext, false);
  assert.deepEqual(namesV2(answer), {
    folders: [["a", `${root}/a/`], ["b", `${root}/b/`]],
    objects: [["-top.wav", `${root}/-top.wav`]],
  });
  await clear();
});

Deno.test("list-v2 goes on from where it stopped", async () => {
  const { root, clear } = await folder();
  const first = await listV2({ prefix: `${root}/`, with_delimiter: true, limit: 2 });
  assert.equal(first.hasNext, true);
  const second = await listV2({
    prefix: `${root}/`,
    with_delimiter: true,
    limit: 2,
    cursor: first.nextCursor,
  });
  assert.equal(second.hasNext, false);
  const names = [first, second].flatMap(({ folders, objects }) =>
    [...folders, ...objects].map(({ name }) => name)
  );
  assert.deepEqual(names.toSorted(), [`${root}/-top.wav`, `${root}/a/`, `${root}/b/`]);
  await clear();
});

Deno.test("a removal tells the rows that went, each once", async () => {
  const { root, keys: [top = "", one = "", two = ""] } = await folder();
  const drop = async (prefixes: unknown) => {
    const response = await keyed("/object/references", {
      method: "DELETE",
      body: JSON.stringify({ prefixes }),
      headers: { "content-type": "application/json" },
    });
    return z.array(row).parse(await response.json()).map(({ name }) => name);
  };
  assert.deepEqual((await drop([one, two, `${root}/none.wav`])).toSorted(), [one, two]);
  assert.deepEqual(await drop([top, top]), [top]);
  assert.deepEqual(await drop([top]), []);
});

Deno.test("a removal takes one name for a list of one", async () => {
  const key = newKey();
  await uploadedTo(key);
  const { status, body } = await told(
    await keyed("/object/references", {
      method: "DELETE",
      body: JSON.stringify({ prefixes: key }),
      headers: { "content-type": "application/json" },
    }),
  );
  assert.equal(status, 200);
  assert.deepEqual(z.array(row).parse(body).map(({ name }) => name), [key]);
});

Deno.test("a copy answers the new row, a move that it moved", async () => {
  const key = newKey();
  await uploadedTo(key);
  const copied = z.strictObject({ Key: z.string(), Id: z.uuid(), ...row.shape }).parse(
    await (await postJson("/object/copy", {
      bucketId: "references",
      sourceKey: key,
      destinationKey: `${key}.2`,
    })).json(),
  );
  assert.deepEqual([copied.Key, copied.name, copied.Id], [`references/${key}.2`, `${key}.2`, copied.id]);
  const moved = await told(
    await postJson("/object/move", {
      bucketId: "references",
      sourceKey: `${key}.2`,
      destinationKey: `${key}.3`,
    }),
  );
  assert.deepEqual(moved, { status: 200, body: { message: "Successfully moved" } });
  await remove(key);
  await remove(`${key}.3`);
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

Deno.test("a bucket tells its rules, and in a list its type", async () => {
  const references = bucket.parse(await (await keyed("/bucket/references")).json());
  assert.equal(references.file_size_limit, 10 * 1024 * 1024);
  const all = z.array(bucket.extend({ type: z.literal("STANDARD") })).parse(
    await (await keyed("/bucket")).json(),
  );
  assert.deepEqual(all.map(({ id }) => id).toSorted(), ["generations", "references"]);
});

/** Names with characters that a URL writes otherwise. */
for (const name of ["a b&c.wav", "d@e=f+g,h.wav", "i:j;k$l.wav", "(m)*'n!.wav"]) {
  Deno.test(`an object called '${name}' can be stored, told, listed, signed and removed`, async () => {
    const folder = crypto.randomUUID();
    const key = `${folder}/${name}`;
    const path = `/references/${folder}/${encodeURIComponent(name)}`;
    const stored = await keyed(`/object${path}`, {
      method: "POST",
      body: clip,
      headers: { "content-type": "audio/wav" },
    });
    assert.equal(z.object({ Key: z.string() }).parse(await stored.json()).Key, `references/${key}`);
    const info = await keyed(`/object/info${path}`);
    assert.equal(z.object({ name: z.string() }).parse(await info.json()).name, key);
    const listed = await postJson("/object/list/references", { prefix: folder });
    assert.deepEqual(await namesOf(listed), [name]);
    const signed = await postJson(`/object/sign${path}`, { expiresIn: 60 });
    const { signedURL } = z.object({ signedURL: z.string() }).parse(await signed.json());
    const read = await fetch(storage + signedURL);
    assert.deepEqual(new Uint8Array(await read.arrayBuffer()), clip);
    await remove(key);
    assert.deepEqual(await namesOf(await postJson("/object/list/references", { prefix: folder })), []);
  });
}
