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
import { createFailureHandler } from "./failures.ts";
import { recoverVoice } from "./recovery.ts";
import { cloneInProgress, cloneUndecided, rateLimited, refusalOf, SOON_SECONDS } from "./refusals.ts";

/** The most a finalize may take, in milliseconds; the platform gives up at 150 s. */
const DEADLINE_MS = 120_000;
/** What a create leaves of the deadline for looking up and saving, in milliseconds. */
const RESERVE_MS = 25_000;
/** A create that could take no longer than this is not worth sending, in milliseconds. */
const LEAST_CREATE_MS = 5_000;
/** How much longer than the request's deadline the lease lasts, in seconds. */
const LEASE_MARGIN_SECONDS = 30;
/** How long a finalize waits for another one of the same voice, in milliseconds, and how often it looks. */
const JOIN_MS = 20_000;
const JOIN_PAUSE_MS = 300;
const JOIN_PAUSE_MAX_MS = 2_000;
/** Pauses before a claim is asked again, in milliseconds. */
const CLAIM_PAUSES_MS = [200, 800];

export type FinalizeOptions = {
  enrollments: Enrollments;
  references: References;
  provider: TtsProvider;
  clock: Clock;
  /** Milliseconds that one create may take. */
  createTimeoutMs: number;
  newAttemptId: () => string;
  checkReference: ReferenceCheck;
  /** What makes a voice findable at the provider. */
  tokenOf: (userId: string, voiceId: string) => Promise<string>;
};

/** Another attempt holds the voice by now, or may: nothing was sent, and whoever was superseded becomes a waiter. */
class Superseded extends Error {
  override readonly name = "Superseded";
}

/** One finalize from claim to answer, whatever the provider (docs/enrollment.md explains the steps). */
export function createFinalize(options: FinalizeOptions) {
  const { enrollments, references, provider, clock } = options;
  let idsWereReported = false;

  /** The steps of one finalize, in their order, with the numbers of docs/enrollment.md. */
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
        // 3: the voice of an earlier create, if there is one.
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
        // A process that was suspended may come by here long after its time.
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
          // 4: the reference is presented, while the create is marked as sent.
          const [prepared, marked] = await Promise.allSettled([
            provider.prepareClone(request),
            markAsSending(job, startedAt),
          ]);
          if (marked.status === "rejected") throw marked.reason;
          if (prepared.status === "rejected") throw prepared.reason;
          // 5: the create, at once: the URL is fresh, and nobody superseded sends. There is no await between it and the look
          // at the clock, for a process may be suspended at any await and wake up late.
          return await prepared.value.cloneVoice(createTimeoutMs(job));
        });
        logEnrolled(job, saved, startedAt);
      } catch (error) {
        if (error instanceof Superseded) throw error;
        saved = await settleFailure(error, startedAt);
      }
    }

    // 6: the row and the ledger, in one transaction.
    return await saveVoice(job, { details: job.details, saved, sameDetails: true });
  };

  /** Claims, and waits a while for a finalize that is under way already: its result is this one's too. */
  const claimOrJoin = async (job: FinalizeJob): Promise<ClaimAnswer> => {
    const { details, signal, deadline } = job;
    const asked = { details, provider: provider.name, region: provider.region };
    const startedAt = clock.now();
    const patience = Math.min(startedAt + JOIN_MS, deadline);
    for (let pause = JOIN_PAUSE_MS;; pause = Math.min(pause * 1.5, JOIN_PAUSE_MAX_MS)) {
      // With the same attempt, a claim whose answer was lost is given once more.
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

  /**
   * Marks a create as sent; nothing may be sent when it throws.
   * @param startedAt when the create was begun, in milliseconds since the epoch
   */
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

  /** The lease lasts longer than the deadline, so whoever keeps to the deadline is not superseded. */
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
    // Once a process: the database remembers it, and the doctor fails for it.
    if (!idsWereReported) {
      job.log.event("error", "clone.id_without_token", {
        ...providerIds(saved),
        provider_region: saved.voice.region,
      });
    }
    idsWereReported = true;
  };

  /**
   * Ends in the one voice of this `voice_id`, however often it is repeated.
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

/** A promise that never rejects: it is looked at later, or not at all. */
async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}
