import { Hono } from "hono";
import { requestId } from "hono/request-id";
import type { Log } from "../_shared/log.ts";
import { createCors } from "./middleware/cors.ts";
import { handleError, handleNotFound } from "./middleware/errors.ts";
import type { ApiEnv } from "./environment.ts";
import { healthRoutes } from "./routes/health.ts";

export type FrontOptions = {
  allowedOrigins: string[];
  log: Log;
  /** Gives the rest of the application; it is loaded when the first request needs it. */
  loadRoutes: () => Promise<Hono<ApiEnv>>;
};

/**
 * What every request passes: request id, CORS, the error envelope. Preflights and `/health` end here, without waiting
 * for anything that only the other routes need.
 */
export function createFront(options: FrontOptions) {
  const front = new Hono<ApiEnv>();
  front.use(requestId({ limitLength: 128 }));
  front.use(async function bindLog(c, next) {
    c.set("log", options.log.with({ request_id: c.var.requestId }));
    await next();
  });
  front.use(createCors(options.allowedOrigins));
  front.route("/api/health", healthRoutes());
  front.all("/api/*", async function passOn(c) {
    const routes = await options.loadRoutes();
    return routes.fetch(c.req.raw, { requestId: c.var.requestId, log: c.var.log });
  });
  front.onError(handleError);
  front.notFound(handleNotFound);
  return front;
}
