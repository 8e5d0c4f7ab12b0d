import type { Context } from "hono";
import { ApiError, internalError, renderError } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";

/**
 * Renders whatever a route threw: an ApiError as it is, anything else as `internal`; the cause goes to the log. An
 * invalid configuration was logged once, when it was read.
 */
export function handleError(error: Error, c: Context<ApiEnv>): Response {
  const answered = error instanceof ApiError ? error : internalError(error);
  const { code, status, cause } = answered;
  if (status >= 500 && code !== "config_invalid") {
    c.var.log.event("error", "request.failed", { code, status, cause });
  }
  return renderError(answered, c.var.requestId);
}

/** Answers a path that no route has. */
export function handleNotFound(c: Context<ApiEnv>): Response {
  return renderError(new ApiError("not_found", "There is nothing at this address."), c.var.requestId);
}

/** A handler for the methods a path does not have (RFC 9110, 15.5.6: the answer names those it has). */
export function methodNotAllowed(...allowed: string[]) {
  return function refuseMethod(): never {
    throw new ApiError("method_not_allowed", `Use ${allowed.join(" or ")} here.`, {
      headers: { Allow: [...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ") },
    });
  };
}
