import { accountDeleted } from "../accounts.ts";
import { ApiError, type ErrorCode, voiceNotFound } from "../errors.ts";
import type { ProviderError, ProviderErrorCategory } from "../tts/provider_error.ts";
import type { ClaimAnswer, CompleteAnswer } from "./enrollments.ts";

/** Seconds after which asking again is likely to find a finalize done. */
export const SOON_SECONDS = 5;

/** Another finalize of this voice is under way, or was interrupted; `seconds` until it is known to be over. */
export function cloneInProgress(seconds: number): ApiError {
  const detail = seconds > SOON_SECONDS
    ? "This voice is being created, or an earlier request for it was interrupted. Repeat the request: it is settled in " +
      `${Math.ceil(seconds)} seconds at the latest.`
    : "This voice is being created. Repeat the request in a few seconds.";
  return new ApiError("clone_in_progress", detail, { retryAfterSeconds: Math.min(seconds, SOON_SECONDS) });
}

/** The voice id was used with other details. */
export function cloneConflict(): ApiError {
  return new ApiError(
    "clone_conflict",
    "This voice_id was already used with other details. Ask for a new upload URL.",
  );
}

/** Seconds after which it may be known whether a voice exists that no look-up can find. */
const UNDECIDED_SECONDS = 600;

/** Whether a voice was made is for reconcile or the operator to find out, for a look-up cannot. */
export function cloneUndecided(): ApiError {
  return new ApiError(
    "clone_in_progress",
    "It is not known yet whether your voice was created. This is being looked into. Repeat the request later: no " +
      "second voice is made.",
    { retryAfterSeconds: UNDECIDED_SECONDS },
  );
}

/** The user has caused as many creates as are allowed for now. */
export function rateLimited(seconds: number): ApiError {
  const minutes = Math.ceil(seconds / 60);
  const longWait = minutes < 90 ? `${minutes} minutes` : `${Math.ceil(minutes / 60)} hours`;
  const wait = minutes < 2 ? "a minute" : longWait;
  return new ApiError(
    "rate_limited",
    `You have created as many voices as are allowed for now. Try again in ${wait}.`,
    { retryAfterSeconds: seconds },
  );
}

type Refusal = { code: ErrorCode; detail: string; retryAfterSeconds?: number };

const UNAVAILABLE: Refusal = {
  code: "provider_unavailable",
  detail: "The voice provider is not available right now. Try again shortly.",
  retryAfterSeconds: 10,
};
const UNKNOWN: Refusal = {
  code: "provider_timeout",
  detail:
    "The voice provider gave no usable answer in time. Repeat the request: it is safe, no second voice is made.",
  retryAfterSeconds: SOON_SECONDS,
};

/** The answers to a failed create. */
const PROVIDER_REFUSALS: Readonly<Record<ProviderErrorCategory, Refusal>> = {
  rejected: { code: "provider_rejected", detail: "The provider refused this audio or transcript." },
  misconfigured: {
    code: "provider_misconfigured",
    detail: "Voice cloning is not set up correctly. The operator has been told.",
  },
  voice_limit: {
    code: "voice_limit_reached",
    detail: "No more voices can be created for now. The operator has been told.",
  },
  throttled: {
    code: "provider_throttled",
    detail: "The voice provider is busy. Try again shortly.",
    retryAfterSeconds: 10,
  },
  reference_unreachable: UNAVAILABLE,
  server_error: UNAVAILABLE,
  unreadable_answer: UNKNOWN,
  no_answer: UNKNOWN,
};

const refuse = ({ code, detail, retryAfterSeconds }: Refusal, cause: unknown) =>
  new ApiError(code, detail, { retryAfterSeconds, cause });

/** The answer to a failed create. */
export function providerFailure(error: ProviderError): ApiError {
  const refusal = PROVIDER_REFUSALS[error.category];
  return refuse({ ...refusal, detail: error.refusal ?? refusal.detail }, error);
}

/** Our key, region, account, model or request is wrong: nothing the caller can mend. */
export function providerMisconfigured(cause?: unknown): ApiError {
  return refuse(PROVIDER_REFUSALS.misconfigured, cause);
}

/** The provider failed, or could not be asked whether it made the voice. */
export function providerUnavailable(cause: unknown): ApiError {
  return refuse(UNAVAILABLE, cause);
}

/** The answer to a claim that leads no further, and to a voice that is saved as nobody's or another one's. */
export function refusalOf(
  answer: Exclude<
    ClaimAnswer | CompleteAnswer,
    { outcome: "claimed" | "created" | "finalized" | "recover" }
  >,
): ApiError {
  switch (answer.outcome) {
    case "conflict":
      return cloneConflict();
    case "deleted":
      return voiceNotFound();
    case "user_deleted":
      return accountDeleted();
    case "in_progress":
      return cloneInProgress(answer.seconds);
    case "limited":
      return rateLimited(answer.seconds);
    case "rejected":
      return new ApiError("provider_rejected", answer.error.refusal);
    case "refused":
      // It is being purged; once it is gone, the look-up of the next finalize finds nothing and a new one is made.
      return cloneInProgress(SOON_SECONDS);
    case "failed":
    case "unknown":
      return new ApiError(
        "internal",
        "Your voice was created but could not be saved. The operator has been told.",
      );
  }
}
