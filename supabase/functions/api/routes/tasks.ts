import { Hono } from "hono";
import type { z } from "zod";
import { type cancelTaskResponse, idParameter, type taskResponse } from "../../_shared/contract.ts";
import { ApiError } from "../../_shared/errors.ts";
import type { ApiEnv } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import type { Services } from "../services.ts";

const taskNotFound = () => new ApiError("not_found", "Task not found.");

/** An id that is no UUID names no task of anybody. */
function taskIdOf(text: string): string {
  const parsed = idParameter.safeParse(text);
  if (!parsed.success) throw taskNotFound();
  return parsed.data;
}

/** `GET /tasks/:id` and `POST /tasks/:id/cancel`. */
export function taskRoutes(services: Pick<Services, "tasks" | "generate" | "accounts" | "config">) {
  const { tasks, accounts } = services;
  const audioUrl = (generationId: string) =>
    `${services.config.supabase.publicUrl}/functions/v1/api/generations/${generationId}/audio`;

  return new Hono<ApiEnv>()
    .get("/:id", async (c) => {
      const task = await tasks.read(c.var.userId, taskIdOf(c.req.param("id")));
      if (!task) throw await accounts.explain(c.var.userId, taskNotFound());
      const result = task.status === "completed" ? { audio_url: audioUrl(task.generation_id) } : null;
      return c.json({ ...task, result } satisfies z.input<typeof taskResponse>);
    })
    .all("/:id", methodNotAllowed("GET"))
    .post("/:id/cancel", async (c) => {
      const taskId = taskIdOf(c.req.param("id"));
      if (!await services.generate.cancel(c.var.userId, taskId, c.var.log)) throw taskNotFound();
      return c.json({ ok: true } satisfies z.input<typeof cancelTaskResponse>);
    })
    .all("/:id/cancel", methodNotAllowed("POST"));
}
