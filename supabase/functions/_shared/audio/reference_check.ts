import type { References } from "../storage/references.ts";
import type { AudioFacts } from "./inspect.ts";
import { type BrokenRule, brokenRules, refusalOf, refuseUnfit } from "./policy.ts";

/** A clip that may be enrolled, with its properties. */
export type CheckedReference = {
  sizeBytes: number;
  etag: string | null;
  facts: AudioFacts;
  /** The rules that it breaks, with the policy `warn`. */
  warnings: BrokenRule[];
};

/** The properties of a clip, as saved with its voice. */
export function referenceMetadata(reference: CheckedReference): Record<string, unknown> {
  const { facts, warnings } = reference;
  return {
    size: reference.sizeBytes,
    etag: reference.etag,
    content_type: facts.contentType,
    codec: facts.codec,
    duration_seconds: facts.durationSeconds,
    sample_rate: facts.sampleRate,
    channels: facts.channels,
    ...(warnings.length > 0 && {
      warnings: warnings.map(({ sentence: detail, ...rule }) => ({ ...rule, detail })),
    }),
  };
}

export type ReferenceCheck = (key: string, signal: AbortSignal) => Promise<CheckedReference>;

/**
 * Checks an uploaded clip. Loads the audio readers on demand, once the first bytes are there.
 * @param options.policy `enforce` refuses a clip that breaks a rule; `warn` accepts it with warnings
 */
export function createReferenceCheck(
  options: { references: Pick<References, "inspect" | "readRange">; policy: "enforce" | "warn" },
): ReferenceCheck {
  const { references } = options;

  /** @throws {ApiError} `reference_*`, storage_unavailable */
  return async (key, signal) => {
    const { sizeBytes, etag, contentType, firstBytes } = await references.inspect(key, signal);
    refuseUnfit({ sizeBytes, contentType });
    const { inspectAudio } = await import("./inspect.ts");
    const facts = await inspectAudio({
      sizeBytes,
      firstBytes,
      readRange: (start, end) => references.readRange(key, start, end, signal),
    });
    const [first, ...others] = brokenRules(facts);
    if (first && options.policy === "enforce") throw refusalOf([first, ...others]);
    return { sizeBytes, etag, facts, warnings: first ? [first, ...others] : [] };
  };
}
