import { type CodeEntry, ERROR_CODES, type ErrorCode, NOT_FOUND } from "./contract/error_codes.ts";

export type { ErrorCode };

/**
 * An error response. `detail` is a sentence for a person, sent unchanged; `cause` is only logged.
 *
 * @example throw new ApiError("clone_in_progress", "This voice is being created.", { retryAfterSeconds: 20 });
 */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: ErrorCode;
  readonly status: (typeof ERROR_CODES)[ErrorCode]["status"];
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Additional fields of the body. */
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

/** An error with the `detail` and the `Retry-After` of its entry in `ERROR_CODES`. */
export function standardError(code: ErrorCode, cause?: unknown): ApiError {
  const { detail, retryAfterSeconds }: CodeEntry = ERROR_CODES[code];
  return new ApiError(code, detail, { retryAfterSeconds, cause });
}

export function voiceNotFound(): ApiError {
  return new ApiError("not_found", NOT_FOUND.voice);
}

export function generationNotFound(): ApiError {
  return new ApiError("not_found", NOT_FOUND.generation);
}

/** Renders the body `{ detail, code, request_id }` with the error's own fields, and `Retry-After` in whole seconds. */
export function renderError(error: ApiError, requestId: string): Response {
  const headers = new Headers(error.headers);
  if (error.retryAfterSeconds !== undefined) {
    headers.set("Retry-After", String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  }
  const { fields, detail, code, status } = error;
  return Response.json({ ...fields, detail, code, request_id: requestId }, { status, headers });
}
