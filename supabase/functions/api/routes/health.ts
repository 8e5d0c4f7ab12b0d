import { Hono } from "hono";
import type { ApiEnv } from "../environment.ts";
import { methodNotAllowed } from "../middleware/errors.ts";

/** `GET /health`: the process answers. It looks at nothing else, so it works without a valid configuration too. */
export function healthRoutes() {
  return new Hono<ApiEnv>().get("/", (c) => c.json({ ok: true })).all("/", methodNotAllowed("GET"));
}
