import { z } from "zod";
import { GENERATION_ID, PROJECT, TASK_ID, VOICE_ID } from "./examples.ts";
import { PATH_IDS, time } from "./fields.ts";
import type { AnswerOf, Contract } from "./route_contract.ts";

export const getTask = {
  method: "GET",
  path: "/tasks/:id",
  operationId: "getTask",
  tag: "Speaking",
  access: "user",
  summary: "Get a task",
  description: "Returns the task's current state. Reads only the database.",
  id: PATH_IDS.task,
  answer: {
    description: "The task.",
    name: "Task",
    schema: () =>
      z.object({
        id: z.guid().describe("The `task_id`."),
        type: z.literal("generate").describe("Always `generate`."),
        status: z.enum(["pending", "processing", "completed", "failed", "cancelled"])
          .describe("`completed`, `failed` and `cancelled` are final."),
        provider: z.string().describe("The provider that speaks the text."),
        provider_status: z.string().nullable().describe(
          "The provider's last outcome: `succeeded`, or the kind of failure; `null` before the first.",
        ),
        provider_poll_count: z.int().describe(
          "How often a worker has taken up the task to ask the provider.",
        ),
        generation_id: z.guid().describe("The generation that the task works on."),
        voice_id: z.guid().describe("The voice that speaks."),
        result: z.object({
          audio_url: z.url().describe(
            "The URL of `GET /generations/{id}/audio`, which needs the user's token.",
          ),
        }).nullable().describe("Set once the task is `completed`, otherwise `null`."),
        error: z.string().nullable().describe(
          "Why the task failed, in a sentence to show; otherwise `null`.",
        ),
        created_at: time("When the task was created."),
        updated_at: time("When the task last changed."),
        completed_at: z.string().nullable()
          .meta({ format: "date-time", description: "When the task reached a final status; `null` before." }),
      }),
    example: {
      id: TASK_ID,
      type: "generate",
      status: "completed",
      provider: "qwen",
      provider_status: "succeeded",
      provider_poll_count: 1,
      generation_id: GENERATION_ID,
      voice_id: VOICE_ID,
      result: { audio_url: `${PROJECT}/functions/v1/api/generations/${GENERATION_ID}/audio` },
      error: null,
      created_at: "2026-11-22T10:16:00.123456+00:00",
      updated_at: "2026-11-22T10:16:03.654321+00:00",
      completed_at: "2026-11-22T10:16:03.654321+00:00",
    },
  },
  errors: ["not_found"],
} satisfies Contract;

export type TaskResponse = AnswerOf<typeof getTask>;
