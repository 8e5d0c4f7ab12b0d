import { accountDeleted } from "../accounts.ts";
import type { CheckedReference, ReferenceCheck } from "../audio/check.ts";
import type { FinalizeRequest } from "../contract/finalize_voice.ts";
import { ApiError } from "../errors.ts";
import { ProviderError } from "../tts/errors.ts";
import type { Log } from "../log.ts";
import { sentLanguage } from "../tts/sent_language.ts";
import { answerOf, completeVoice, type FinalizeJob, UnrecordedVoice } from "./completion.ts";
import { createEnroll, type EnrollOptions, LOOK_UP_PAUSES_MS, Superseded } from "./enroll.ts";
import type { ClaimAnswer } from "./enrollments.ts";
import {
  cloneConflict,
  cloneInProgress,
  providerMisconfigured,
  providerRejected,
  providerUnavailable,
  rateLimited,
  voiceNotFound,
} from "./outcomes.ts";
import { logRecovered, recoveredVoice } from "./recovered.ts";

/** The most a finalize may take, in milliseconds; the platform gives up at 150 s. */
const DEADLINE_MS = 120_000;
/** How long a finalize waits for another one of the same voice, in milliseconds, and how often it looks. */
const JOIN_MS = 20_000;
const JOIN_PAUSE_MS = 300;
const JOIN_PAUSE_MAX_MS = 2_000;
/** Pauses before a claim is asked again, in milliseconds. */
const CLAIM_PAUSES_MS = [200, 800];
/** An outcome that has been unknown for less than this, in seconds, is looked up more than once: the list may lag. */
const FRESH_SECONDS = 10;

export type FinalizeOptions = EnrollOptions & {
  newAttemptId: () => string;
  checkReference: ReferenceCheck;
  /** What makes a voice findable at the provider. */
  tokenOf: (userId: string, voiceId: string) => Promise<string>;
};

