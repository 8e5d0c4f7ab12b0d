import { cancelTask } from "../../_shared/contract/cancel_task.ts";
import { getTask } from "../../_shared/contract/get_task.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import type { Services } from "../services.ts";
import { notFound, route } from "./mount.ts";

/** The tasks of a user. */
export function taskRoutes(
  { tasks, generate, accounts, config }: Pick<Services, "tasks" | "generate" | "accounts" | "config">,
) {
  const audioUrl = (generationId: string) =>
    `${config.supabase.publicUrl}/functions/v1/api/generations/${generationId}/audio`;

  return [
    route(getTask, async (c, { id }) => {
      const task = await tasks.read(c.var.userId, id);
      if (!task) throw await accounts.explain(c.var.userId, notFound(getTask));
      const result = task.status === "completed" ? { audio_url: audioUrl(task.generation_id) } : null;
      return { ...task, result } satisfies AnswerOf<typeof getTask>;
    }),
    route(cancelTask, async (c, { id }) => {
      if (!await generate.cancel(c.var.userId, id, c.var.log)) throw notFound(cancelTask);
      return { ok: true } satisfies AnswerOf<typeof cancelTask>;
    }),
  ];
}
