import { ok } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const getHealth = {
  method: "GET",
  path: "/health",
  operationId: "getHealth",
  tag: "Service",
  access: "anyone",
  summary: "Check that the function is running",
  description: "Depends on nothing else, so it succeeds even when the configuration is invalid.",
  answer: { description: "The function is running.", name: "Health", schema: ok, example: { ok: true } },
  errors: [],
} satisfies Contract;
