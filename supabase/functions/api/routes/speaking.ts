import { cancelTask } from "../../_shared/contract/cancel_task.ts";
import { generateSpeech } from "../../_shared/contract/generate_speech.ts";
import { getAudio } from "../../_shared/contract/get_audio.ts";
import { getTask } from "../../_shared/contract/get_task.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import type { KeepAlive } from "../hono_types.ts";
import type { Services } from "../services.ts";
import { notFound, route } from "./mount.ts";

/** Clients expect minutes; a text of 600 characters takes seconds. */
const ESTIMATED_MINUTES = 1;
const AUDIO_URL_SECONDS = 3600;

export function speakingRoutes(
  services: Pick<Services, "tasks" | "generate" | "generations" | "accounts" | "config"> & KeepAlive,
) {
  const { tasks, generate, generations, accounts, config } = services;
  const audioUrl = (generationId: string) =>
    `${config.supabase.publicUrl}/functions/v1/api/generations/${generationId}/audio`;

  return [
    route(generateSpeech, async (c, { body }) => {
      const { taskId, generationId } = await generate.create(c.var.userId, body, c.var.log);
      services.keepAlive(generate.work(taskId, c.var.log));
      return {
        task_id: taskId,
        status: "processing",
        is_long_running: true,
        estimated_duration_minutes: ESTIMATED_MINUTES,
        generation_id: generationId,
      } satisfies AnswerOf<typeof generateSpeech>;
    }),
    route(getTask, async (c, { id }) => {
      const task = await tasks.read(c.var.userId, id);
      if (!task) throw await accounts.explain(c.var.userId, notFound(getTask));
      const result = task.status === "completed" ? { audio_url: audioUrl(task.generation_id) } : null;
      return { ...task, result } satisfies AnswerOf<typeof getTask>;
    }),
    route(cancelTask, async (c, { id }) => {
      if (!await generate.cancel(c.var.userId, id, c.var.log)) throw notFound(cancelTask);
      return { ok: true } as const;
    }),
    route(getAudio, async (c, { id }) => {
      const audio = await tasks.audioOf(c.var.userId, id);
      if (!audio) throw await accounts.explain(c.var.userId, notFound(getAudio));
      return await generations.signedUrl(audio.objectKey, AUDIO_URL_SECONDS);
    }),
  ];
}
