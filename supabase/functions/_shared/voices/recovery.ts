import { type CheckedReference, referenceMetadata } from "../audio/reference_check.ts";
import { standardError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createRetries } from "../retry.ts";
import type { ProviderVoice, SavedVoice, VoiceDetails } from "../tts/provider.ts";
import { ProviderError } from "../tts/provider_error.ts";
import { sentLanguage } from "../tts/sent_language.ts";
import { type FinalizeJob, release } from "./attempt.ts";
import type { ClaimAnswer } from "./enrollments.ts";

/** What a look-up leaves of the deadline for saving, in milliseconds. */
const SAVE_MS = 10_000;
/** Pauses between look-ups, in milliseconds: a voice may land, or be listed, late. */
const LOOK_UP_PAUSES_MS = [2_000, 5_000];
/** An outcome that became unknown more recently than this, in seconds, is looked up more than once. */
const FRESH_SECONDS = 10;

/**
 * Looks for the voice of a create whose outcome is unknown.
 * @param isFresh whether to repeat the look-up if nothing is found
 * @throws {ProviderError} if the look-up fails
 */
export async function lookUp(job: FinalizeJob, isFresh: boolean): Promise<ProviderVoice | null> {
  const { provider, clock, attempt } = job;
  const startedAt = clock.now();
  const deadline = job.deadline - SAVE_MS;
  if (startedAt > deadline) throw new ProviderError("no_answer", "no time left for a look-up");
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
  // Not asked often enough: "unknown" must not read as "absent".
  if (signal.aborted) throw new ProviderError("no_answer", "the look-up was aborted");
  return null;
}

/**
 * The voice that an earlier attempt may have created; null if there is none, so this attempt may create it.
 * @param reference null if the clip is gone or was refused
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
    throw standardError("provider_misconfigured");
  }
  const found = await lookUp(job, claim.unresolved_seconds < FRESH_SECONDS).catch(async (error) => {
    await release(job);
    log.event("warn", "clone.look_up_failed", { error });
    const isMisconfigured = error instanceof ProviderError && error.category === "misconfigured";
    throw standardError(isMisconfigured ? "provider_misconfigured" : "provider_unavailable", error);
  });
  return found && await recoveredVoice(found, claim.details, reference);
}

/**
 * A voice found by its token, with the metadata of its create. The language that was sent follows from the details.
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

/** Logs that a look-up found a voice whose creation was never confirmed. */
export function logRecovered(log: Log, found: ProviderVoice, durationMs: number): void {
  log.event("warn", "clone.recovered", {
    provider_voice_id: found.providerVoiceId,
    provider_request_id: found.requestId,
    duration_ms: durationMs,
  });
}
