import { Hono } from "hono";
import type { z } from "zod";
import { generateRequest, type generateResponse } from "../../_shared/contract.ts";
import type { ApiEnv, KeepAlive } from "../hono_types.ts";
import { methodNotAllowed } from "../middleware/error_handlers.ts";
import type { Services } from "../services.ts";
import { createBodyLimit, parseBody } from "./body.ts";

/** Told to clients, which ask for minutes: a text of 600 characters takes seconds. */
const ESTIMATED_MINUTES = 1;

/** `POST /generate`: the text is saved and its task begun; the answer does not wait for it. */
export function generateRoutes(services: Pick<Services, "generate" | "config"> & KeepAlive) {
  const { generate } = services;
  const schema = generateRequest(services.config.maxTextChars);

  return new Hono<ApiEnv>()
    .post("/", createBodyLimit(), async (c) => {
      const request = await parseBody(c, schema);
      const { taskId, generationId } = await generate.create(c.var.userId, request, c.var.log);
      services.keepAlive(generate.work(taskId, c.var.log));
      return c.json(
        {
          task_id: taskId,
          status: "processing",
          is_long_running: true,
          estimated_duration_minutes: ESTIMATED_MINUTES,
          generation_id: generationId,
        } satisfies z.input<typeof generateResponse>,
      );
    })
    .all("/", methodNotAllowed("POST"));
}
