import type { ErrorCode } from "../../../supabase/functions/_shared/errors.ts";

/** What the document says of an error code, in the words of docs/api.md. */
export type ErrorText = {
  when: string;
  /** The `detail` of the example. */
  detail: string;
  /** With `Retry-After`, and so many seconds in the example. A code has it always or never. */
  retryAfterSeconds?: number;
};

/** Every error code as the document tells it. */
export const ERROR_TEXTS: Readonly<Record<ErrorCode, ErrorText>> = {
  invalid_json: { when: "the body is not JSON", detail: "Invalid JSON body" },
  invalid_request: {
    when: "a field or a query parameter breaks its rule; `detail` names it",
    detail: "Name must be 1-100 characters.",
  },
  language_unsupported: {
    when: "the language is none of `/languages`",
    detail: "This language is not supported. Use one of: Auto, Chinese, English, German, Italian, " +
      "Portuguese, Spanish, Japanese, Korean, French, Russian.",
  },
  reference_missing: {
    when: "finalize before the PUT, or another user's upload",
    detail: "Audio file not uploaded.",
  },
  reference_empty: {
    when: "the uploaded clip has 0 bytes",
    detail: "The uploaded audio file is empty.",
  },
  reference_too_large: {
    when: "10,000,000 bytes or more; or more than 7,499,900 where clips go to the provider as data URLs",
    detail: "Reference audio must be under 10MB.",
  },
  reference_type_unsupported: {
    when:
      "by its bytes it is none of WAV with 16 bits, MP3 and M4A, or its declared type is none of the bucket's",
    detail: "This is WebM audio; upload WAV, MP3 or M4A.",
  },
  reference_unreadable: {
    when: "the bytes are no audio, damaged or cut short",
    detail: "This file is cut short; record or upload it again.",
  },
  reference_too_short: {
    when: "less than 3 s; `detail` tells this and the next three together, `code` is the first one's",
    detail: "This clip is 2.1 s long; at least 3 s of speech are needed.",
  },
  reference_too_long: {
    when: "more than 60 s",
    detail: "This clip is 75 s long; at most 60 s are taken, 10 to 20 s are best.",
  },
  reference_sample_rate_too_low: {
    when: "less than 24 kHz",
    detail: "This clip is sampled at 16 kHz; at least 24 kHz are needed.",
  },
  reference_not_mono: {
    when: "more than one channel",
    detail: "This clip has 2 channels; record it in mono, with one.",
  },
  unauthorized: {
    when: "no token, or one that is not valid here, or whose account was deleted",
    detail: "Sign in first: send your access token as a bearer token.",
  },
  forbidden: {
    when: "the user is anonymous",
    detail: "Anonymous users cannot do this. Sign in with an account.",
  },
  not_found: {
    when:
      "no such address; no such voice or task of this user, whether it is another's, deleted or was never " +
      "there; audio that is not there, or not yet",
    detail: "There is nothing at this address.",
  },
  method_not_allowed: { when: "`Allow` names the methods", detail: "Use POST here." },
  clone_in_progress: {
    when:
      "another finalize of this voice is under way, and did not end within 20 s; or an earlier create may have made the " +
      "voice, and only the operator can tell",
    detail: "This voice is being created. Repeat the request in a few seconds.",
    retryAfterSeconds: 5,
  },
  clone_conflict: {
    when: "this `voice_id` was finalized, or is being finalized, with other details",
    detail: "This voice_id was already used with other details. Ask for a new upload URL.",
  },
  voice_not_ready: {
    when:
      "the voice was made with another provider or in another region than the configured ones, or speaking " +
      "is switched off (modal)",
    detail: "This voice was made in another region. Clone it again to let it speak.",
  },
  payload_too_large: {
    when: "the body has more than 64 KiB",
    detail: "The request body must be at most 64 KiB.",
  },
  provider_rejected: {
    when: "the provider refuses this clip or transcript; `detail` says which",
    detail: "The provider refused this audio or transcript.",
  },
  rate_limited: {
    when: "the user has asked as often as is allowed for now; `detail` says for what",
    detail: "You have created as many voices as are allowed for now. Try again in 12 minutes.",
    retryAfterSeconds: 720,
  },
  internal: {
    when: "a defect, or a row that the database refused",
    detail: "Something went wrong on our side.",
  },
  provider_unavailable: {
    when: "the provider failed, could not be asked, or could not fetch the clip",
    detail: "The voice provider is not available right now. Try again shortly.",
    retryAfterSeconds: 10,
  },
  provider_misconfigured: {
    when: "key, region, account, model or our request is wrong; logged for the operator, never detailed",
    detail: "Voice cloning is not set up correctly. The operator has been told.",
  },
  provider_throttled: {
    when: "the provider says slow down, and pauses did not help",
    detail: "The voice provider is busy. Try again shortly.",
    retryAfterSeconds: 10,
  },
  voice_limit_reached: {
    when: "the provider account's 1,000 voices are used up",
    detail: "No more voices can be created for now. The operator has been told.",
  },
  storage_unavailable: {
    when: "Storage failed or did not answer",
    detail: "The audio storage is not available right now. Try again shortly.",
    retryAfterSeconds: 5,
  },
  database_unavailable: {
    when: "the database did not answer",
    detail: "The database is not available right now. Try again shortly.",
    retryAfterSeconds: 5,
  },
  auth_unavailable: {
    when: "the auth server did not answer, so that nobody knows whose token it is",
    detail: "Sign-in cannot be checked right now. Try again shortly.",
    retryAfterSeconds: 5,
  },
  config_invalid: {
    when: "the function's environment is not valid",
    detail: "The server is not configured correctly. The operator has been told.",
  },
  provider_timeout: {
    when: "the provider gave no usable answer; the same request is safe, no second voice is made",
    detail:
      "The voice provider gave no usable answer in time. Repeat the request: it is safe, no second voice is made.",
    retryAfterSeconds: 5,
  },
};
