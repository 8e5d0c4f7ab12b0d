import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { CheckedReference } from "../audio/check.ts";
import type { References } from "../storage/references.ts";
import { carriesToken } from "../tts/carries_token.ts";
import { ProviderError } from "../tts/errors.ts";
import type { ProviderVoice, SavedVoice, TtsProvider } from "../tts/provider.ts";
import { sentLanguage } from "../tts/sent_language.ts";
import { completeVoice, type FinalizeJob, providerIds, UnrecordedVoice } from "./completion.ts";
import type { CompleteAnswer, Enrollments, Rejection } from "./enrollments.ts";
import {
  cloneInProgress,
  cloneUndecided,
  providerFailure,
  providerUnavailable,
  rateLimited,
  SOON_SECONDS,
} from "./outcomes.ts";
import { logRecovered, recoveredVoice, referenceMetadata } from "./recovered.ts";

/** What a create leaves of the deadline for looking up and completing, in milliseconds. */
const RESERVE_MS = 25_000;
/** What looking up leaves of the deadline for completing, in milliseconds. */
const COMPLETE_MS = 10_000;
/** A create that could take no longer than this is not worth sending, in milliseconds. */
const LEAST_CREATE_MS = 5_000;
/** How much longer than the request's deadline the lease lasts, in seconds. */
const LEASE_MARGIN_SECONDS = 30;
/** Pauses before asking a throttling provider again, in milliseconds, before jitter. */
const THROTTLED_PAUSES_MS = [1_000, 2_000, 4_000];
/** Pauses between look-ups after an unknown outcome, in milliseconds: the voice may land, or be listed, a little later. */
export const LOOK_UP_PAUSES_MS = [2_000, 5_000];

/** Another attempt holds the voice by now, or may: nothing was sent, and whoever was superseded becomes a waiter. */
export class Superseded extends Error {
  override readonly name = "Superseded";
}

export type EnrollOptions = {
  enrollments: Enrollments;
  references: References;
  provider: TtsProvider;
  clock: Clock;
  /** Milliseconds that one create may take. */
  createTimeoutMs: number;
};

