import { internalCheck } from "../../_shared/contract/internal_check.ts";
import { internalReconcile } from "../../_shared/contract/internal_reconcile.ts";
import { internalWork } from "../../_shared/contract/internal_work.ts";
import type { Services } from "../services.ts";
import { route } from "./mount.ts";

/** What only the operator may ask for. */
export const internalRoutes = (services: Pick<Services, "loadReconcile" | "loadWork" | "loadCheck">) => [
  route(internalReconcile, async (c, { body }) => {
    const reconcile = await services.loadReconcile();
    return await reconcile(body, c.var.log);
  }),
  route(internalWork, async (c) => {
    const work = await services.loadWork();
    return await work(c.var.log);
  }),
  route(internalCheck, async () => {
    const check = await services.loadCheck();
    return await check();
  }),
];
