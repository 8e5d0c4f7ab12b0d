import { standardError, voiceNotFound } from "../errors.ts";
import type { Supabase } from "../supabase.ts";
import type { Reference } from "../tts/provider.ts";
import { createBucket, type InspectedObject, storageUnavailable } from "./objects.ts";

export type References = ReturnType<typeof createReferences>;

/** The `references` bucket: uploaded clips. Each request throws an ApiError `storage_unavailable`. */
export function createReferences(options: { storage: Supabase["storage"]; publicUrl: string }) {
  const { signDownload, signUpload, inspect, read, remove } = createBucket({
    ...options,
    bucket: "references",
  });

  return {
    /** The key of a voice's clip. It ends in `.wav` whatever the format: existing clients rely on it. */
    key: (userId: string, voiceId: string): string => `${userId}/${voiceId}/reference.wav`,

    createUploadUrl: signUpload,
    remove,

    /** @throws {ApiError} reference_missing, reference_empty, storage_unavailable */
    async inspect(key: string, signal?: AbortSignal): Promise<InspectedObject> {
      const inspected = await inspect(key, signal);
      if (!inspected) throw standardError("reference_missing");
      if (inspected.sizeBytes === 0) throw standardError("reference_empty");
      return inspected;
    },

    /** The bytes of a clip from `start` to `end`, exclusive. */
    readRange: (key: string, start: number, end: number, signal: AbortSignal): Promise<Uint8Array> =>
      read(key, { start, length: end - start, signal }),

    /**
     * The clip for a provider.
     * @param known.contentType as found in the bytes, not as declared
     */
    open: (
      key: string,
      known: { contentType: string; sizeBytes: number },
      signal: AbortSignal,
    ): Reference => ({
      ...known,
      async sign(seconds) {
        const url = await signDownload(key, seconds, signal);
        if (url === null) throw storageUnavailable(new Error("the clip is gone"));
        return url;
      },
      read: () => read(key, { length: known.sizeBytes, signal }),
    }),

    /**
     * A URL to hear this user's clip for `seconds`. In the older flow users wrote their rows themselves, so a key from
     * a row is signed only if it lies in the user's own folder.
     * @throws {ApiError} not_found if there is no such clip; storage_unavailable
     */
    async previewUrl(userId: string, key: string, seconds: number): Promise<string> {
      const segments = key.split("/");
      const isOwn = segments.length > 1 && segments[0] === userId &&
        segments.every((segment) => !["", ".", ".."].includes(segment) && !/[\\%?#]/.test(segment));
      const url = isOwn ? await signDownload(key, seconds) : null;
      if (url === null) throw voiceNotFound();
      return url;
    },
  };
}
