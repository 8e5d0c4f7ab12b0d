import type { ObjectStore } from "../object_store.ts";
import { invalidRange, noSuchKey } from "./storage_errors.ts";
import type { ObjectRow } from "./storage_rows.ts";

/** Offsets of the first and the last byte. */
type ByteRange = { first: number; last: number };

/**
 * Reads a `Range` header for an object of `size` bytes: the range, `invalid` where there is no such part or the header is not
 * understood, as hosted Storage has it (several ranges are not), or null where there is none and the whole object is meant.
 */
export function parseRange(header: string | null, size: number): ByteRange | "invalid" | null {
  if (header === null) return null;
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "invalid" : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? "invalid" : { first, last };
}

function limited(length: number): TransformStream<Uint8Array, Uint8Array> {
  let left = length;
  return new TransformStream({
    transform(chunk, controller) {
      if (left > 0) controller.enqueue(chunk.subarray(0, left));
      left -= chunk.length;
      if (left <= 0) controller.terminate();
    },
  });
}

/**
 * Answers a GET or HEAD of an object as hosted Storage does: 200, 206 for a range, 304, or 416.
 * @param isSigned by a signed URL: then without headers for caches and robots
 */
export async function downloadAnswer(
  { request, row, objects, isSigned }: {
    request: Request;
    row: ObjectRow;
    objects: ObjectStore;
    isSigned: boolean;
  },
): Promise<Response> {
  const { size, eTag, mimetype, cacheControl, lastModified } = row.metadata;
  const headers = new Headers({
    "content-type": mimetype,
    ...(isSigned ? {} : { "cache-control": cacheControl, "x-robots-tag": "none" }),
    etag: eTag,
    "last-modified": new Date(lastModified).toUTCString(),
    "accept-ranges": "bytes",
  });
  if (request.headers.get("if-none-match") === eTag) return new Response(null, { status: 304, headers });

  const range = parseRange(request.headers.get("range"), size);
  if (range === "invalid") throw invalidRange();
  const length = range ? range.last - range.first + 1 : size;
  if (range) headers.set("content-range", `bytes ${range.first}-${range.last}/${size}`);
  headers.set("content-length", `${length}`);
  const status = range ? 206 : 200;
  if (request.method === "HEAD") return new Response(null, { status, headers });
  try {
    const file = await objects.open(row.bucket_id, row.name);
    if (range) await file.seek(range.first, Deno.SeekMode.Start);
    return new Response(file.readable.pipeThrough(limited(length)), { status, headers });
  } catch (error) {
    throw error instanceof Deno.errors.NotFound ? noSuchKey() : error;
  }
}
