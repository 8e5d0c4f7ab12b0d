import { Hono } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import type { z } from "zod";
import { type reconcileReport, reconcileRequest, type workReport } from "../../_shared/contract.ts";
import type { checkReport } from "../../_shared/contract_check.ts";
import type { ApiEnv } from "../hono_types.ts";
import { handleNotFound, methodNotAllowed } from "../middleware/error_handlers.ts";
import type { Services } from "../services.ts";
import { createBodyLimit, parseInput, readJson } from "./body.ts";

/** `POST /internal/reconcile`, `/internal/work` and `/internal/check`, for whoever has the project's secret key; to everyone else there is nothing here. */
export function internalRoutes(
  services: Pick<Services, "loadReconcile" | "loadWork" | "loadCheck" | "config">,
) {
  const { secretKey } = services.config.supabase;

  return new Hono<ApiEnv>()
    .use(async function requireSecretKey(c, next) {
      if (!await timingSafeEqual(c.req.header("apikey") ?? "", secretKey)) return handleNotFound(c);
      await next();
    })
    .post("/reconcile", createBodyLimit(), async (c) => {
      const request = parseInput(reconcileRequest, await readJson(c, {}));
      const reconcile = await services.loadReconcile();
      return c.json(await reconcile(request, c.var.log) satisfies z.input<typeof reconcileReport>);
    })
    .all("/reconcile", methodNotAllowed("POST"))
    .post("/work", createBodyLimit(), async (c) => {
      const work = await services.loadWork();
      return c.json(await work(c.var.log) satisfies z.input<typeof workReport>);
    })
    .all("/work", methodNotAllowed("POST"))
    .post("/check", createBodyLimit(), async (c) => {
      const check = await services.loadCheck();
      return c.json(await check() satisfies z.input<typeof checkReport>);
    })
    .all("/check", methodNotAllowed("POST"));
}
