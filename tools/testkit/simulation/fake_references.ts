import type { ReferenceCheck } from "../../../supabase/functions/_shared/audio/reference_check.ts";
import { ApiError } from "../../../supabase/functions/_shared/errors.ts";
import type { References } from "../../../supabase/functions/_shared/storage/references.ts";
import { referenceKey } from "./ledger_state.ts";
import type { Process } from "./process.ts";

/** The uploaded clips: when each was uploaded, by key. */
export type Uploads = Map<string, { uploadedAt: number }>;

const unavailable = () =>
  new ApiError("storage_unavailable", "The audio storage is not available right now.");

const CLIP = {
  sizeBytes: 600_000,
  etag: '"1"',
  facts: {
    ...{ container: "wav", contentType: "audio/wav", codec: "pcm-s16" } as const,
    ...{ durationSeconds: 12.5, sampleRate: 24_000, channels: 1 },
  },
  warnings: [],
};

type Storage = { process: Process; uploads: Uploads };

/** The check of a clip, which is always fit once it is uploaded. */
export function createFakeReferenceCheck({ process, uploads }: Storage): ReferenceCheck {
  return (key, signal) =>
    process.call({
      name: "storage.inspect",
      failure: unavailable,
      signal,
      effect() {
        if (!uploads.has(key)) throw new ApiError("reference_missing", "Audio file not uploaded.");
        return CLIP;
      },
    });
}

/** The `references` bucket as one process sees it. */
export function createFakeReferences({ process, uploads }: Storage): References {
  const notUsed = () => Promise.reject(new Error("not part of the simulation"));
  return {
    key: referenceKey,
    inspect: notUsed,
    readRange: notUsed,
    open: (key, known, signal) => ({
      ...known,
      read: notUsed,
      sign: (seconds) =>
        process.call({
          name: "storage.sign",
          failure: unavailable,
          signal,
          effect: () => `https://storage.invalid/${key}?exp=${process.clock.now() + seconds * 1000}`,
        }),
    }),
    remove: (keys) =>
      process.call({
        name: "storage.remove",
        failure: unavailable,
        effect: () => keys.filter((key) => uploads.delete(key)).length,
      }),
    createUploadUrl: notUsed,
    previewUrl: notUsed,
  };
}
