import type { Bytes } from "../bytes.ts";
import { generationNotFound } from "../errors.ts";
import type { Supabase } from "../supabase.ts";
import { createBucket } from "./objects.ts";

export type Generations = ReturnType<typeof createGenerations>;

/** The `generations` bucket: generated speech, as WAV. Each request throws an ApiError `storage_unavailable`. */
export function createGenerations(options: { storage: Supabase["storage"]; publicUrl: string }) {
  const { signDownload, store, inspect, remove } = createBucket({ ...options, bucket: "generations" });

  return {
    key: (userId: string, generationId: string): string => `${userId}/${generationId}.wav`,

    /** Stores audio. `there_already`: another attempt stored it, or this one did and its response was lost. */
    store: (key: string, bytes: Bytes) => store(key, bytes, "audio/wav"),
    inspect,
    remove,

    /**
     * A URL to hear the audio for `seconds`.
     * @throws {ApiError} not_found if there is none; storage_unavailable
     */
    async signedUrl(key: string, seconds: number): Promise<string> {
      const url = await signDownload(key, seconds);
      if (url === null) throw generationNotFound();
      return url;
    },
  };
}
