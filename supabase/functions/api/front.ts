import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { TrieRouter } from "hono/router/trie-router";
import type { Log } from "../_shared/log.ts";
import { createAnswerHeaders } from "./middleware/answer_headers.ts";
import { createCors } from "./middleware/cors.ts";
import { handleError, handleNotFound } from "./middleware/error_handlers.ts";
import { createHostCheck } from "./middleware/host.ts";
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
