import { ApiError } from "../errors.ts";
import type { InspectedReference } from "../storage/references.ts";

/** The provider takes clips "under 10 MB", which is read as decimal megabytes (docs/qwen-api.md). */
const SIZE_LIMIT_BYTES = 10_000_000;

const TYPES = new Set([
  "audio/wav",
  "audio/x-wav",
  "audio/wave",
  "audio/mpeg",
  "audio/mp4",
  "audio/x-m4a",
  "audio/m4a",
]);

/**
 * Refuses a reference that no provider could use.
 * @throws {ApiError} reference_too_large, reference_type_unsupported
 */
export function checkReference(reference: InspectedReference): void {
  if (reference.sizeBytes >= SIZE_LIMIT_BYTES) {
    throw new ApiError("reference_too_large", "Reference audio must be under 10MB.");
  }
  if (!TYPES.has(reference.contentType)) {
    throw new ApiError(
      "reference_type_unsupported",
      "This audio type is not supported. Upload WAV, MP3 or M4A.",
    );
  }
}
