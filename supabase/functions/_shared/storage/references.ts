import { z } from "zod";
import { ApiError } from "../errors.ts";
import type { Supabase } from "../supabase.ts";
import type { Reference } from "../tts/provider.ts";

const BUCKET = "references";

/** The first bytes that finalize reads: enough for the header of any WAV and of an M4A or MP3 made for streaming. */
const FIRST_RANGE_BYTES = 65_536;

/** What one ranged GET tells of an uploaded reference. */
export type InspectedReference = {
  sizeBytes: number;
  /** As it was declared at the upload, without parameters, in lower case. */
  contentType: string;
  etag: string | null;
  firstBytes: Uint8Array;
};

export type References = ReturnType<typeof createReferences>;

const storageError = z.object({ statusCode: z.coerce.string().optional(), code: z.string().optional() });

function unavailable(cause: unknown): ApiError {
  return new ApiError(
    "storage_unavailable",
    "The audio storage is not available right now. Try again shortly.",
    {
      retryAfterSeconds: 5,
      cause,
    },
  );
}

function missing(): ApiError {
  return new ApiError("reference_missing", "Audio file not uploaded.");
}

function empty(): ApiError {
  return new ApiError("reference_empty", "The uploaded audio file is empty.");
}

/** Hosted Storage answers 400 for every error; what it means stands in the body. */
async function isMissing(response: Response): Promise<boolean> {
  const body = storageError.safeParse(await response.json().catch(() => null));
  return body.success && (body.data.code === "NoSuchKey" || body.data.statusCode === "404");
}

/**
 * Everything that is known about the `references` bucket.
 * @param options.publicUrl the origin that browsers and the provider can reach; signed URLs are built from it
 */
export function createReferences(options: { storage: Supabase["storage"]; publicUrl: string }) {
  const { storage, publicUrl } = options;
  const onPublicOrigin = (signedUrl: string) => {
    const { pathname, search } = new URL(signedUrl);
    return publicUrl + pathname + search;
  };

  const sign = async (key: string, seconds: number): Promise<string> => {
    const { data, error } = await storage.from(BUCKET).createSignedUrl(key, seconds);
    if (error) throw unavailable(error);
    return onPublicOrigin(data.signedUrl);
  };

  const read = async (key: string, sizeBytes: number, signal: AbortSignal): Promise<Uint8Array> => {
    const response = await storage.get(BUCKET, key, {}, signal).catch((cause) => {
      throw unavailable(cause);
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw unavailable(new Error(`status ${response.status}`));
    }
    const bytes = new Uint8Array(
      await response.arrayBuffer().catch((cause) => {
        throw unavailable(cause);
      }),
    );
    if (bytes.byteLength !== sizeBytes) throw unavailable(new Error("the object's size changed"));
    return bytes;
  };

  return {
    /** Where a voice's reference lies. The name ends in `.wav` whatever the format: existing clients rely on it. */
    key: (userId: string, voiceId: string): string => `${userId}/${voiceId}/reference.wav`,

    /**
     * A URL on the public origin to which the browser PUTs the clip, good for two hours (Storage's own, fixed).
     * @throws {ApiError} storage_unavailable
     */
    async createUploadUrl(key: string): Promise<string> {
      const { data, error } = await storage.from(BUCKET).createSignedUploadUrl(key);
      if (error) throw unavailable(error);
      return onPublicOrigin(data.signedUrl);
    },

    /**
     * What there is to know about the uploaded clip, in one request.
     * @throws {ApiError} reference_missing, reference_empty, storage_unavailable
     */
    async inspect(key: string, signal?: AbortSignal): Promise<InspectedReference> {
      const range = { Range: `bytes=0-${FIRST_RANGE_BYTES - 1}` };
      const response = await storage.get(BUCKET, key, range, signal).catch((cause) => {
        throw unavailable(cause);
      });
      if (response.status === 416) {
        await response.arrayBuffer();
        throw empty();
      }
      if (!response.ok) {
        throw (await isMissing(response)) ? missing() : unavailable(new Error(`status ${response.status}`));
      }
      const total = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
      const bytes = new Uint8Array(
        await response.arrayBuffer().catch((cause) => {
          throw unavailable(cause);
        }),
      );
      // Without a range the answer is the whole object, which Storage sends for small ones behind some caches.
      const sizeBytes = total === undefined ? bytes.byteLength : Number(total);
      if (sizeBytes === 0) throw empty();
      return {
        sizeBytes,
        contentType: (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
        etag: response.headers.get("etag"),
        firstBytes: bytes.subarray(0, FIRST_RANGE_BYTES),
      };
    },

    /** The clip as a provider is handed it. */
    open: (key: string, inspected: InspectedReference, signal: AbortSignal): Reference => ({
      contentType: inspected.contentType,
      sizeBytes: inspected.sizeBytes,
      sign: (seconds) => sign(key, seconds),
      read: () => read(key, inspected.sizeBytes, signal),
    }),

    /**
     * Removes clips for good; those that are gone already are no error.
     * @throws {ApiError} storage_unavailable
     */
    async remove(keys: string[]): Promise<void> {
      const { error } = await storage.from(BUCKET).remove(keys);
      if (error) throw unavailable(error);
    },

    /**
     * A URL on the public origin from which this user's clip can be heard for `seconds`. Rows of the older flow were
     * written by users themselves, so a key from a row is signed only when it lies in its user's own folder.
     * @throws {ApiError} storage_unavailable; not_found when there is no such clip
     */
    async previewUrl(userId: string, key: string, seconds: number): Promise<string> {
      const segments = key.split("/");
      const isOwn = segments.length > 1 && segments[0] === userId &&
        segments.every((segment) => !["", ".", ".."].includes(segment) && !/[\\%?#]/.test(segment));
      if (!isOwn) throw new ApiError("not_found", "Voice not found.");
      const { data, error } = await storage.from(BUCKET).createSignedUrl(key, seconds);
      if (data) return onPublicOrigin(data.signedUrl);
      const told = storageError.safeParse(error);
      if (told.success && told.data.statusCode === "404") throw new ApiError("not_found", "Voice not found.");
      throw unavailable(error);
    },
  };
}
