import { Hono } from "hono";
import type { getHealth } from "../../_shared/contract/get_health.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";

/** `GET /health`, mounted without its contract, which would load zod. */
export function healthRoutes() {
  return new Hono<ApiEnv>()
    .get("/", (c) => c.json({ ok: true } satisfies AnswerOf<typeof getHealth>))
    .all("/", methodNotAllowed("GET"));
}
