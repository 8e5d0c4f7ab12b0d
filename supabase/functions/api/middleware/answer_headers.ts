import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { ApiEnv } from "../hono_types.ts";

/**
 * The headers that keep an answer from being taken for anything but data: those of OWASP's REST Security Cheat Sheet, and
 * `Referrer-Policy`, for a redirect leads to Storage. What only documents heed is left out. `Cross-Origin-Resource-Policy`
 * is open: which origins may read is for CORS to say.
 * `Cache-Control: no-store` stands on every answer (RFC 9111, 5.2.2.5): most hold a user's data or a signed URL, and
 * caches may keep a 404 or 405 that says nothing of it.
 */
export function createAnswerHeaders(): MiddlewareHandler<ApiEnv> {
  const setSecureHeaders = secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    crossOriginResourcePolicy: "cross-origin",
    referrerPolicy: "no-referrer",
    // Without subdomains: on a domain of the operator's own they are nothing of ours.
    strictTransportSecurity: "max-age=31536000",
    xContentTypeOptions: "nosniff",
    xFrameOptions: "DENY",
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    removePoweredBy: false,
  });
  return async function setAnswerHeaders(c, next) {
    await setSecureHeaders(c, next);
    c.res.headers.set("Cache-Control", "no-store");
  };
}
