import { z } from "zod";
import { ApiError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { StorageQuestion, Supabase } from "../supabase.ts";

/** What one ranged GET says of an object. */
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
  const { code, statusCode } = storageError.safeParse(error).data ?? {};
  return code === "NoSuchKey" || statusCode === "404";
}

/** Whether an error of Storage says that the object is there already. */
export function saysDuplicate(error: unknown): boolean {
  const { code, statusCode } = storageError.safeParse(error).data ?? {};
  return code === "KeyAlreadyExists" || statusCode === "409";
}

/** A signed URL as whoever is outside can use it: Storage names its own, internal origin. */
export function onOrigin(origin: string, signedUrl: string): string {
  const { pathname, search } = new URL(signedUrl);
  return origin + pathname + search;
}

/** Where an object lies, and until when it is asked for. */
type Located = { bucket: string; key: string; signal?: AbortSignal };

type Ask = Pick<Supabase["storage"], "ask">;

/** Puts a question; no answer is a Storage that is away. */
async function ask<Taken>(
  storage: Ask,
  question: StorageQuestion,
  take: (response: Response) => Promise<Taken>,
): Promise<Taken> {
  try {
    return await storage.ask(question, take);
  } catch (cause) {
    throw storageUnavailable(cause);
  }
}

/** Status and body of an answer that is JSON; null for a body that is none. */
const asJson = async (response: Response): Promise<{ ok: boolean; status: number; body: unknown }> => {
  const { ok, status } = response;
  return { ok, status, body: parseJson(await response.text()) ?? null };
};

const statusOf = (status: number) => storageUnavailable(new Error(`status ${status}`));

/** Signs, and gives the URL on an origin; null when there is no such object. */
async function signedPath(
  storage: Ask,
  question: StorageQuestion,
  expected: { origin: string; answer: z.ZodType<string> },
): Promise<string | null> {
  const { ok, status, body } = await ask(storage, question, asJson);
  if (!ok) {
    if (saysMissing(body)) return null;
    throw statusOf(status);
  }
  const path = expected.answer.safeParse(body);
  if (!path.success) throw storageUnavailable(path.error);
  return onOrigin(expected.origin, new URL(`/storage/v1${path.data}`, expected.origin).href);
}

const download = z.object({ signedURL: z.string() }).transform(({ signedURL }) => signedURL);
const upload = z.object({ url: z.string() }).transform(({ url }) => url);

/**
 * A URL on `origin` where an object can be read for `seconds`; null when it is not there.
 * @throws {ApiError} storage_unavailable
 */
export function signDownload(
  storage: Ask,
  { bucket, key, signal, seconds, origin }: Located & { seconds: number; origin: string },
): Promise<string | null> {
  const question = {
    method: "POST",
    of: `sign/${bucket}`,
    key,
    body: { expiresIn: seconds },
    signal,
  } as const;
  return signedPath(storage, question, { origin, answer: download });
}

/**
 * A URL on `origin` to which an object can be PUT, good for two hours (Storage's own, fixed).
 * @throws {ApiError} storage_unavailable
 */
export async function signUpload(
  storage: Ask,
  { bucket, key, origin, signal }: Located & { origin: string; signal?: AbortSignal },
): Promise<string> {
  const question = { method: "POST", of: `upload/sign/${bucket}`, key, body: {}, signal } as const;
  const url = await signedPath(storage, question, { origin, answer: upload });
  if (url === null) throw statusOf(404);
  return url;
}

/**
 * Reads a body and counts it, whatever its headers say of its length.
 * @param keep how many of its first bytes are kept
 * @param most where it is left: of a body longer than that, it is enough to know so
 */
async function readCounted(
  response: Response,
  { keep, most = Infinity }: { keep: number; most?: number },
): Promise<{ bytes: Uint8Array; count: number }> {
  const bytes = new Uint8Array(keep);
  let count = 0;
  for await (const chunk of response.body ?? []) {
    if (count < keep) bytes.set(chunk.subarray(0, keep - count), count);
    count += chunk.byteLength;
    if (count > most) break;
  }
  return { bytes: bytes.subarray(0, Math.min(count, keep)), count };
}

/**
 * What there is to know about an object, in one request; null when it is not there.
 * @param rangeBytes how much of its beginning is read
 * @throws {ApiError} storage_unavailable
 */
export async function inspectObject(
  storage: Ask,
  { bucket, key, signal, rangeBytes }: Located & { rangeBytes: number },
): Promise<InspectedObject | null> {
  const headers = { Range: `bytes=0-${rangeBytes - 1}` };
  const question: StorageQuestion = { method: "GET", of: bucket, key, headers, signal };
  const { status, ...answer } = await ask(storage, question, async (response) => ({
    status: response.status,
    headers: response.headers,
    ...(response.ok
      ? { error: null, ...await readCounted(response, { keep: rangeBytes }) }
      : { error: (await asJson(response)).body, bytes: new Uint8Array(), count: 0 }),
  }));
  if (status !== 200 && status !== 206 && status !== 416) {
    if (saysMissing(answer.error)) return null;
    throw statusOf(status);
  }
  const total = /\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1];
  return {
    // Without a range the answer is the whole object, which Storage sends for small ones behind some caches.
    sizeBytes: status !== 206 || total === undefined ? answer.count : Number(total),
    contentType: (answer.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    etag: answer.headers.get("etag"),
    firstBytes: answer.bytes,
  };
}

/**
 * The bytes of an object, or those from `start` on, of which there must be `length`.
 * @throws {ApiError} storage_unavailable
 */
export async function readObject(
  storage: Ask,
  { bucket, key, signal, start, length }: Located & { start?: number; length: number },
): Promise<Uint8Array> {
  const headers: Record<string, string> = start === undefined
    ? {}
    : { Range: `bytes=${start}-${start + length - 1}` };
  const question: StorageQuestion = { method: "GET", of: bucket, key, headers, signal };
  const { status, bytes, isLonger } = await ask(storage, question, async (response) => {
    const { status } = response;
    if (!response.ok) {
      await response.body?.cancel();
      return { status, bytes: new Uint8Array(), isLonger: false };
    }
    // Without a range the answer is the whole object, as above.
    const skip = status === 206 ? 0 : start ?? 0;
    const end = skip + length;
    const { bytes, count } = await readCounted(response, { keep: end, most: end });
    const isPart = start !== undefined && status !== 206;
    return { status, bytes: bytes.subarray(skip), isLonger: !isPart && count > end };
  });
  if (status !== 200 && status !== 206) throw statusOf(status);
  if (isLonger || bytes.byteLength !== length) {
    throw storageUnavailable(new Error("not the bytes that were asked for"));
  }
  return bytes;
}

/**
 * Removes objects for good and returns how many went; those that are gone already are no error.
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
