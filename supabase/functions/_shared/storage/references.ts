import { ApiError, voiceNotFound } from "../errors.ts";
import type { Supabase } from "../supabase.ts";
import type { Reference } from "../tts/provider.ts";
import {
  type InspectedObject,
  inspectObject,
  readObject,
  removeObjects,
  signDownload,
  signUpload,
  storageUnavailable,
} from "./objects.ts";

const BUCKET = "references";

/** The first bytes that finalize reads: enough for the header of any WAV and of an M4A or MP3 made for streaming. */
const FIRST_RANGE_BYTES = 65_536;

export type References = ReturnType<typeof createReferences>;

/**
 * Everything that is known about the `references` bucket.
 * @param options.publicUrl the origin that browsers and the provider can reach; signed URLs are built from it
 */
export function createReferences(options: { storage: Supabase["storage"]; publicUrl: string }) {
  const { storage, publicUrl } = options;

  const sign = (key: string, seconds: number, signal?: AbortSignal): Promise<string | null> =>
    signDownload(storage, { bucket: BUCKET, key, seconds, signal, origin: publicUrl });

  return {
    /** Where a voice's reference lies. The name ends in `.wav` whatever the format: existing clients rely on it. */
    key: (userId: string, voiceId: string): string => `${userId}/${voiceId}/reference.wav`,

    /**
     * A URL on the public origin to which the browser PUTs the clip, good for two hours (Storage's own, fixed).
     * @throws {ApiError} storage_unavailable
     */
    createUploadUrl: (key: string, signal?: AbortSignal): Promise<string> =>
      signUpload(storage, { bucket: BUCKET, key, origin: publicUrl, signal }),

    /**
     * What there is to know about the uploaded clip, in one request.
     * @throws {ApiError} reference_missing, reference_empty, storage_unavailable
     */
    async inspect(key: string, signal?: AbortSignal): Promise<InspectedObject> {
      const inspected = await inspectObject(storage, {
        bucket: BUCKET,
        key,
        signal,
        rangeBytes: FIRST_RANGE_BYTES,
      });
      if (!inspected) throw new ApiError("reference_missing", "Audio file not uploaded.");
      if (inspected.sizeBytes === 0) {
        throw new ApiError("reference_empty", "The uploaded audio file is empty.");
      }
      return inspected;
    },

    /**
     * The bytes of a clip from `start` up to but not including `end`.
     * @throws {ApiError} storage_unavailable
     */
    readRange: (key: string, start: number, end: number, signal: AbortSignal): Promise<Uint8Array> =>
      readObject(storage, { bucket: BUCKET, key, signal, start, length: end - start }),

    /**
     * The clip as a provider is handed it.
     * @param known.contentType what it is, whatever it was declared to be
     */
    open: (
      key: string,
      known: { contentType: string; sizeBytes: number },
      signal: AbortSignal,
    ): Reference => ({
      ...known,
      async sign(seconds) {
        const url = await sign(key, seconds, signal);
        if (url === null) throw storageUnavailable(new Error("the clip is gone"));
        return url;
      },
      read: () => readObject(storage, { bucket: BUCKET, key, signal, length: known.sizeBytes }),
    }),

    /**
     * Removes clips for good and returns how many; those that are gone already are no error.
     * @throws {ApiError} storage_unavailable
     */
    remove: (keys: string[]): Promise<number> => removeObjects(storage, { bucket: BUCKET, keys }),

    /**
     * A URL on the public origin from which this user's clip can be heard for `seconds`. Rows of the older flow were
     * written by users themselves, so a key from a row is signed only when it lies in its user's own folder.
     * @throws {ApiError} storage_unavailable; not_found when there is no such clip
     */
    async previewUrl(userId: string, key: string, seconds: number): Promise<string> {
      const segments = key.split("/");
      const isOwn = segments.length > 1 && segments[0] === userId &&
        segments.every((segment) => !["", ".", ".."].includes(segment) && !/[\\%?#]/.test(segment));
      if (!isOwn) throw voiceNotFound();
      const url = await sign(key, seconds);
      if (url === null) throw voiceNotFound();
      return url;
    },
  };
}
