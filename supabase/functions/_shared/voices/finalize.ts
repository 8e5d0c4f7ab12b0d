import { type CheckedReference, type ReferenceCheck, referenceMetadata } from "../audio/reference_check.ts";
import type { Clock } from "../clock.ts";
import type { FinalizeRequest } from "../contract/finalize_voice.ts";
import { isDatabaseAway } from "../database_answers.ts";
import type { Log } from "../log.ts";
import { retry } from "../retry.ts";
import type { References } from "../storage/references.ts";
import type { SavedVoice, TtsProvider } from "../tts/provider.ts";
import { sentLanguage } from "../tts/sent_language.ts";
import { carriesToken } from "../tts/token.ts";
import { type FinalizedVoice, type FinalizeJob, providerIds, release, saveVoice } from "./attempt.ts";
import type { ClaimAnswer, Enrollments } from "./enrollments.ts";
import { createFailureHandler } from "./failed_create.ts";
import { recoverVoice } from "./recovery.ts";
import { cloneInProgress, cloneUndecided, rateLimited, refusalOf, SOON_SECONDS } from "./refusals.ts";

/** How long a finalize may take, in milliseconds; the platform gives up after 150 s. */
const DEADLINE_MS = 120_000;
/** What a create leaves of the deadline for a look-up and saving, in milliseconds. */
const RESERVE_MS = 25_000;
/** The shortest time for which a create is sent, in milliseconds. */
const LEAST_CREATE_MS = 5_000;
/** How much longer than the deadline the lease lasts, in seconds. */
const LEASE_MARGIN_SECONDS = 30;
/** How long a finalize waits for another one of the same voice, and its pauses between claims, in milliseconds. */
const JOIN_MS = 20_000;
const JOIN_PAUSE_MS = 300;
const JOIN_PAUSE_MAX_MS = 2_000;
/** Pauses between attempts at one claim, in milliseconds. */
const CLAIM_PAUSES_MS = [200, 800];

export type FinalizeOptions = {
  enrollments: Enrollments;
  references: References;
  provider: TtsProvider;
  clock: Clock;
  /** The timeout of one create, in milliseconds. */
  createTimeoutMs: number;
  newAttemptId: () => string;
  checkReference: ReferenceCheck;
  /** The token that finds a voice at the provider. */
  tokenOf: (userId: string, voiceId: string) => Promise<string>;
};

/** Another attempt may hold the voice by now. Nothing was sent, and this attempt waits for the other. */
class Superseded extends Error {
  override readonly name = "Superseded";
}

