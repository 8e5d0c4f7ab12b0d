import type { CheckedReference } from "../audio/reference_check.ts";
import { standardError } from "../errors.ts";
import type { Log } from "../log.ts";
import { createRetries } from "../retry.ts";
import type { SavedVoice } from "../tts/provider.ts";
import { ProviderError } from "../tts/provider_error.ts";
import { type FinalizeJob, markUnresolved, release } from "./attempt.ts";
import type { Rejection } from "./enrollments.ts";
import { lookUp, recoveredVoice } from "./recovery.ts";
import { providerFailure } from "./refusals.ts";

/** Pauses between creates while the provider throttles, in milliseconds, before jitter. */
const THROTTLED_PAUSES_MS = [1_000, 2_000, 4_000];

/** Handles the failed creates of one claim (docs/enrollment.md, the table of the provider's answers). */
export function createFailureHandler(job: FinalizeJob, reference: CheckedReference) {
  const { clock, createDeadline: deadline, signal } = job;
  const mayRetry = {
    throttled: createRetries({ clock, pauses: THROTTLED_PAUSES_MS, jitter: true, deadline, signal }),
    unreachable: createRetries({ clock, pauses: [0], deadline }),
    serverError: createRetries({ clock, pauses: [0], deadline }),
  };
  let unmarked: ProviderError | null = null;

  /**
   * Releases, unless an unknown outcome could not be recorded and would be lost. Then the lease expires, and the next
   * finalize finds an attempt that was sending.
   */
  const releaseUnlessUnmarked = async (rejection: Rejection | null = null) => {
    if (unmarked && !await markUnresolved(job, unmarked, false)) return;
    await release(job, rejection);
  };

  const settleUnknown = async (error: ProviderError): Promise<SavedVoice | null> => {
    // First of all: this create may still land.
    if (error.category === "server_error" && !await markUnresolved(job, error, false)) unmarked = error;
    const found = await lookUp(job, true).catch(async (cause) => {
      await markUnresolved(job, error, true);
      throw standardError("provider_unavailable", cause);
    });
    if (found) return await recoveredVoice(found, job.details, reference);
    if (error.category === "server_error" && await mayRetry.serverError()) return null;
    await markUnresolved(job, error, true);
    throw providerFailure(error);
  };

  /**
   * Settles one failure.
   * @param startedAt of the create, in milliseconds since the epoch
   * @returns the voice if it was created after all; null if the create may be sent again
   * @throws {ApiError} the caller's answer
   */
  return async function settleFailure(error: unknown, startedAt: number): Promise<SavedVoice | null> {
    if (!(error instanceof ProviderError)) {
      await releaseUnlessUnmarked();
      throw error;
    }
    logFailure(job.log, error, clock.now() - startedAt);
    job.sent.creates++;
    if (error.outcomeUnknown) job.sent.possible++;

    if (error.category === "throttled" && await mayRetry.throttled()) return null;
    if (error.category === "reference_unreachable" && await mayRetry.unreachable()) return null;
    if (error.outcomeUnknown) return await settleUnknown(error);

    const refusal = providerFailure(error);
    await releaseUnlessUnmarked(
      error.category === "rejected"
        ? {
          category: error.category,
          provider_code: error.providerCode ?? null,
          request_id: error.providerRequestId ?? null,
          refusal: refusal.detail,
        }
        : null,
    );
    throw refusal;
  };
}

function logFailure(log: Log, error: ProviderError, durationMs: number): void {
  const { category } = error;
  const isAlarming = ["misconfigured", "voice_limit", "reference_unreachable"].includes(category);
  log.event(
    isAlarming ? "error" : "warn",
    category === "rejected" ? "clone.rejected" : "clone.provider_failed",
    {
      category,
      status: error.status,
      provider_code: error.providerCode,
      provider_request_id: error.providerRequestId,
      duration_ms: durationMs,
      error,
    },
  );
}
