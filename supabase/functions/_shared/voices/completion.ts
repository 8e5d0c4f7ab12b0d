import { accountDeleted } from "../accounts.ts";
import type { Clock } from "../clock.ts";
import { ApiError, internalError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { SavedVoice, VoiceDetails } from "../tts/provider.ts";
import type { Attempt, CompleteAnswer, Enrollments, SentCreates } from "./enrollments.ts";
import { cloneConflict, cloneInProgress, voiceNotFound } from "./outcomes.ts";

/** Pauses between tries at saving a voice, in milliseconds: it is paid for, and only the database knows of it. */
const PAUSES_MS = [250, 1_000, 3_000, 5_000];

/** A finalize as its steps share it. */
export type FinalizeJob = {
  attempt: Attempt;
  details: VoiceDetails;
  objectKey: string;
  /** What it has sent so far. */
  sent: SentCreates;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Milliseconds since the epoch by which the request answers. */
  deadline: number;
  signal: AbortSignal;
  log: Log;
};

/** The voice could not be saved. It is not released: the next finalize finds it. */
export class UnrecordedVoice extends Error {
  override readonly name = "UnrecordedVoice";
  constructor(readonly told: ApiError) {
    super("the voice could not be saved", { cause: told });
  }
}

/**
 * Saves a voice, asking again while the database is away and the deadline allows.
 * @param saved null completes what the ledger knows
 * @throws {UnrecordedVoice}
 */
export async function completeVoice(
  options: { enrollments: Enrollments; clock: Clock },
  job: FinalizeJob,
  details: VoiceDetails,
  saved: SavedVoice | null,
): Promise<CompleteAnswer> {
  const { enrollments, clock } = options;
  for (let tries = 0;; tries++) {
    try {
      const answer = await enrollments.complete(
        job.attempt,
        { details, objectKey: job.objectKey, saved },
        job.signal,
      );
      logSaved(job.log, answer, saved, clock.now() - job.startedAt);
      return answer;
    } catch (error) {
      const pause = PAUSES_MS[tries];
      const told = error instanceof ApiError ? error : internalError(error);
      if (told.code === "database_unavailable" && pause !== undefined && clock.now() + pause < job.deadline) {
        await clock.sleep(pause, job.signal);
        continue;
      }
      if (saved?.provider === "qwen") {
        job.log.event("error", "clone.unrecorded", {
          ...providerIds(saved),
          provider_region: saved.voice.region,
          duration_ms: clock.now() - job.startedAt,
          error,
        });
      }
      throw new UnrecordedVoice(told);
    }
  }
}

/** How the provider's voice and its create, or the look-up that found it, are named in an event; nothing for modal. */
export function providerIds(saved: SavedVoice | null): Record<string, unknown> {
  if (saved?.provider !== "qwen") return {};
  return { provider_voice_id: saved.voice.providerVoiceId, provider_request_id: saved.voice.requestId };
}

/**
 * Tells what saving a voice came to: its row stands, or the voice was recorded as an orphan, or both when another one's
 * row stands.
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

/**
 * What a caller is answered after the voice was saved.
 * @param sameDetails whether the caller asked for what was saved
 * @throws {ApiError} clone_conflict, not_found, unauthorized, clone_in_progress, internal
 */
export function answerOf(
  completed: CompleteAnswer,
  sameDetails: boolean,
  log: Log,
): { id: string; name: string } {
  switch (completed.outcome) {
    case "finalized":
      if (!sameDetails) throw cloneConflict();
      return completed.voice;
    case "conflict":
      throw cloneConflict();
    case "deleted":
      throw voiceNotFound();
    case "user_deleted":
      throw accountDeleted();
    case "refused":
      // It is being purged; once it is gone, the look-up of the next finalize finds nothing and a new one is made.
      throw cloneInProgress(5);
    case "failed":
    case "unknown":
      log.event("error", "clone.unfinished", completed);
      throw new ApiError(
        "internal",
        "Your voice was created but could not be saved. The operator has been told.",
      );
  }
}
