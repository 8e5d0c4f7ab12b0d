/** Every code an answer may carry, with its HTTP status. The list is closed: clients branch on it. */
export const ERROR_STATUS = {
  invalid_json: 400,
  invalid_request: 400,
  language_unsupported: 400,
  reference_missing: 400,
  reference_empty: 400,
  reference_too_large: 400,
  reference_type_unsupported: 400,
  reference_unreadable: 400,
  reference_too_short: 400,
  reference_too_long: 400,
  reference_sample_rate_too_low: 400,
  reference_not_mono: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  clone_in_progress: 409,
  clone_conflict: 409,
  voice_not_ready: 409,
  payload_too_large: 413,
  provider_rejected: 422,
  rate_limited: 429,
  internal: 500,
  provider_unavailable: 502,
  provider_misconfigured: 502,
  provider_throttled: 503,
  voice_limit_reached: 503,
  storage_unavailable: 503,
  database_unavailable: 503,
  auth_unavailable: 503,
  config_invalid: 503,
  provider_timeout: 504,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/**
 * An error that the caller sees. `detail` is a sentence for a person and is rendered as it stands; `cause` is for
 * the log alone.
 *
 * @example throw new ApiError("clone_in_progress", "This voice is being created.", { retryAfterSeconds: 20 });
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly status: (typeof ERROR_STATUS)[ErrorCode];
  readonly retryAfterSeconds: number | undefined;
  /** Sent as they are, for example `Allow` with a 405. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the envelope holds besides. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    readonly detail: string,
    options: {
      retryAfterSeconds?: number;
      headers?: Record<string, string>;
      fields?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
    this.fields = options.fields ?? {};
  }
}

/** The answer to anything that is not foreseen; `cause` goes to the log. */
export function internalError(cause: unknown): ApiError {
  return new ApiError("internal", "Something went wrong on our side.", { cause });
}

/** No such voice for this user, whatever the reason. */
export function voiceNotFound(): ApiError {
  return new ApiError("not_found", "Voice not found.");
}

/** No such generation for this user, or it has no audio. */
export function generationNotFound(): ApiError {
  return new ApiError("not_found", "Generation not found.");
}

/** The one renderer of the error envelope `{ detail, code, request_id }` and what the error adds, with `Retry-After` in whole seconds. */
export function renderError(error: ApiError, requestId: string): Response {
  const headers = new Headers(error.headers);
  if (error.retryAfterSeconds !== undefined) {
    headers.set("Retry-After", String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  const { fields, detail, code, status } = error;
  return Response.json({ ...fields, detail, code, request_id: requestId }, { status, headers });
}
