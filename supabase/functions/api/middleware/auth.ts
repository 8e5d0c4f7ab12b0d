import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { ApiError } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";

/** The claims of a Supabase user token that decide (Supabase Auth, "JWT claims reference"). */
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
 * Lets signed-in users pass and says who they are: a bearer token (RFC 6750) with a valid signature and expiry, issued
 * by this project, for the audience `authenticated`, to a user who is not anonymous: those are forbidden, whatever they send.
 */
export function createAuth(options: {
  verifyToken: (token: string) => Promise<unknown | null>;
  issuers: readonly string[];
}) {
  return createMiddleware<ApiEnv>(async function requireUser(c, next) {
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
    if (!token) throw unauthorized("Sign in first: send your access token as a bearer token.");
    const verified = await options.verifyToken(token).catch((cause) => {
      throw new ApiError("auth_unavailable", "Sign-in cannot be checked right now. Try again shortly.", {
        retryAfterSeconds: 5,
        cause,
      });
    });
    const claims = userClaims.safeParse(verified);
    if (!claims.success || !options.issuers.includes(claims.data.iss)) {
      throw unauthorized("Your sign-in is not valid or has expired. Sign in again.");
    }
    if (![claims.data.aud].flat().includes("authenticated")) {
      throw unauthorized("This token is not a signed-in user's.");
    }
    if (claims.data.is_anonymous) {
      throw new ApiError("forbidden", "Anonymous users cannot do this. Sign in with an account.");
    }
    c.set("userId", claims.data.sub.toLowerCase());
    await next();
  });
}
