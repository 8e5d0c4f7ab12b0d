import type { Log } from "../log.ts";
import type { InspectedReference } from "../storage/references.ts";
import { languageCode } from "../tts/languages.ts";
import type { ProviderVoice, VoiceDetails } from "../tts/provider.ts";

/** What was learnt of the reference, as it is kept with the voice. */
export function referenceMetadata(inspected: InspectedReference): Record<string, unknown> {
  return { size: inspected.sizeBytes, content_type: inspected.contentType, etag: inspected.etag };
}

/** A voice found by its token, with what is known of its create: the details say which language was sent. */
export function recoveredVoice(
  found: ProviderVoice,
  details: VoiceDetails,
  inspected: InspectedReference | null,
): ProviderVoice {
  const metadata = {
    ...found.metadata,
    language: { requested: details.language, sent: languageCode(details.language) ?? null },
    reference: inspected && referenceMetadata(inspected),
  };
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
