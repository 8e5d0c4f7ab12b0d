import { z } from "zod";
import { ApiError } from "../errors.ts";
import type { Supabase } from "../supabase.ts";

/** What one ranged GET tells of an object. */
export type InspectedObject = {
  sizeBytes: number;
  /** As it was declared at the upload, without parameters, in lower case. */
  contentType: string;
  etag: string | null;
  firstBytes: Uint8Array;
};

/** Hosted Storage answers 400 for every error; what it means stands in the body. */
const storageError = z.object({ statusCode: z.coerce.string().optional(), code: z.string().optional() });

/** Storage did not do what it was asked, for a reason that may pass. */
export function storageUnavailable(cause: unknown): ApiError {
  return new ApiError(
    "storage_unavailable",
    "The audio storage is not available right now. Try again shortly.",
    { retryAfterSeconds: 5, cause },
  );
}

/** Whether an error of Storage says that there is no such object. */
export function saysMissing(error: unknown): boolean {
  const told = storageError.safeParse(error);
  return told.success && (told.data.code === "NoSuchKey" || told.data.statusCode === "404");
}

/** Whether an error of Storage says that the object is there already. */
export function saysDuplicate(error: unknown): boolean {
  const told = storageError.safeParse(error);
  return told.success && (told.data.code === "KeyAlreadyExists" || told.data.statusCode === "409");
}

/** A signed URL as whoever is outside can use it: Storage names its own, internal origin. */
export function onOrigin(origin: string, signedUrl: string): string {
  const { pathname, search } = new URL(signedUrl);
  return origin + pathname + search;
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(
    await response.arrayBuffer().catch((cause) => {
      throw storageUnavailable(cause);
    }),
  );
}

type Located = { bucket: string; key: string; signal?: AbortSignal };

function get(storage: Supabase["storage"], at: Located, headers: Record<string, string>): Promise<Response> {
  return storage.get(at.bucket, at.key, headers, at.signal).catch((cause) => {
    throw storageUnavailable(cause);
  });
}

/**
 * What there is to know about an object, in one request; null when it is not there.
 * @param rangeBytes how much of its beginning is read
 * @throws {ApiError} storage_unavailable
 */
export async function inspectObject(
  storage: Supabase["storage"],
  at: Located & { rangeBytes: number },
): Promise<InspectedObject | null> {
  const response = await get(storage, at, { Range: `bytes=0-${at.rangeBytes - 1}` });
  const isEmpty = response.status === 416;
  if (!response.ok && !isEmpty) {
    if (saysMissing(await response.json().catch(() => null))) return null;
    throw storageUnavailable(new Error(`status ${response.status}`));
  }
  const bytes = await bytesOf(response);
  const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
  return {
    // Without a range the answer is the whole object, which Storage sends for small ones behind some caches.
    sizeBytes: isEmpty ? 0 : total === undefined ? bytes.byteLength : Number(total),
    contentType: (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    etag: response.headers.get("etag"),
    firstBytes: isEmpty ? new Uint8Array() : bytes.subarray(0, at.rangeBytes),
  };
}

/**
 * The bytes of an object, or those from `start` on, of which there must be `length`.
 * @throws {ApiError} storage_unavailable
 */
export async function readObject(
  storage: Supabase["storage"],
  at: Located & { start?: number; length: number },
): Promise<Uint8Array> {
  const { start, length } = at;
  const range: Record<string, string> = start === undefined
    ? {}
    : { Range: `bytes=${start}-${start + length - 1}` };
  const response = await get(storage, at, range);
  if (!response.ok) {
    await response.body?.cancel();
    throw storageUnavailable(new Error(`status ${response.status}`));
  }
  const answered = await bytesOf(response);
  // Without a range the answer is the whole object, as above.
  const bytes = response.status === 206 || start === undefined
    ? answered
    : answered.subarray(start, start + length);
  if (bytes.byteLength !== length) {
    throw storageUnavailable(new Error("not the bytes that were asked for"));
  }
  return bytes;
}

/**
 * Removes objects for good and tells how many went; those that are gone already are no error.
 * @throws {ApiError} storage_unavailable
 */
export async function removeObjects(
  storage: Pick<Supabase["storage"], "from">,
  { bucket, keys }: { bucket: string; keys: string[] },
): Promise<number> {
  const { data, error } = await storage.from(bucket).remove(keys);
  if (error) throw storageUnavailable(error);
  return data.length;
}
