import { ERROR_CODES, type ErrorCode, NOT_FOUND } from "./contract/error_codes.ts";

export type { ErrorCode };

/**
 * An error that the caller sees. `detail` is a sentence for a person and is rendered as it stands; `cause` is for
 * the log alone.
 *
 * @example throw new ApiError("clone_in_progress", "This voice is being created.", { retryAfterSeconds: 20 });
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly status: (typeof ERROR_CODES)[ErrorCode]["status"];
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
    this.status = ERROR_CODES[code].status;
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
  return new ApiError("not_found", NOT_FOUND.voice);
}

/** No such generation for this user, or it has no audio. */
export function generationNotFound(): ApiError {
  return new ApiError("not_found", NOT_FOUND.generation);
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
