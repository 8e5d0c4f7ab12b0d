import { internalCheck } from "../../_shared/contract/internal_check.ts";
import { internalReconcile } from "../../_shared/contract/internal_reconcile.ts";
import { internalWork } from "../../_shared/contract/internal_work.ts";
import type { Services } from "../services.ts";
import { route } from "./mount.ts";

export const internalRoutes = (services: Pick<Services, "loadReconcile" | "loadWork" | "loadCheck">) => [
  route(internalReconcile, async (c, { body }) => await (await services.loadReconcile())(body, c.var.log)),
  route(internalWork, async (c) => await (await services.loadWork())(c.var.log)),
  route(internalCheck, async () => await (await services.loadCheck())()),
];
