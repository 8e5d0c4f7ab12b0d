import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import type { ApiEnv } from "../hono_types.ts";
import { handleNotFound } from "./error_handlers.ts";

/** Lets the holder of the project's secret key pass. For everyone else the address does not exist. */
export function createOperatorCheck(secretKey: string): MiddlewareHandler<ApiEnv> {
  return async function requireSecretKey(c, next) {
    if (!await timingSafeEqual(c.req.header("apikey") ?? "", secretKey)) return handleNotFound(c);
    await next();
  };
}
