import { generateSpeech } from "../../_shared/contract/generate_speech.ts";
import type { AnswerOf } from "../../_shared/contract/route_contract.ts";
import type { KeepAlive } from "../hono_types.ts";
import type { Services } from "../services.ts";
import { route } from "./mount.ts";

/** Clients expect minutes; a text of 600 characters takes seconds. */
const ESTIMATED_MINUTES = 1;

/** Saves a text and starts its task; the answer does not wait for it. */
export const generateRoutes = ({ generate, keepAlive }: Pick<Services, "generate"> & KeepAlive) => [
  route(generateSpeech, async (c, { body }) => {
    const { taskId, generationId } = await generate.create(c.var.userId, body, c.var.log);
    keepAlive(generate.work(taskId, c.var.log));
    return {
      task_id: taskId,
      status: "processing",
      is_long_running: true,
      estimated_duration_minutes: ESTIMATED_MINUTES,
      generation_id: generationId,
    } satisfies AnswerOf<typeof generateSpeech>;
  }),
];
