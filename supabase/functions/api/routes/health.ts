import { Hono } from "hono";
import type { z } from "zod";
import type { healthResponse } from "../../_shared/contract.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";

/** `GET /health`: the process answers. It looks at nothing else, so it works without a valid configuration too. */
export function healthRoutes() {
  return new Hono<ApiEnv>().get("/", (c) => c.json({ ok: true } satisfies z.input<typeof healthResponse>))
    .all("/", methodNotAllowed("GET"));
}
