import { ok, PATH_IDS } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const cancelTask = {
  method: "POST",
  path: "/tasks/:id/cancel",
  operationId: "cancelTask",
  tag: "Speaking",
  access: "user",
  summary: "Cancel a task",
  description: "Has no effect on a task with a final status. Audio of a cancelled task is discarded.",
  id: PATH_IDS.task,
  answer: {
    description: "The task has a final status.",
    name: "TaskCancelled",
    schema: ok,
    example: { ok: true },
  },
  errors: ["not_found"],
} satisfies Contract;
