export type CodeEntry = {
  status: number;
  when: string;
  /** What a client does about it. */
  action: string;
  /** The `detail` of `standardError`, and of the example. */
  detail: string;
  /** The `Retry-After` of both, in seconds. A code carries it always or never. */
  retryAfterSeconds?: number;
  /** The seconds in words, where they vary. */
  retryAfter?: string;
};

const FIX = "Fix the request.";
const NEW_CLIP = "Create a new upload URL and upload another clip.";
const REPEAT = "Repeat the request.";
const OPERATOR = "Wait for the operator, then repeat the request.";

/** The `detail` of `not_found`, by what is missing. */
export const NOT_FOUND = {
  voice: "Voice not found.",
  task: "Task not found.",
  generation: "Generation not found.",
} as const;

/** The closed list of error codes: clients branch on them. */
export const ERROR_CODES = {
  invalid_json: {
    status: 400,
    when: "The body is not valid JSON.",
    action: FIX,
    detail: "Invalid JSON body",
  },
  invalid_request: {
    status: 400,
    when: "A field or query parameter is invalid; `detail` names it.",
    action: "Fix the request, or show `detail` to the user.",
    detail: "Name must be 1-100 characters.",
  },
  language_unsupported: {
    status: 400,
    when: "The language is not one of `GET /languages`.",
    action: "Offer the supported languages.",
    detail: "This language is not supported. Use one of: Auto, Chinese, English, German, Italian, " +
      "Portuguese, Spanish, Japanese, Korean, French, Russian.",
  },
  reference_missing: {
    status: 400,
    when: "No clip has been uploaded for this `voice_id`, or another user uploaded it.",
    action: "Upload the clip, then repeat the request.",
    detail: "Audio file not uploaded.",
  },
  reference_empty: {
    status: 400,
    when: "The uploaded clip has 0 bytes.",
    action: NEW_CLIP,
    detail: "The uploaded audio file is empty.",
  },
  reference_too_large: {
    status: 400,
    when:
      "The clip has 10,000,000 bytes or more, or more than 7,499,900 where clips are sent to the provider as data URLs.",
    action: "Create a new upload URL and upload a shorter clip.",
    detail: "Reference audio must be under 10MB.",
  },
  reference_type_unsupported: {
    status: 400,
    when:
      "The clip's bytes are not 16-bit WAV, MP3 or M4A (`detail` names the format), or its declared type is not one that " +
      "the bucket takes.",
    action: "Create a new upload URL and upload WAV, MP3 or M4A.",
    detail: "This is WebM audio; upload WAV, MP3 or M4A.",
  },
  reference_unreadable: {
    status: 400,
    when: "The clip is not audio, is damaged or is cut short, such as an M4A without its `moov`.",
    action: NEW_CLIP,
    detail: "This file is cut short; record or upload it again.",
  },
  reference_too_short: {
    status: 400,
    when:
      "The clip is shorter than 3 s. If several of this and the next three rules are broken, `detail` lists them all " +
      "and `code` is that of the first.",
    action: NEW_CLIP,
    detail: "This clip is 2.1 s long; at least 3 s of speech are needed.",
  },
  reference_too_long: {
    status: 400,
    when: "The clip is longer than 60 s.",
    action: NEW_CLIP,
    detail: "This clip is 75 s long; at most 60 s are taken, 10 to 20 s are best.",
  },
  reference_sample_rate_too_low: {
    status: 400,
    when: "The clip's sample rate is below 24 kHz.",
    action: NEW_CLIP,
    detail: "This clip is sampled at 16 kHz; at least 24 kHz are needed.",
  },
  reference_not_mono: {
    status: 400,
    when: "The clip has more than one channel.",
    action: NEW_CLIP,
    detail: "This clip has 2 channels; record it in mono, with one.",
  },
  unauthorized: {
    status: 401,
    when: "The token is missing or invalid, or its account was deleted.",
    action: "Sign in again.",
    detail: "Sign in first: send your access token as a bearer token.",
  },
  forbidden: {
    status: 403,
    when: "The user is anonymous.",
    action: "Sign in with an account.",
    detail: "Anonymous users cannot do this. Sign in with an account.",
  },
  not_found: {
    status: 404,
    when:
      "The address does not exist, or the user has no such voice or task, or the audio does not exist (yet). Answered alike " +
      "for what belongs to another user, was deleted or never existed.",
    action: "Stop.",
    detail: "There is nothing at this address.",
  },
  method_not_allowed: {
    status: 405,
    when: "The path does not have this method; `Allow` lists those it has.",
    action: FIX,
    detail: "Use POST here.",
  },
  clone_in_progress: {
    status: 409,
    when:
      "Another finalize of this voice is running and did not end within 20 s, or an earlier attempt may have created the " +
      "voice and only the operator can decide.",
    action: REPEAT,
    detail: "This voice is being created. Repeat the request in a few seconds.",
    retryAfterSeconds: 5,
    retryAfter: "1–5; 600",
  },
  clone_conflict: {
    status: 409,
    when: "This `voice_id` was, or is being, finalized with other details.",
    action: "Create a new upload URL.",
    detail: "This voice_id was already used with other details. Ask for a new upload URL.",
  },
  voice_not_ready: {
    status: 409,
    when:
      "The voice was created with another provider or in another region than the configured one, or speech generation is " +
      "off (modal).",
    action: "Show `detail` to the user.",
    detail: "This voice was made in another region. Clone it again to let it speak.",
  },
  payload_too_large: {
    status: 413,
    when: "The body is larger than 64 KiB.",
    action: FIX,
    detail: "The request body must be at most 64 KiB.",
  },
  provider_rejected: {
    status: 422,
    when:
      "The provider refuses this clip or transcript; `detail` says which. Repeating the request gives the same answer " +
      "without asking the provider.",
    action: "Use another transcript with the same `voice_id`, or a new upload URL with another clip.",
    detail: "The provider refused this audio or transcript.",
  },
  rate_limited: {
    status: 429,
    when: "The user has reached a limit; `detail` says which: attempts (`CLONE_ATTEMPTS_PER_HOUR`), voices " +
      "(`CLONE_LIMIT_PER_HOUR`, `CLONE_LIMIT_PER_DAY`), upload URLs (`UPLOAD_URL_LIMIT_PER_HOUR`) or 20 unfinished texts.",
    action: "Repeat the request later.",
    detail: "You have created as many voices as are allowed for now. Try again in 12 minutes.",
    retryAfterSeconds: 720,
    retryAfter: "until the next is allowed",
  },
  internal: {
    status: 500,
    when: "A defect, or a row that the database refused.",
    action: "Repeat the request once; report the `request_id`.",
    detail: "Something went wrong on our side.",
  },
  provider_unavailable: {
    status: 502,
    when: "The provider failed, could not be reached or could not fetch the clip.",
    action: REPEAT,
    detail: "The voice provider is not available right now. Try again shortly.",
    retryAfterSeconds: 10,
  },
  provider_misconfigured: {
    status: 502,
    when:
      "The provider refuses the key, region, account, model or request. The cause is logged, never part of `detail`.",
    action: OPERATOR,
    detail: "Voice cloning is not set up correctly. The operator has been told.",
  },
  provider_throttled: {
    status: 503,
    when: "The provider limits our requests, and waiting did not help.",
    action: REPEAT,
    detail: "The voice provider is busy. Try again shortly.",
    retryAfterSeconds: 10,
  },
  voice_limit_reached: {
    status: 503,
    when: "The provider account holds its maximum of 1,000 voices.",
    action: OPERATOR,
    detail: "No more voices can be created for now. The operator has been told.",
  },
  storage_unavailable: {
    status: 503,
    when: "Storage failed, or gave no answer within 5 s, twice.",
    action: REPEAT,
    detail: "The audio storage is not available right now. Try again shortly.",
    retryAfterSeconds: 5,
  },
  database_unavailable: {
    status: 503,
    when: "The database did not answer.",
    action: "Repeat the request; a voice that was created is not lost.",
    detail: "The database is not available right now. Try again shortly.",
    retryAfterSeconds: 5,
  },
  auth_unavailable: {
    status: 503,
    when: "The auth server did not answer, so the token cannot be checked.",
    action: REPEAT,
    detail: "Sign-in cannot be checked right now. Try again shortly.",
    retryAfterSeconds: 5,
  },
  config_invalid: {
    status: 503,
    when: "The function's environment is invalid.",
    action: OPERATOR,
    detail: "The server is not configured correctly. The operator has been told.",
  },
  provider_timeout: {
    status: 504,
    when: "The provider gave no usable answer in time, and the voice is not in its list.",
    action: "Repeat the request: it looks for the voice first, so no second one is created.",
    detail:
      "The voice provider gave no usable answer in time. Repeat the request: it is safe, no second voice is made.",
    retryAfterSeconds: 5,
  },
} as const satisfies Record<string, CodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
