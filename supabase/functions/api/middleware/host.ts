import type { MiddlewareHandler } from "hono";
import { ApiError } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";

/**
 * Refuses a Host that is no host (RFC 9112, 3.2: with 400). Deno builds the URL of a request from it, so `Host: a/api/health?`
 * would choose another route than the one that a gateway saw in the path.
 */
export function createHostCheck(): MiddlewareHandler<ApiEnv> {
  return async function refuseHost(c, next) {
    if (/[/?#\\@]/.test(c.req.header("Host") ?? "") || !URL.canParse(c.req.url)) {
      throw new ApiError("invalid_request", "The Host header is not valid.");
    }
    await next();
  };
}
