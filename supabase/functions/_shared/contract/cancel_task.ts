import { NOT_FOUND } from "./error_codes.ts";
import { TASK_ID } from "./examples.ts";
import { id, ok } from "./fields.ts";
import type { Contract } from "./route_contract.ts";

export const cancelTask = {
  method: "POST",
  path: "/tasks/:id/cancel",
  operationId: "cancelTask",
  tag: "Speaking",
  access: "user",
  summary: "Cancel a task",
  description: "Has no effect on a task with a final status. Audio of a cancelled task is discarded.",
  id: { schema: id, missing: NOT_FOUND.task, description: "The task's id.", example: TASK_ID },
  answer: {
    description: "The task has a final status.",
    name: "TaskCancelled",
    schema: ok,
    example: { ok: true },
  },
  errors: ["not_found"],
} satisfies Contract;
