import { type CheckedReference, referenceMetadata } from "../audio/reference_check.ts";
import type { Log } from "../log.ts";
import { createRetries } from "../retry.ts";
import type { ProviderVoice, SavedVoice, VoiceDetails } from "../tts/provider.ts";
import { ProviderError } from "../tts/provider_error.ts";
import { sentLanguage } from "../tts/sent_language.ts";
import { type FinalizeJob, release } from "./attempt.ts";
import type { ClaimAnswer } from "./enrollments.ts";
import { providerMisconfigured, providerUnavailable } from "./refusals.ts";

/** What looking up leaves of the deadline for saving, in milliseconds. */
const SAVE_MS = 10_000;
/** Pauses between look-ups, in milliseconds: the voice may land, or be listed, a little later. */
const LOOK_UP_PAUSES_MS = [2_000, 5_000];
/** An outcome that has been unknown for less than this, in seconds, is looked up more than once. */
const FRESH_SECONDS = 10;

/**
 * Looks for the voice of a create whose outcome is unknown.
 * @param isFresh looks again after a while when there is none
 * @throws {ProviderError} when the provider could not be asked
 */
export async function lookUp(job: FinalizeJob, isFresh: boolean): Promise<ProviderVoice | null> {
  const { provider, clock, attempt } = job;
  const startedAt = clock.now();
  const deadline = job.deadline - SAVE_MS;
  if (startedAt > deadline) throw new ProviderError("no_answer", "there was no time left to look");
  const signal = AbortSignal.any([job.signal, clock.timeout(deadline - startedAt)]);
  const pauses = isFresh ? LOOK_UP_PAUSES_MS : [];
  const waitForNextTry = createRetries({ clock, pauses, deadline, signal: job.signal });
  do {
    const found = await provider.findVoice(attempt.token, signal);
    if (found) {
      logRecovered(job.log, found, clock.now() - startedAt);
      return found;
    }
  } while (await waitForNextTry());
  return null;
}

/**
 * The voice that an earlier attempt may have made; null when there is none, and this attempt may create it.
 * @param reference null when the clip is not there any more, or not fit
 * @throws {ApiError} provider_misconfigured, provider_unavailable
 */
export async function recoverVoice(
  job: FinalizeJob,
  claim: Extract<ClaimAnswer, { outcome: "recover" }>,
  reference: CheckedReference | null,
): Promise<SavedVoice | null> {
  const { provider, log } = job;
  if (claim.region !== provider.region) {
    await release(job);
    log.event("error", "clone.region_changed", { recorded: claim.region, configured: provider.region });
    throw providerMisconfigured();
  }
  const found = await lookUp(job, claim.unresolved_seconds < FRESH_SECONDS).catch(async (error) => {
    await release(job);
    log.event("warn", "clone.look_up_failed", { error });
    const isMisconfigured = error instanceof ProviderError && error.category === "misconfigured";
    throw isMisconfigured ? providerMisconfigured(error) : providerUnavailable(error);
  });
  return found && await recoveredVoice(found, claim.details, reference);
}

/**
 * A voice found by its token, with what is known of its create. The language is as it was sent, for it follows from the
 * details.
 */
export async function recoveredVoice(
  found: ProviderVoice,
  details: VoiceDetails,
  reference: CheckedReference | null,
): Promise<SavedVoice> {
  const metadata = {
    ...found.metadata,
    language: await sentLanguage(details),
    reference: reference && referenceMetadata(reference),
  };
  return { provider: "qwen", voice: { ...found, metadata } };
}

/**
 * Logs that a voice was found whose creation was never confirmed.
 * @param durationMs of the look-up
 */
export function logRecovered(log: Log, found: ProviderVoice, durationMs: number): void {
  log.event("warn", "clone.recovered", {
    provider_voice_id: found.providerVoiceId,
    provider_request_id: found.requestId,
    duration_ms: durationMs,
  });
}
