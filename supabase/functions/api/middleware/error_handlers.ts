import type { Context } from "hono";
import { ApiError, renderError, standardError } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";

/** Renders an ApiError, or `internal` for any other error, and logs its cause. `config.invalid` was logged at the load. */
export function handleError(error: Error, c: Context<ApiEnv>): Response {
  const answered = error instanceof ApiError ? error : standardError("internal", error);
  const { code, status, cause } = answered;
  if (status >= 500 && code !== "config_invalid") {
    c.var.log.event("error", "request.failed", { code, status, cause });
  }
  return renderError(answered, c.var.requestId);
}

export function handleNotFound(c: Context<ApiEnv>): Response {
  return renderError(standardError("not_found"), c.var.requestId);
}

/** A handler for the other methods of a path; `Allow` lists its own (RFC 9110, 15.5.6). */
export function methodNotAllowed(...allowed: string[]) {
  return function refuseMethod(): never {
    throw new ApiError("method_not_allowed", `Use ${allowed.join(" or ")} here.`, {
      headers: { Allow: [...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ") },
    });
  };
}