/** Has the provider clone the voice, and settles however that ends (enrollment.md, step 5). */
export function createEnroll(options: EnrollOptions) {
  const { enrollments, references, provider, clock } = options;

  /** Whether a create sent after a pause can still be settled before the deadline. */
  const hasRoom = (job: FinalizeJob, pause = 0) =>
    job.deadline - clock.now() - pause > RESERVE_MS + LEAST_CREATE_MS;

  let toldWithoutToken = false;
  /** Once a process: the database remembers it, and the doctor tells it. */
  const noticeToken = (job: FinalizeJob, saved: SavedVoice) => {
    if (toldWithoutToken || saved.provider !== "qwen") return;
    if (carriesToken(saved.voice.providerVoiceId, job.attempt.token)) return;
    toldWithoutToken = true;
    job.log.event("error", "clone.id_without_token", {
      ...providerIds(saved),
      provider_region: saved.voice.region,
    });
  };

  const cloneOnce = async (job: FinalizeJob, reference: CheckedReference) => {
    const startedAt = clock.now();
    return await provider.cloneVoice<CompleteAnswer>({
      details: job.details,
      token: job.attempt.token,
      language: await sentLanguage(job.details),
      reference: references.open(job.objectKey, {
        contentType: reference.facts.contentType,
        sizeBytes: reference.sizeBytes,
      }, job.signal),
      referenceMetadata: referenceMetadata(reference),
      signal: job.signal,
      record: {
        async sending() {
          const answer = await enrollments.sending(job.attempt, {
            details: job.details,
            region: provider.region,
            leaseSeconds: (job.deadline - startedAt) / 1000 + LEASE_MARGIN_SECONDS,
            sent: { creates: job.sent.creates + 1, possible: job.sent.possible + 1 },
          }, job.signal);
          if (answer.outcome === "superseded") throw new Superseded();
          if (answer.outcome === "limited") throw rateLimited(answer.seconds);
          if (answer.outcome === "undecided") {
            job.log.event("warn", "clone.undecided");
            throw cloneUndecided();
          }
        },
        createTimeoutMs() {
          // The lease lasts longer than the deadline, so whoever keeps to the deadline is not superseded.
          if (!hasRoom(job)) throw cloneInProgress(SOON_SECONDS);
          return Math.min(options.createTimeoutMs, job.deadline - clock.now() - RESERVE_MS);
        },
        complete(saved) {
          job.log.event("info", "clone.enrolled", {
            provider: saved.provider,
            ...providerIds(saved),
            duration_ms: clock.now() - startedAt,
          });
          noticeToken(job, saved);
          return completeVoice({ enrollments, clock }, job, job.details, saved);
        },
      },
    });
  };

  /** What the release may fail with is logged only: the lease ends by itself. */
  const release = async (job: FinalizeJob, rejection: Rejection | null = null) => {
    try {
      await enrollments.release(job.attempt, job.sent, rejection);
    } catch (error) {
      job.log.event("warn", "clone.release_failed", { error });
    }
  };

  /** Whether it could be marked. */
  const markUnresolved = async (
    job: FinalizeJob,
    error: ProviderError,
    endsLease: boolean,
  ): Promise<boolean> => {
    const told = {
      category: error.category,
      providerCode: error.providerCode ?? null,
      requestId: error.providerRequestId ?? null,
    };
    try {
      await enrollments.unresolved(job.attempt, told, endsLease);
      return true;
    } catch (cause) {
      job.log.event("warn", "clone.unresolved_failed", { error: cause });
      return false;
    }
  };

  /**
   * Releases, unless an unknown outcome could not be marked: it would be forgotten with the row. Then the lease is left to
   * end by itself, and the next finalize finds an attempt that was sending.
   */
  const releaseUnlessUnmarked = async (
    job: FinalizeJob,
    unmarked: ProviderError | null,
    rejection: Rejection | null,
  ) => {
    if (unmarked && !await markUnresolved(job, unmarked, false)) return;
    await release(job, rejection);
  };

  /** Looks for the voice of a create whose outcome is unknown, `pauses` times more while nothing is found. */
  const lookUp = async (job: FinalizeJob, pauses: readonly number[]): Promise<ProviderVoice | null> => {
    const until = job.deadline - COMPLETE_MS;
    if (clock.now() > until) throw new ProviderError("no_answer", "there was no time left to look");
    const signal = AbortSignal.any([job.signal, clock.timeout(until - clock.now())]);
    for (const pause of [0, ...pauses]) {
      if (clock.now() + pause > until) return null;
      if (pause > 0) await clock.sleep(pause, job.signal);
      const found = await provider.findVoice(job.attempt.token, signal);
      if (found) return found;
    }
    return null;
  };

  /** After an unknown outcome: the saved voice when the provider has it, null when it has none. */
  const settle = async (job: FinalizeJob, error: ProviderError, reference: CheckedReference) => {
    const startedAt = clock.now();
    let found: ProviderVoice | null;
    try {
      found = await lookUp(job, LOOK_UP_PAUSES_MS);
    } catch (cause) {
      await markUnresolved(job, error, true);
      throw providerUnavailable(cause);
    }
    if (!found) return null;
    logRecovered(job.log, found, clock.now() - startedAt);
    return await completeVoice({ enrollments, clock }, job, job.details, {
      provider: "qwen",
      voice: recoveredVoice(found, await sentLanguage(job.details), reference),
    });
  };

  return {
    release,
    lookUp,
    hasRoom,

    /**
     * @throws {Superseded} when another attempt holds the voice
     * @throws {ApiError} when the voice was not made, or nobody knows whether it was
     */
    async enroll(
      job: FinalizeJob,
      reference: CheckedReference,
    ): Promise<CompleteAnswer> {
      let unmarked: ProviderError | null = null;
      const seen = { throttled: 0, reference_unreachable: 0, server_error: 0 };
      for (;;) {
        const startedAt = clock.now();
        try {
          // A process that was suspended may come by here long after its time.
          if (!hasRoom(job)) throw cloneInProgress(SOON_SECONDS);
          return await cloneOnce(job, reference);
        } catch (error) {
          if (error instanceof Superseded) throw error;
          if (error instanceof UnrecordedVoice) throw error.told;
          if (!(error instanceof ProviderError)) {
            await releaseUnlessUnmarked(job, unmarked, null);
            throw error;
          }
          logFailure(job.log, error, clock.now() - startedAt);
          job.sent.creates++;
          if (error.outcomeUnknown) job.sent.possible++;

          if (error.category === "throttled") {
            const pause = (THROTTLED_PAUSES_MS[seen.throttled++] ?? Infinity) * (0.5 + clock.random());
            if (hasRoom(job, pause)) {
              await clock.sleep(pause, job.signal);
              continue;
            }
          }
          if (
            error.category === "reference_unreachable" && seen.reference_unreachable++ === 0 && hasRoom(job)
          ) continue;

          if (error.outcomeUnknown) {
            // Sticky before anything else is tried: this create may still land.
            if (error.category === "server_error" && !await markUnresolved(job, error, false)) {
              unmarked = error;
            }
            const settled = await settle(job, error, reference).catch((cause) => {
              throw cause instanceof UnrecordedVoice ? cause.told : cause;
            });
            if (settled) return settled;
            if (
              error.category === "server_error" && seen.server_error++ === 0 && hasRoom(job)
            ) continue;
            await markUnresolved(job, error, true);
            throw providerFailure(error);
          }

          const told = providerFailure(error);
          await releaseUnlessUnmarked(
            job,
            unmarked,
            error.category === "rejected"
              ? {
                category: "rejected",
                provider_code: error.providerCode ?? null,
                request_id: error.providerRequestId ?? null,
                refusal: told.detail,
              }
              : null,
          );
          throw told;
        }
      }
    },
  };
}

function logFailure(log: Log, error: ProviderError, durationMs: number): void {
  const alert = error.category === "misconfigured" || error.category === "voice_limit" ||
    error.category === "reference_unreachable";
  log.event(
    alert ? "error" : "warn",
    error.category === "rejected" ? "clone.rejected" : "clone.provider_failed",
    {
      category: error.category,
      status: error.status,
      provider_code: error.providerCode,
      provider_request_id: error.providerRequestId,
      duration_ms: durationMs,
      error,
    },
  );
}
