import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { TrieRouter } from "hono/router/trie-router";
import { ApiError } from "../_shared/errors.ts";
import type { Log } from "../_shared/log.ts";
import { handleError, handleNotFound } from "./middleware/error_handlers.ts";
import type { ApiEnv } from "./hono_types.ts";
import { healthRoutes } from "./routes/health.ts";

export type FrontOptions = {
  allowedOrigins: string[];
  log: Log;
  /** Loads the other routes on first use. */
  loadRoutes: () => Promise<Hono<ApiEnv>>;
};

/**
 * Secure headers, request id, CORS and error responses for every request. Preflights and `/health` end here, before the
 * other routes are loaded.
 */
export function createFront(options: FrontOptions) {
  // Of Hono's routers the fastest to start (docs/performance.md).
  const front = new Hono<ApiEnv>({ router: new TrieRouter() });
  front.use(createAnswerHeaders());
  front.use(requestId({ limitLength: 128 }));
  front.use(async function bindLog(c, next) {
    c.set("log", options.log.with({ request_id: c.var.requestId }));
    await next();
  });
  front.use(createCors(options.allowedOrigins));
  front.use(createHostCheck());
  front.route("/api/health", healthRoutes());
  front.all("/api/*", async function passOn(c) {
    const routes = await options.loadRoutes();
    return routes.fetch(c.req.raw, { requestId: c.var.requestId, log: c.var.log });
  });
  front.onError(handleError);
  front.notFound(handleNotFound);
  return front;
}

/**
 * The headers of OWASP's REST Security Cheat Sheet, except those that only affect documents, and `Referrer-Policy`, as
 * redirects lead to Storage. `Cross-Origin-Resource-Policy` is open: CORS decides which origins may read. Every
 * response has `Cache-Control: no-store` (RFC 9111, 5.2.2.5): most hold a user's data or a signed URL, and caches may
 * keep a 404 or 405 without it.
 */
function createAnswerHeaders(): MiddlewareHandler<ApiEnv> {
  const setSecureHeaders = secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    crossOriginResourcePolicy: "cross-origin",
    referrerPolicy: "no-referrer",
    // Without subdomains: on a custom domain they are the operator's.
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

/**
 * CORS for browsers, without credentials: any origin if the list contains `*`, otherwise the listed ones. It skips
 * `null`, the origin of sandboxed documents, since it also serves the errors about an invalid list.
 */
function createCors(allowedOrigins: readonly string[]) {
  return cors({
    origin: allowedOrigins.includes("*") ? "*" : allowedOrigins.filter((origin) => origin !== "null"),
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    allowHeaders: ["authorization", "x-client-info", "apikey", "content-type", "x-request-id"],
    exposeHeaders: ["x-request-id", "retry-after"],
    maxAge: 86_400,
  });
}

/**
 * Answers 400 to an invalid Host (RFC 9112, 3.2). Deno builds the request's URL from it, so `Host: a/api/health?` would
 * reach another route than the path that a gateway saw.
 */
function createHostCheck(): MiddlewareHandler<ApiEnv> {
  return async function refuseHost(c, next) {
    if (/[/?#\\@]/.test(c.req.header("Host") ?? "") || !URL.canParse(c.req.url)) {
      throw new ApiError("invalid_request", "The Host header is not valid.");
    }
    await next();
  };
}
