import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { z } from "zod";
import { ApiError, standardError } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";
import { handleNotFound } from "./error_handlers.ts";

/** The checked claims of a user token (Supabase Auth, "JWT claims reference"). */
const userClaims = z.object({
  sub: z.guid(),
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  is_anonymous: z.boolean().nullish(),
});

function unauthorized(detail: string): ApiError {
  return new ApiError("unauthorized", detail, { headers: { "WWW-Authenticate": "Bearer" } });
}

/**
 * Requires a bearer token (RFC 6750) with a valid signature and expiry, issued by this project for the audience
 * `authenticated` to a user who is not anonymous. Sets `userId`.
 */
export function createAuth(options: {
  verifyToken: (token: string) => Promise<unknown | null>;
  issuers: readonly string[];
}): MiddlewareHandler<ApiEnv> {
  return async function requireUser(c, next) {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    if (!token) throw unauthorized("Sign in first: send your access token as a bearer token.");
    const verified = await options.verifyToken(token).catch((cause) => {
      throw standardError("auth_unavailable", cause);
    });
    const claims = userClaims.safeParse(verified);
    if (!claims.success || !options.issuers.includes(claims.data.iss)) {
      throw unauthorized("Your sign-in is not valid or has expired. Sign in again.");
    }
    if (![claims.data.aud].flat().includes("authenticated")) {
      throw unauthorized("This token is not a signed-in user's.");
    }
    if (claims.data.is_anonymous) throw standardError("forbidden");
    c.set("userId", claims.data.sub.toLowerCase());
    await next();
  };
}

/** Requires the project's secret key. Without it, the address does not exist. */
export function createOperatorCheck(secretKey: string): MiddlewareHandler<ApiEnv> {
  return async function requireSecretKey(c, next) {
    if (!await timingSafeEqual(c.req.header("apikey") ?? "", secretKey)) return handleNotFound(c);
    await next();
  };
}
