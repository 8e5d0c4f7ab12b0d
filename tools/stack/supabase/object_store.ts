import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import type { App } from "@supabase/lite";
import { removeIfThere } from "../process/private_file.ts";

/** The package's storage adapter, an interface that it does not export by name, over a folder of the stack's own. */
export type ObjectStore = NonNullable<App["_storageAdapter"]> & {
  /** Opens an object's bytes for reading; the caller closes the file. Throws `Deno.errors.NotFound` when there are none. */
  open(bucket: string, key: string): Promise<Deno.FsFile>;
};

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  if (body instanceof ReadableStream) return new Uint8Array(await new Response(body).arrayBuffer());
  throw new TypeError("An object's body is bytes or a stream of bytes.");
}

/**
 * Keeps each object in one file named by the hash of its bucket and key, so that no key can name a place outside the folder.
 * A file appears whole or not at all. ETags are the MD5 of the bytes
 * in double quotes, as S3 gives them; they are returned at upload and kept in the object's row.
 */
export function createObjectStore(folder: string): ObjectStore {
  const pathOf = (bucket: string, key: string) =>
    join(folder, createHash("sha256").update(`${bucket}\0${key}`).digest("hex"));

  async function write(bucket: string, key: string, bytes: Uint8Array): Promise<string> {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const path = pathOf(bucket, key);
    const temporary = join(folder, `${basename(path)}.${crypto.randomUUID()}.tmp`);
    await Deno.writeFile(temporary, bytes, { mode: 0o600 });
    await Deno.rename(temporary, path);
    return `"${createHash("md5").update(bytes).digest("hex")}"`;
  }

  async function describe(bucket: string, key: string) {
    const { size, mtime } = await Deno.stat(pathOf(bucket, key));
    return {
      cacheControl: "no-cache",
      contentLength: size,
      size,
      mimetype: "application/octet-stream",
      lastModified: mtime ?? new Date(0),
      eTag: "",
    };
  }

  return {
    driver: null,
    open: (bucket, key) => Deno.open(pathOf(bucket, key), { read: true }),
    async getObject(bucket, key) {
      const metadata = await describe(bucket, key);
      return { httpStatusCode: 200, metadata, body: (await Deno.open(pathOf(bucket, key))).readable };
    },
    async uploadObject(bucket, key, _version, body, contentType, cacheControl) {
      const bytes = await bytesOf(body);
      const eTag = await write(bucket, key, bytes);
      return {
        cacheControl,
        contentLength: bytes.length,
        size: bytes.length,
        mimetype: contentType,
        lastModified: new Date(),
        eTag,
        httpStatusCode: 200,
      };
    },
    deleteObject: (bucket, key) => removeIfThere(pathOf(bucket, key)),
    async deleteObjects(bucket, keys) {
      for (const key of keys) await removeIfThere(pathOf(bucket, key));
    },
    async copyObject(bucket, key, _version, toBucket, toKey) {
      const eTag = await write(toBucket, toKey, await Deno.readFile(pathOf(bucket, key)));
      return { httpStatusCode: 200, eTag, lastModified: new Date() };
    },
    headObject: describe,
    privateAssetUrl: (bucket, key) => Promise.resolve(`file://${pathOf(bucket, key)}`),
  };
}
