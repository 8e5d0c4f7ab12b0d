import { accountDeleted } from "../accounts.ts";
import { ApiError, type ErrorCode, standardError, voiceNotFound } from "../errors.ts";
import type { ProviderError, ProviderErrorCategory } from "../tts/provider_error.ts";
import type { ClaimAnswer, CompleteAnswer } from "./enrollments.ts";

/** Seconds after which a running finalize is likely to be done. */
export const SOON_SECONDS = 5;
/** Seconds after which reconcile or the operator may have decided what no look-up can find. */
const UNDECIDED_SECONDS = 600;

/** Another finalize of this voice is running or was interrupted. It is over in `seconds`. */
export function cloneInProgress(seconds: number): ApiError {
  const detail = seconds > SOON_SECONDS
    ? "This voice is being created, or an earlier request for it was interrupted. Repeat the request: it is settled in " +
      `${Math.ceil(seconds)} seconds at the latest.`
    : "This voice is being created. Repeat the request in a few seconds.";
  return new ApiError("clone_in_progress", detail, { retryAfterSeconds: Math.min(seconds, SOON_SECONDS) });
}

/** An earlier create may have made the voice, and no look-up can tell. */
export function cloneUndecided(): ApiError {
  return new ApiError(
    "clone_in_progress",
    "It is not known yet whether your voice was created. This is being looked into. Repeat the request later: no " +
      "second voice is made.",
    { retryAfterSeconds: UNDECIDED_SECONDS },
  );
}

/** The user has reached a limit on creates. */
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

const CODE_OF: Readonly<Record<ProviderErrorCategory, ErrorCode>> = {
  rejected: "provider_rejected",
  misconfigured: "provider_misconfigured",
  voice_limit: "voice_limit_reached",
  throttled: "provider_throttled",
  reference_unreachable: "provider_unavailable",
  server_error: "provider_unavailable",
  unreadable_answer: "provider_timeout",
  no_answer: "provider_timeout",
};

/** The error for a failed create. */
export function providerFailure(error: ProviderError): ApiError {
  return error.refusal === undefined
    ? standardError(CODE_OF[error.category], error)
    : new ApiError(CODE_OF[error.category], error.refusal, { cause: error });
}

/** The error for a claim that ends the finalize, or for a voice that could not be saved as this one. */
export function refusalOf(
  answer: Exclude<
    ClaimAnswer | CompleteAnswer,
    { outcome: "claimed" | "created" | "finalized" | "recover" }
  >,
): ApiError {
  switch (answer.outcome) {
    case "conflict":
      return standardError("clone_conflict");
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
      // The voice is being purged. After that, the next finalize finds nothing and creates a new one.
      return cloneInProgress(SOON_SECONDS);
    case "failed":
    case "unknown":
      return new ApiError(
        "internal",
        "Your voice was created but could not be saved. The operator has been told.",
      );
  }
}
