import type { Clock } from "../clock.ts";
import { isDatabaseAway } from "../database_answers.ts";
import { standardError } from "../errors.ts";
import type { Log } from "../log.ts";
import { retry } from "../retry.ts";
import type { SavedVoice, TtsProvider, VoiceDetails } from "../tts/provider.ts";
import type { ProviderError } from "../tts/provider_error.ts";
import type { Attempt, CompleteAnswer, Enrollments, Rejection, SentCreates } from "./enrollments.ts";
import { refusalOf } from "./refusals.ts";

/** Pauses between attempts to save a voice, in milliseconds. It is paid for, so saving is retried for long. */
const SAVE_PAUSES_MS = [250, 1_000, 3_000, 5_000];

/** The state that the steps of one finalize share. Times are in milliseconds since the epoch. */
export type FinalizeJob = {
  enrollments: Enrollments;
  provider: TtsProvider;
  clock: Clock;
  attempt: Attempt;
  details: VoiceDetails;
  objectKey: string;
  sent: SentCreates;
  startedAt: number;
  /** No create is sent from here on: its outcome could not be settled in time. */
  createDeadline: number;
  /** The request is answered by then. */
  deadline: number;
  signal: AbortSignal;
  log: Log;
};

export type FinalizedVoice = { id: string; name: string };

/**
 * Saves a voice and its row, with retries while the database is unavailable. If that fails, the next finalize finds the
 * voice.
 * @param voice.details the details that the voice was created with
 * @param voice.saved null completes with the ledger's own record
 * @param voice.sameDetails whether this caller sent the same details
 * @throws {ApiError} clone_conflict, not_found, unauthorized, clone_in_progress, database_unavailable, internal
 */
export async function saveVoice(
  job: FinalizeJob,
  { details, saved, sameDetails }: { details: VoiceDetails; saved: SavedVoice | null; sameDetails: boolean },
): Promise<FinalizedVoice> {
  const { enrollments, clock, attempt, objectKey, deadline, signal, log } = job;
  const durationMs = () => clock.now() - job.startedAt;
  const save = () => enrollments.complete(attempt, { details, objectKey, saved }, signal);
  const completed = await retry(save, {
    clock,
    pauses: SAVE_PAUSES_MS,
    deadline,
    signal,
    mayPass: isDatabaseAway,
  }).catch((error) => {
    if (saved?.provider === "qwen") {
      log.event("error", "clone.unrecorded", {
        ...providerIds(saved),
        provider_region: saved.voice.region,
        duration_ms: durationMs(),
        error,
      });
    }
    throw error;
  });
  logSaved(log, completed, saved, durationMs());
  if (completed.outcome === "finalized") {
    if (!sameDetails) throw standardError("clone_conflict");
    return completed.voice;
  }
  throw refusalOf(completed);
}

/** Ends an attempt that created no voice. A failure is only logged: the lease expires. */
export async function release(job: FinalizeJob, rejection: Rejection | null = null): Promise<void> {
  try {
    await job.enrollments.release(job.attempt, job.sent, rejection);
  } catch (error) {
    job.log.event("warn", "clone.release_failed", { error });
  }
}

/**
 * Records that the outcome of a create is unknown.
 * @param endsLease lets the next finalize look the voice up at once
 * @returns whether it was recorded
 */
export async function markUnresolved(
  job: FinalizeJob,
  error: ProviderError,
  endsLease: boolean,
): Promise<boolean> {
  const { category, providerCode = null, providerRequestId = null } = error;
  try {
    await job.enrollments.unresolved(
      job.attempt,
      { category, providerCode, requestId: providerRequestId },
      endsLease,
    );
    return true;
  } catch (cause) {
    job.log.event("warn", "clone.unresolved_failed", { error: cause });
    return false;
  }
}

/** The provider's ids of a voice and of the request that created or found it, for an event; none for modal. */
export function providerIds(saved: SavedVoice | null): Record<string, unknown> {
  if (saved?.provider !== "qwen") return {};
  return { provider_voice_id: saved.voice.providerVoiceId, provider_request_id: saved.voice.requestId };
}

/** Logs the result of saving a voice: finalized, orphaned (or both, if another voice has the row) or unfinished. */
export function logSaved(
  log: Log,
  answer: CompleteAnswer,
  saved: SavedVoice | null,
  durationMs: number,
): void {
  const orphaned = "orphaned" in answer && answer.orphaned;
  if (orphaned) log.event("warn", "clone.orphaned", { ...providerIds(saved), duration_ms: durationMs });
  if (answer.outcome === "finalized") {
    // An orphan's ids are not those of the row.
    const ids = orphaned ? {} : providerIds(saved);
    log.event("info", "clone.finalized", { ...ids, duration_ms: durationMs });
  }
  if (answer.outcome === "failed" || answer.outcome === "unknown") {
    log.event("error", "clone.unfinished", answer);
  }
}