/** One finalize from claim to answer, for any provider. docs/enrollment.md explains the steps. */
export function createFinalize(options: FinalizeOptions) {
  const { enrollments, references, provider, clock } = options;
  let idsWereReported = false;

  /** The steps of one finalize, numbered as in docs/enrollment.md. */
  const run = async (
    job: FinalizeJob,
    checking: Promise<PromiseSettledResult<CheckedReference>>,
  ): Promise<FinalizedVoice> => {
    // 1 and 2: the claim, while the clip is checked.
    const claim = await claimOrJoin(job);
    switch (claim.outcome) {
      case "finalized":
        return claim.voice;
      case "created":
        return await saveVoice(job, { details: job.details, saved: null, sameDetails: claim.same_details });
      case "recover": {
        // 3: look for the voice of an earlier create.
        const check = await checking;
        const saved = await recoverVoice(job, claim, check.status === "fulfilled" ? check.value : null);
        if (saved) {
          return await saveVoice(job, { details: claim.details, saved, sameDetails: claim.same_details });
        }
        break;
      }
      case "claimed":
        break;
      default:
        throw refusalOf(claim);
    }
    const check = await checking;
    if (check.status === "rejected") {
      await release(job);
      throw check.reason;
    }

    const { sizeBytes, facts: { contentType } } = check.value;
    const reference = references.open(job.objectKey, { sizeBytes, contentType }, job.signal);
    const settleFailure = createFailureHandler(job, check.value);
    let saved: SavedVoice | null = null;
    while (saved === null) {
      const startedAt = clock.now();
      try {
        // A suspended process may resume long after its deadline.
        requireTime(job);
        const request = {
          details: job.details,
          token: job.attempt.token,
          language: await sentLanguage(job.details),
          reference,
          referenceMetadata: referenceMetadata(check.value),
          signal: job.signal,
        };
        saved = await provider.inTurn(reference, job.signal, async () => {
          requireTime(job);
          // 4: prepare the reference, and mark the create as sent.
          const [prepared, marked] = await Promise.allSettled([
            provider.prepareClone(request),
            markAsSending(job, startedAt),
          ]);
          if (marked.status === "rejected") throw marked.reason;
          if (prepared.status === "rejected") throw prepared.reason;
          // 5: the create, while the URL is fresh and the lease is held. No await stands between it and the check of
          // the clock: a process may be suspended at any await.
          return await prepared.value.cloneVoice(createTimeoutMs(job));
        });
        logEnrolled(job, saved, startedAt);
      } catch (error) {
        if (error instanceof Superseded) throw error;
        saved = await settleFailure(error, startedAt);
      }
    }

    // 6: save the row and the ledger entry in one transaction.
    return await saveVoice(job, { details: job.details, saved, sameDetails: true });
  };

  /** Claims, or waits for a running finalize of the same voice and returns its result. */
  const claimOrJoin = async (job: FinalizeJob): Promise<ClaimAnswer> => {
    const { details, signal, deadline } = job;
    const asked = { details, provider: provider.name, region: provider.region };
    const startedAt = clock.now();
    const patience = Math.min(startedAt + JOIN_MS, deadline);
    for (let pause = JOIN_PAUSE_MS;; pause = Math.min(pause * 1.5, JOIN_PAUSE_MAX_MS)) {
      // The same attempt id gets the same answer again.
      const answer = await retry(() => enrollments.claim(job.attempt, asked, signal), {
        clock,
        pauses: CLAIM_PAUSES_MS,
        deadline,
        signal,
        mayPass: isDatabaseAway,
      });
      if (answer.outcome !== "in_progress" || clock.now() + pause > patience) {
        job.log.event("info", "clone.claimed", {
          outcome: answer.outcome,
          duration_ms: clock.now() - startedAt,
        });
        return answer;
      }
      await clock.sleep(pause * (0.75 + clock.random() / 2), signal);
    }
  };

  /** Marks a create as sent. If it throws, nothing may be sent. */
  const markAsSending = async (job: FinalizeJob, startedAt: number): Promise<void> => {
    if (!provider.keepsVoices) return;
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
  };

  const hasTime = (job: FinalizeJob) => clock.now() < job.createDeadline;

  const requireTime = (job: FinalizeJob) => {
    if (!hasTime(job)) throw cloneInProgress(SOON_SECONDS);
  };

  /** Keeps to the deadline, which ends before the lease does. */
  const createTimeoutMs = (job: FinalizeJob): number => {
    requireTime(job);
    return Math.min(options.createTimeoutMs, job.deadline - clock.now() - RESERVE_MS);
  };

  const logEnrolled = (job: FinalizeJob, saved: SavedVoice, startedAt: number) => {
    job.log.event("info", "clone.enrolled", {
      provider: saved.provider,
      ...providerIds(saved),
      duration_ms: clock.now() - startedAt,
    });
    if (saved.provider !== "qwen" || carriesToken(saved.voice.providerVoiceId, job.attempt.token)) return;
    // Once per process: the database keeps it, and the doctor reports it.
    if (!idsWereReported) {
      job.log.event("error", "clone.id_without_token", {
        ...providerIds(saved),
        provider_region: saved.voice.region,
      });
    }
    idsWereReported = true;
  };

  /**
   * Idempotent: a repeated call ends in the same voice.
   * @throws {ApiError} with a code of the contract
   */
  return async (userId: string, request: FinalizeRequest, log: Log): Promise<FinalizedVoice> => {
    const { voice_id: voiceId, ...details } = request;
    const attemptId = options.newAttemptId();
    const token = await options.tokenOf(userId, voiceId);
    const startedAt = clock.now();
    const deadline = startedAt + DEADLINE_MS;
    const job: FinalizeJob = {
      enrollments,
      provider,
      clock,
      attempt: { userId, voiceId, attemptId, token },
      details,
      objectKey: references.key(userId, voiceId),
      sent: { creates: 0, possible: 0 },
      startedAt,
      createDeadline: deadline - RESERVE_MS - LEAST_CREATE_MS,
      deadline,
      signal: clock.timeout(DEADLINE_MS),
      log: log.with({ voice_id: voiceId, attempt_id: attemptId }),
    };
    const notNeeded = new AbortController();
    const checking = settled(
      options.checkReference(job.objectKey, AbortSignal.any([job.signal, notNeeded.signal])),
    );
    try {
      for (;;) {
        try {
          return await run(job, checking);
        } catch (error) {
          if (!(error instanceof Superseded)) throw error;
          if (!hasTime(job)) throw cloneInProgress(JOIN_MS / 1000);
        }
      }
    } finally {
      notNeeded.abort();
      job.log.event("info", "clone.answered", { duration_ms: clock.now() - startedAt });
    }
  };
}

/** Never rejects, so it may stay without a handler. */
async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}
