import { z } from "zod";
import type { Bytes } from "../bytes.ts";
import { type ApiError, standardError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { StorageQuestion, Supabase } from "../supabase.ts";

/** The first bytes of an object that `inspect` reads: the header of any WAV, and of an M4A or MP3 made for streaming. */
const FIRST_BYTES = 65_536;

/** The properties of an object, from one ranged GET. */
export type InspectedObject = {
  sizeBytes: number;
  /** As declared at the upload, without parameters, in lower case. */
  contentType: string;
  etag: string | null;
  firstBytes: Uint8Array;
};

/** Hosted Storage answers 400 to every error; the body holds the actual one. */
const storageError = z.object({ statusCode: z.coerce.string().optional(), code: z.string().optional() });

export function storageUnavailable(cause: unknown): ApiError {
  return standardError("storage_unavailable", cause);
}

const isStorageError = (error: unknown, named: { code: string; statusCode: string }) => {
  const { code, statusCode } = storageError.safeParse(error).data ?? {};
  return code === named.code || statusCode === named.statusCode;
};
const saysMissing = (error: unknown) => isStorageError(error, { code: "NoSuchKey", statusCode: "404" });
const saysDuplicate = (error: unknown) =>
  isStorageError(error, { code: "KeyAlreadyExists", statusCode: "409" });

/** A signed URL on another origin: Storage names its internal one. */
export function onOrigin(origin: string, signedUrl: string): string {
  const { pathname, search } = new URL(signedUrl);
  return origin + pathname + search;
}

/** The response with its JSON body; null for a body that is not JSON. */
const asJson = async (response: Response): Promise<{ ok: boolean; status: number; body: unknown }> => {
  const { ok, status } = response;
  return { ok, status, body: parseJson(await response.text()) ?? null };
};

const statusOf = (status: number) => storageUnavailable(new Error(`status ${status}`));

const download = z.object({ signedURL: z.string() }).transform(({ signedURL }) => signedURL);
const upload = z.object({ url: z.string() }).transform(({ url }) => url);

/**
 * Reads a body and counts its bytes, whatever its headers claim.
 * @param keep how many of the first bytes to keep
 * @param most stops reading after more than this
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
 * The requests to one bucket. Each throws an ApiError `storage_unavailable`.
 * @param options.publicUrl the origin of signed URLs, which browsers and the provider can reach
 */
export function createBucket(
  { storage, bucket, publicUrl }: { storage: Supabase["storage"]; bucket: string; publicUrl: string },
) {
  const ask = async <Taken>(question: StorageQuestion, take: (response: Response) => Promise<Taken>) => {
    try {
      return await storage.ask(question, take);
    } catch (cause) {
      throw storageUnavailable(cause);
    }
  };

  const sign = async (
    question: Omit<StorageQuestion, "method">,
    answer: z.ZodType<string>,
  ): Promise<string | null> => {
    const { ok, status, body } = await ask({ method: "POST", ...question }, asJson);
    if (!ok) {
      if (saysMissing(body)) return null;
      throw statusOf(status);
    }
    const path = answer.safeParse(body);
    if (!path.success) throw storageUnavailable(path.error);
    return onOrigin(publicUrl, new URL(`/storage/v1${path.data}`, publicUrl).href);
  };

  return {
    /** A URL to read an object for `seconds`; null if there is no such object. */
    signDownload: (key: string, seconds: number, signal?: AbortSignal): Promise<string | null> =>
      sign({ of: `sign/${bucket}`, key, body: { expiresIn: seconds }, signal }, download),

    /** A URL to PUT an object, valid for two hours (fixed by Storage). */
    async signUpload(key: string, signal?: AbortSignal): Promise<string> {
      const url = await sign({ of: `upload/sign/${bucket}`, key, body: {}, signal }, upload);
      if (url === null) throw statusOf(404);
      return url;
    },

    /** Stores an object; one that exists stays unchanged. */
    async store(key: string, bytes: Bytes, contentType: string): Promise<"stored" | "there_already"> {
      const { error } = await storage.from(bucket).upload(key, bytes, {
        contentType,
        // Deno's fetch repeats an upload on its own when a kept-alive connection breaks.
        headers: { Connection: "close" },
      });
      if (error && !saysDuplicate(error)) throw storageUnavailable(error);
      return error ? "there_already" : "stored";
    },

    /** The properties and first bytes of an object, in one request; null if there is no such object. */
    async inspect(key: string, signal?: AbortSignal): Promise<InspectedObject | null> {
      const headers = { Range: `bytes=0-${FIRST_BYTES - 1}` };
      const { status, ...answer } = await ask(
        { method: "GET", of: bucket, key, headers, signal },
        async (response) => ({
          status: response.status,
          headers: response.headers,
          ...(response.ok
            ? { error: null, ...await readCounted(response, { keep: FIRST_BYTES }) }
            : { error: (await asJson(response)).body, bytes: new Uint8Array(), count: 0 }),
        }),
      );
      if (status !== 200 && status !== 206 && status !== 416) {
        if (saysMissing(answer.error)) return null;
        throw statusOf(status);
      }
      const total = /\/(\d+)$/.exec(answer.headers.get("content-range") ?? "")?.[1];
      return {
        // Behind some caches Storage sends small objects whole, without a range.
        sizeBytes: status !== 206 || total === undefined ? answer.count : Number(total),
        contentType: (answer.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
        etag: answer.headers.get("etag"),
        firstBytes: answer.bytes,
      };
    },

    /** The bytes of an object, or those from `start` on, which must be `length` bytes. */
    async read(
      key: string,
      { start, length, signal }: { start?: number; length: number; signal: AbortSignal },
    ): Promise<Uint8Array> {
      const headers: Record<string, string> = start === undefined
        ? {}
        : { Range: `bytes=${start}-${start + length - 1}` };
      const { status, bytes, isLonger } = await ask(
        { method: "GET", of: bucket, key, headers, signal },
        async (response) => {
          const { status } = response;
          if (!response.ok) {
            await response.body?.cancel();
            return { status, bytes: new Uint8Array(), isLonger: false };
          }
          const skip = status === 206 ? 0 : start ?? 0;
          const end = skip + length;
          const { bytes, count } = await readCounted(response, { keep: end, most: end });
          const isPart = start !== undefined && status !== 206;
          return { status, bytes: bytes.subarray(skip), isLonger: !isPart && count > end };
        },
      );
      if (status !== 200 && status !== 206) throw statusOf(status);
      if (isLonger || bytes.byteLength !== length) {
        throw storageUnavailable(new Error("not the requested bytes"));
      }
      return bytes;
    },

    /** Removes objects and returns how many; a missing one is no error. */
    async remove(keys: string[]): Promise<number> {
      const { data, error } = await storage.from(bucket).remove(keys);
      if (error) throw storageUnavailable(error);
      return data.length;
    },
  };
}