/** One finalize from claim to answer, whatever the provider (docs/enrollment.md tells the steps). */
export function createFinalize(options: FinalizeOptions) {
  const { enrollments, references, provider, clock } = options;
  const enrollment = createEnroll(options);

  /** A voice that an earlier create may have made; null when there is none and this attempt may create it. */
  const recover = async (
    job: FinalizeJob,
    claim: Extract<ClaimAnswer, { outcome: "recover" }>,
    reference: CheckedReference | null,
  ) => {
    if (claim.region !== provider.region) {
      await enrollment.release(job);
      job.log.event("error", "clone.region_changed", { recorded: claim.region, configured: provider.region });
      throw providerMisconfigured();
    }
    const startedAt = clock.now();
    let found;
    try {
      found = await enrollment.lookUp(job, claim.unresolved_seconds < FRESH_SECONDS ? LOOK_UP_PAUSES_MS : []);
    } catch (error) {
      await enrollment.release(job);
      job.log.event("warn", "clone.look_up_failed", { error });
      const misconfigured = error instanceof ProviderError && error.category === "misconfigured";
      throw misconfigured ? providerMisconfigured(error) : providerUnavailable(error);
    }
    if (!found) return null;
    logRecovered(job.log, found, clock.now() - startedAt);
    const completed = await completeVoice(options, job, claim.details, {
      provider: "qwen",
      voice: recoveredVoice(found, await sentLanguage(claim.details), reference),
    });
    return answerOf(completed, claim.same_details, job.log);
  };

  /** Asks again while the database is away: with the same attempt, a claim whose answer was lost is given once more. */
  const claim = async (job: FinalizeJob): Promise<ClaimAnswer> => {
    const asked = { details: job.details, provider: provider.name, region: provider.region };
    for (let tries = 0;; tries++) {
      try {
        return await enrollments.claim(job.attempt, asked, job.signal);
      } catch (error) {
        const pause = CLAIM_PAUSES_MS[tries];
        const away = error instanceof ApiError && error.code === "database_unavailable";
        if (!away || pause === undefined || clock.now() + pause > job.deadline) throw error;
        await clock.sleep(pause, job.signal);
      }
    }
  };

  /** Claims, and waits a while for a finalize that is under way already: its result is this one's too. */
  const claimOrJoin = async (job: FinalizeJob): Promise<ClaimAnswer> => {
    const startedAt = clock.now();
    const patience = Math.min(startedAt + JOIN_MS, job.deadline);
    for (let pause = JOIN_PAUSE_MS;; pause = Math.min(pause * 1.5, JOIN_PAUSE_MAX_MS)) {
      const answer = await claim(job);
      if (answer.outcome !== "in_progress" || clock.now() + pause > patience) {
        job.log.event("info", "clone.claimed", {
          outcome: answer.outcome,
          duration_ms: clock.now() - startedAt,
        });
        return answer;
      }
      await clock.sleep(pause * (0.75 + clock.random() / 2), job.signal);
    }
  };

  /** What a claim leads to; null when it was superseded, and is to be made again. */
  const follow = async (
    job: FinalizeJob,
    claim: ClaimAnswer,
    checking: Promise<PromiseSettledResult<CheckedReference>>,
  ): Promise<{ id: string; name: string } | null> => {
    switch (claim.outcome) {
      case "finalized":
        return claim.voice;
      case "conflict":
        throw cloneConflict();
      case "deleted":
        throw voiceNotFound();
      case "user_deleted":
        throw accountDeleted();
      case "in_progress":
        throw cloneInProgress(claim.seconds);
      case "limited":
        throw rateLimited(claim.seconds);
      case "rejected":
        throw providerRejected(claim.error);
      case "created":
        return answerOf(await completeVoice(options, job, job.details, null), claim.same_details, job.log);
      case "recover": {
        const check = await checking;
        const recovered = await recover(job, claim, check.status === "fulfilled" ? check.value : null);
        if (recovered) return recovered;
        break;
      }
      case "claimed":
        break;
    }

    const check = await checking;
    if (check.status === "rejected") {
      await enrollment.release(job);
      throw check.reason;
    }
    try {
      return answerOf(await enrollment.enroll(job, check.value), true, job.log);
    } catch (error) {
      if (error instanceof Superseded && enrollment.hasRoom(job)) return null;
      throw error instanceof Superseded ? cloneInProgress(JOIN_MS / 1000) : error;
    }
  };

  const run = async (job: FinalizeJob): Promise<{ id: string; name: string }> => {
    const notNeeded = new AbortController();
    const signal = AbortSignal.any([job.signal, notNeeded.signal]);
    const checking = settled(options.checkReference(job.objectKey, signal));
    try {
      for (;;) {
        const answer = await follow(job, await claimOrJoin(job), checking);
        if (answer) return answer;
      }
    } finally {
      notNeeded.abort();
    }
  };

  /**
   * Ends in the one voice of this `voice_id`, however often it is repeated.
   * @throws {ApiError} with a code of the contract
   */
  return async (
    userId: string,
    request: FinalizeRequest,
    log: Log,
  ): Promise<{ id: string; name: string }> => {
    const { voice_id: voiceId, ...details } = request;
    const attempt = {
      userId,
      voiceId,
      attemptId: options.newAttemptId(),
      token: await options.tokenOf(userId, voiceId),
    };
    const startedAt = clock.now();
    const job: FinalizeJob = {
      attempt,
      details,
      objectKey: references.key(userId, voiceId),
      sent: { creates: 0, possible: 0 },
      startedAt,
      deadline: startedAt + DEADLINE_MS,
      signal: clock.timeout(DEADLINE_MS),
      log: log.with({ voice_id: voiceId, attempt_id: attempt.attemptId }),
    };
    try {
      return await run(job);
    } catch (error) {
      throw error instanceof UnrecordedVoice ? error.told : error;
    } finally {
      job.log.event("info", "clone.answered", { duration_ms: clock.now() - startedAt });
    }
  };
}

/** A promise that never rejects: it is looked at later, or not at all. */
async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [result] = await Promise.allSettled([promise]);
  return result;
}
