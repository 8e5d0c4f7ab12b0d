import type { Clock } from "../clock.ts";
import { isDatabaseAway } from "../database_answers.ts";
import type { Log } from "../log.ts";
import { retry } from "../retry.ts";
import type { SavedVoice, TtsProvider, VoiceDetails } from "../tts/provider.ts";
import type { ProviderError } from "../tts/provider_error.ts";
import type { Attempt, CompleteAnswer, Enrollments, Rejection, SentCreates } from "./enrollments.ts";
import { cloneConflict, refusalOf } from "./refusals.ts";

/** Pauses between tries at saving a voice, in milliseconds: it is paid for, and only the database knows of it. */
const SAVE_PAUSES_MS = [250, 1_000, 3_000, 5_000];

/** One finalize, as its steps share it. Times are in milliseconds since the epoch. */
export type FinalizeJob = {
  enrollments: Enrollments;
  provider: TtsProvider;
  clock: Clock;
  attempt: Attempt;
  details: VoiceDetails;
  objectKey: string;
  /** What it has sent so far. */
  sent: SentCreates;
  startedAt: number;
  /** From then on no create is sent: it could not be settled in time. */
  createDeadline: number;
  /** By then the request is answered. */
  deadline: number;
  signal: AbortSignal;
  log: Log;
};

/** What the caller of a finalize gets. */
export type FinalizedVoice = { id: string; name: string };

/**
 * Saves a voice and its row, again while the database is away. A voice that could not be saved is not released: the next
 * finalize finds it.
 * @param voice.details as the voice was asked for
 * @param voice.saved null completes what the ledger knows
 * @param voice.sameDetails whether this caller asked for it
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
    if (!sameDetails) throw cloneConflict();
    return completed.voice;
  }
  if (completed.outcome === "failed" || completed.outcome === "unknown") {
    log.event("error", "clone.unfinished", completed);
  }
  throw refusalOf(completed);
}

/** Ends an attempt that made no voice. A release that fails is logged only: the lease ends by itself. */
export async function release(job: FinalizeJob, rejection: Rejection | null = null): Promise<void> {
  try {
    await job.enrollments.release(job.attempt, job.sent, rejection);
  } catch (error) {
    job.log.event("warn", "clone.release_failed", { error });
  }
}

/**
 * Marks that nobody knows how a create ended.
 * @param endsLease lets the next finalize look the voice up at once
 * @returns whether it could be marked
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

/** The provider's names of a voice and of its create, or of the look-up that found it, for an event; none for modal. */
export function providerIds(saved: SavedVoice | null): Record<string, unknown> {
  if (saved?.provider !== "qwen") return {};
  return { provider_voice_id: saved.voice.providerVoiceId, provider_request_id: saved.voice.requestId };
}

/**
 * Logs what saving a voice came to: its row stands, or the voice was recorded as an orphan, or both when another one's row
 * stands.
 * @param durationMs since the work on this voice began
 */
export function logSaved(
  log: Log,
  answer: CompleteAnswer,
  saved: SavedVoice | null,
  durationMs: number,
): void {
  const orphaned = "orphaned" in answer && answer.orphaned;
  if (orphaned) log.event("warn", "clone.orphaned", { ...providerIds(saved), duration_ms: durationMs });
  if (answer.outcome === "finalized") {
    // The ids are those of the row: not of the voice that has just become an orphan.
    const ids = orphaned ? {} : providerIds(saved);
    log.event("info", "clone.finalized", { ...ids, duration_ms: durationMs });
  }
}
