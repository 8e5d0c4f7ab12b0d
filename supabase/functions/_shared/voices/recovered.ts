import type { Log } from "../log.ts";
import type { CheckedReference } from "../audio/check.ts";
import type { SentLanguage } from "../tts/languages.ts";
import type { ProviderVoice } from "../tts/provider.ts";

/** What was learnt of the reference, as it is kept with the voice. */
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
      warnings: warnings.map(({ code, limit, measured, sentence }) => ({
        code,
        limit,
        measured,
        detail: sentence,
      })),
    }),
  };
}

/**
 * A voice found by its token, with what is known of its create.
 * @param language as it was sent, for it follows from the details
 */
export function recoveredVoice(
  found: ProviderVoice,
  language: SentLanguage,
  reference: CheckedReference | null,
): ProviderVoice {
  const metadata = { ...found.metadata, language, reference: reference && referenceMetadata(reference) };
  return { ...found, metadata };
}

/**
 * Tells that a voice was found whose creation was never confirmed.
 * @param durationMs of the look-up
 */
export function logRecovered(log: Log, found: ProviderVoice, durationMs: number): void {
  log.event("warn", "clone.recovered", {
    provider_voice_id: found.providerVoiceId,
    provider_request_id: found.requestId,
    duration_ms: durationMs,
  });
}
