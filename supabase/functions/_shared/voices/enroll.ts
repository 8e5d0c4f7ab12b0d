import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { InspectedReference, References } from "../storage/references.ts";
import { ProviderError } from "../tts/errors.ts";
import { languageCode } from "../tts/languages.ts";
import type { ProviderVoice, TtsProvider, VoiceDetails } from "../tts/provider.ts";
import { completeVoice, type FinalizeJob, UnrecordedVoice } from "./completion.ts";
import type { CompleteAnswer, Enrollments, Rejection } from "./enrollments.ts";
import { cloneInProgress, providerFailure, providerUnavailable } from "./outcomes.ts";

/** What a create leaves of the deadline for looking up and completing, in milliseconds. */
const RESERVE_MS = 25_000;
/** How much longer than the request's deadline the lease lasts, in seconds. */
const LEASE_MARGIN_SECONDS = 30;
/** Pauses before asking a throttling provider again, in milliseconds, before jitter. */
const THROTTLED_PAUSES_MS = [1_000, 2_000, 4_000];
/** Pauses between look-ups after a create that got no answer, in milliseconds: it may land a little later. */
const LOOK_UP_PAUSES_MS = [2_000, 5_000];
/** The pause before the second create after the provider answered that the first one failed, in milliseconds. */
const SERVER_ERROR_PAUSE_MS = 1_000;

/** Another attempt holds the voice by now. */
class Superseded extends Error {
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

  const cloneOnce = (job: FinalizeJob, inspected: InspectedReference) => {
    const remaining = job.deadline - clock.now();
    const startedAt = clock.now();
    return provider.cloneVoice<CompleteAnswer>({
      details: job.details,
      token: job.attempt.token,
      reference: references.open(job.objectKey, inspected, job.signal),
      referenceMetadata: referenceMetadata(inspected),
      timeoutMs: Math.min(options.createTimeoutMs, remaining - RESERVE_MS),
      signal: job.signal,
      record: {
        async sending() {
          if (provider.name === "modal") return;
          const outcome = await enrollments.sending(job.attempt, {
            details: job.details,
            region: provider.region,
            leaseSeconds: remaining / 1000 + LEASE_MARGIN_SECONDS,
          });
          if (outcome === "superseded") throw new Superseded();
        },
        complete(saved) {
          job.log.event("info", "clone.enrolled", {
            provider: saved.provider,
            ...(saved.provider === "qwen"
              ? { provider_voice_id: saved.voice.providerVoiceId, provider_request_id: saved.voice.requestId }
              : {}),
            duration_ms: clock.now() - startedAt,
          });
          return completeVoice({ enrollments, clock }, job, job.details, saved);
        },
      },
    });
  };

  /** What the release may fail with is logged only: the lease ends by itself. */
  const release = async (job: FinalizeJob, rejection: Rejection | null = null) => {
    try {
      await enrollments.release(job.attempt, rejection);
    } catch (error) {
      job.log.event("warn", "clone.release_failed", { error });
    }
  };

  const markUnresolved = async (job: FinalizeJob, error: ProviderError, endsLease: boolean) => {
    const told = {
      category: error.category,
      providerCode: error.providerCode ?? null,
      requestId: error.providerRequestId ?? null,
    };
    try {
      await enrollments.unresolved(job.attempt, told, endsLease);
    } catch (cause) {
      job.log.event("warn", "clone.unresolved_failed", { error: cause });
    }
  };

  /** Looks for the voice of a create whose outcome is unknown, `pauses` times more while nothing is found. */
  const lookUp = async (job: FinalizeJob, pauses: readonly number[]): Promise<ProviderVoice | null> => {
    for (const pause of [0, ...pauses]) {
      if (clock.now() + pause > job.deadline) return null;
      if (pause > 0) await clock.sleep(pause, job.signal);
      const found = await provider.findVoice(job.attempt.token, job.signal);
      if (found) return found;
    }
    return null;
  };

  /** After an unknown outcome: the saved voice when the provider has it, null when it has none. */
  const settle = async (job: FinalizeJob, error: ProviderError, inspected: InspectedReference) => {
    let found: ProviderVoice | null;
    try {
      found = await lookUp(job, error.category === "no_answer" ? LOOK_UP_PAUSES_MS : []);
    } catch (cause) {
      await markUnresolved(job, error, true);
      throw providerUnavailable(cause);
    }
    if (!found) return null;
    logRecovered(job.log, found);
    return await completeVoice({ enrollments, clock }, job, job.details, {
      provider: "qwen",
      voice: recoveredVoice(found, job.details, inspected),
    });
  };

  return {
    release,
    lookUp,

    /** @throws {ApiError} when the voice was not made, or nobody knows whether it was */
    async enroll(job: FinalizeJob, inspected: InspectedReference): Promise<CompleteAnswer> {
      const seen = { throttled: 0, reference_unreachable: 0, server_error: 0 };
      const roomFor = (pause: number) => job.deadline - clock.now() - pause > RESERVE_MS + 5_000;
      for (;;) {
        try {
          return await cloneOnce(job, inspected);
        } catch (error) {
          if (error instanceof Superseded) throw cloneInProgress(5);
          if (error instanceof UnrecordedVoice) throw error.told;
          if (!(error instanceof ProviderError)) {
            await release(job);
            throw error;
          }
          logFailure(job.log, error);

          if (error.category === "throttled") {
            const pause = (THROTTLED_PAUSES_MS[seen.throttled++] ?? Infinity) * (0.5 + clock.random());
            if (roomFor(pause)) {
              await clock.sleep(pause, job.signal);
              continue;
            }
          }
          if (
            error.category === "reference_unreachable" && seen.reference_unreachable++ === 0 && roomFor(0)
          ) continue;

          if (error.outcomeUnknown) {
            // Sticky before anything else is tried: this create may still land.
            if (error.category === "server_error") await markUnresolved(job, error, false);
            const settled = await settle(job, error, inspected).catch((cause) => {
              throw cause instanceof UnrecordedVoice ? cause.told : cause;
            });
            if (settled) return settled;
            if (
              error.category === "server_error" && seen.server_error++ === 0 && roomFor(SERVER_ERROR_PAUSE_MS)
            ) {
              await clock.sleep(SERVER_ERROR_PAUSE_MS, job.signal);
              continue;
            }
            await markUnresolved(job, error, true);
            throw providerFailure(error);
          }

          const told = providerFailure(error);
          await release(
            job,
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

export type Enroll = ReturnType<typeof createEnroll>;

/** What was learnt of the reference, as it is kept with the voice. */
function referenceMetadata(inspected: InspectedReference): Record<string, unknown> {
  return { size: inspected.sizeBytes, content_type: inspected.contentType, etag: inspected.etag };
}

/** A voice found by its token, with what is known of its create: the details say which language was sent. */
export function recoveredVoice(
  found: ProviderVoice,
  details: VoiceDetails,
  inspected: InspectedReference | null,
): ProviderVoice {
  const metadata = {
    ...found.metadata,
    language: { requested: details.language, sent: languageCode(details.language) ?? null },
    reference: inspected && referenceMetadata(inspected),
  };
  return { ...found, metadata };
}

/** Tells that a voice was found whose creation was never confirmed. */
export function logRecovered(log: Log, found: ProviderVoice): void {
  log.event("warn", "clone.recovered", {
    provider_voice_id: found.providerVoiceId,
    provider_request_id: found.requestId,
  });
}

function logFailure(log: Log, error: ProviderError): void {
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
      error,
    },
  );
}
