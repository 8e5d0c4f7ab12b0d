import type { Bytes } from "../bytes.ts";
import { generationNotFound } from "../errors.ts";
import type { Supabase } from "../supabase.ts";
import {
  type InspectedObject,
  inspectObject,
  removeObjects,
  saysDuplicate,
  signDownload,
  storageUnavailable,
} from "./objects.ts";

const BUCKET = "generations";

/** Enough for the header of any WAV that a provider makes. */
const FIRST_RANGE_BYTES = 65_536;

export type Generations = ReturnType<typeof createGenerations>;

/**
 * Everything that is known about the `generations` bucket: the audio that was spoken, as WAV.
 * @param options.publicUrl the origin that browsers can reach; signed URLs are built from it
 */
export function createGenerations(options: { storage: Supabase["storage"]; publicUrl: string }) {
  const { storage, publicUrl } = options;

  return {
    /** Where the audio of a generation lies, whoever stores it. */
    key: (userId: string, generationId: string): string => `${userId}/${generationId}.wav`,

    /**
     * Stores audio for good. What is `there_already` stays as it is: another attempt's, or this one's whose answer was lost.
     * @throws {ApiError} storage_unavailable
     */
    async store(key: string, bytes: Bytes): Promise<"stored" | "there_already"> {
      const { error } = await storage.from(BUCKET).upload(key, bytes, {
        contentType: "audio/wav",
        // No connection is left open that Deno's fetch would send another upload on, and again when it breaks.
        headers: { Connection: "close" },
      });
      if (error && !saysDuplicate(error)) throw storageUnavailable(error);
      return error ? "there_already" : "stored";
    },

    /**
     * The size and the beginning of stored audio; null when there is none.
     * @throws {ApiError} storage_unavailable
     */
    inspect: (key: string, signal: AbortSignal): Promise<InspectedObject | null> =>
      inspectObject(storage, { bucket: BUCKET, key, signal, rangeBytes: FIRST_RANGE_BYTES }),

    /**
     * A URL on the public origin where audio can be heard for `seconds`.
     * @throws {ApiError} storage_unavailable; not_found when there is none
     */
    async signedUrl(key: string, seconds: number): Promise<string> {
      const url = await signDownload(storage, { bucket: BUCKET, key, seconds, origin: publicUrl });
      if (url === null) throw generationNotFound();
      return url;
    },

    /**
     * Removes audio for good and returns how many; what is gone already is no error.
     * @throws {ApiError} storage_unavailable
     */
    remove: (keys: string[]): Promise<number> => removeObjects(storage, { bucket: BUCKET, keys }),
  };
}
