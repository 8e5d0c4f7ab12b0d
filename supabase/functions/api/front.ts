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
  /** Gives the rest of the application; it is loaded when the first request needs it. */
  loadRoutes: () => Promise<Hono<ApiEnv>>;
};

/**
 * What every request passes: secure headers, request id, CORS, the error envelope. Preflights and `/health` end here,
 * without waiting for anything that only the other routes need.
 */
export function createFront(options: FrontOptions) {
  // Of Hono's routers the cheapest to begin with (docs/performance.md).
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
 * The headers that keep an answer from being taken for anything but data: those of OWASP's REST Security Cheat Sheet, and
 * `Referrer-Policy`, for a redirect leads to Storage. What only documents heed is left out. `Cross-Origin-Resource-Policy`
 * is open: which origins may read is for CORS to say.
 * `Cache-Control: no-store` stands on every answer (RFC 9111, 5.2.2.5): most hold a user's data or a signed URL, and
 * caches may keep a 404 or 405 that says nothing of it.
 */
function createAnswerHeaders(): MiddlewareHandler<ApiEnv> {
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

/**
 * CORS for the browser app: any origin when `*` is among them, else only those of the list, compared as they stand.
 * Credentials are never allowed. `null`, the origin of sandboxed documents, is nobody's even when it is listed: a list that
 * is not valid is used for the answers that say so.
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
 * Refuses a Host that is no host (RFC 9112, 3.2: with 400). Deno builds the URL of a request from it, so `Host: a/api/health?`
 * would choose another route than the one that a gateway saw in the path.
 */
function createHostCheck(): MiddlewareHandler<ApiEnv> {
  return async function refuseHost(c, next) {
    if (/[/?#\\@]/.test(c.req.header("Host") ?? "") || !URL.canParse(c.req.url)) {
      throw new ApiError("invalid_request", "The Host header is not valid.");
    }
    await next();
  };
}
