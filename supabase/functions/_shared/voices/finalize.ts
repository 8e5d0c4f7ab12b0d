import { checkReference } from "../audio/policy.ts";
import type { FinalizeRequest } from "../contract.ts";
import { ProviderError } from "../tts/errors.ts";
import type { Log } from "../log.ts";
import type { InspectedReference } from "../storage/references.ts";
import { answerOf, completeVoice, type FinalizeJob, UnrecordedVoice } from "./completion.ts";
import { createEnroll, type EnrollOptions, logRecovered, recoveredVoice } from "./enroll.ts";
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
import { enrollmentToken } from "./token.ts";

/** The most a finalize may take, in milliseconds; the platform gives up at 150 s. */
const DEADLINE_MS = 120_000;

export type FinalizeOptions = EnrollOptions & { newAttemptId: () => string };

export type Finalize = ReturnType<typeof createFinalize>;

/** One finalize from claim to answer, whatever the provider (docs/enrollment.md tells the steps). */
export function createFinalize(options: FinalizeOptions) {
  const { enrollments, references, provider, clock } = options;
  const enrollment = createEnroll(options);

  /** A voice that an earlier create may have made; null when there is none and this attempt may create it. */
  const recover = async (
    job: FinalizeJob,
    claim: Extract<ClaimAnswer, { outcome: "recover" }>,
    inspected: InspectedReference | null,
  ) => {
    if (claim.region !== provider.region) {
      await enrollment.release(job);
      job.log.event("error", "clone.region_changed", { recorded: claim.region, configured: provider.region });
      throw providerMisconfigured();
    }
    let found;
    try {
      found = await enrollment.lookUp(job, []);
    } catch (error) {
      await enrollment.release(job);
      job.log.event("warn", "clone.look_up_failed", { error });
      const misconfigured = error instanceof ProviderError && error.category === "misconfigured";
      throw misconfigured ? providerMisconfigured(error) : providerUnavailable(error);
    }
    if (!found) return null;
    logRecovered(job.log, found);
    const completed = await completeVoice(options, job, claim.details, {
      provider: "qwen",
      voice: recoveredVoice(found, claim.details, inspected),
    });
    return answerOf(completed, claim.same_details, job.log);
  };

  const run = async (job: FinalizeJob): Promise<{ id: string; name: string }> => {
    const [claimed, inspection] = await Promise.allSettled([
      enrollments.claim(job.attempt, {
        details: job.details,
        provider: provider.name,
        region: provider.region,
      }),
      references.inspect(job.objectKey, job.signal).then((inspected) => {
        checkReference(inspected);
        return inspected;
      }),
    ]);
    if (claimed.status === "rejected") throw claimed.reason;
    const claim = claimed.value;
    const inspected = inspection.status === "fulfilled" ? inspection.value : null;
    job.log.event("info", "clone.claimed", { outcome: claim.outcome });

    switch (claim.outcome) {
      case "finalized":
        return claim.voice;
      case "conflict":
        throw cloneConflict();
      case "deleted":
        throw voiceNotFound();
      case "in_progress":
        throw cloneInProgress(claim.seconds);
      case "limited":
        throw rateLimited(claim.seconds);
      case "rejected":
        throw providerRejected(claim.error);
      case "created":
        return answerOf(await completeVoice(options, job, job.details, null), claim.same_details, job.log);
      case "recover": {
        const recovered = await recover(job, claim, inspected);
        if (recovered) return recovered;
        break;
      }
      case "claimed":
        break;
    }

    if (inspection.status === "rejected") {
      await enrollment.release(job);
      throw inspection.reason;
    }
    return answerOf(await enrollment.enroll(job, inspection.value), true, job.log);
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
      token: await enrollmentToken(userId, voiceId),
    };
    const startedAt = clock.now();
    const job: FinalizeJob = {
      attempt,
      details,
      objectKey: references.key(userId, voiceId),
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
