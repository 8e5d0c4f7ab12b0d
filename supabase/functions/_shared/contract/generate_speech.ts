import { z } from "zod";
import { textLength } from "../tts/text_length.ts";
import { GENERATION_ID, TASK_ID, VOICE_ID } from "./examples.ts";
import { BODY_ERRORS, bodyOf, codePoints, language, LANGUAGE_NAMES, text, voiceId } from "./fields.ts";
import type { BodyOf, Contract, Limits } from "./route_contract.ts";

function textTooLong(value: string, most: number): string {
  const length = textLength(value);
  const tooMany = `Text cannot exceed ${most} characters; this one is ${length - most} too long`;
  return length === codePoints(value)
    ? `${tooMany}.`
    : `${tooMany}, counted as the voice provider may count: accented and Cyrillic letters as 2, Chinese, Japanese and ` +
      "Korean characters as 3, emoji as 4 or more.";
}

export const generateSpeech = {
  method: "POST",
  path: "/generate",
  operationId: "generateSpeech",
  tag: "Speaking",
  access: "user",
  summary: "Generate speech",
  description:
    "Saves the text as a task and returns at once. Poll `GET /tasks/{id}` about once a second. Not idempotent: a repeated " +
    "request starts, and bills, a second generation.",
  body: {
    name: "GenerateRequest",
    schema: ({ maxTextChars }: Limits) =>
      bodyOf({
        voice_id: voiceId().describe("The id of one of the user's voices."),
        text: text("Text is required.", {
          most: maxTextChars,
          tooLong: (value) => textTooLong(value, maxTextChars),
          count: textLength,
          description:
            "The text to speak, counted in bytes of UTF-8: at most `max_text_chars` from `GET /languages`, by default 600.",
        }),
        language: language().nullish().transform((value) => value ?? null)
          .describe(`${LANGUAGE_NAMES} If omitted or \`null\`, the voice's own language.`),
      }),
    examples: { text: { voice_id: VOICE_ID, text: "Good evening.", language: "English" } },
  },
  answer: {
    description: "The text is saved and its task has started.",
    name: "GenerationStarted",
    schema: () =>
      z.object({
        task_id: z.guid().describe("The task to poll at `GET /tasks/{id}`."),
        status: z.literal("processing").describe("Always `processing`."),
        is_long_running: z.literal(true).describe("Always `true`."),
        estimated_duration_minutes: z.number().describe(
          "A rough estimate in minutes; most texts take seconds.",
        ),
        generation_id: z.guid().describe("The generation, whose audio is at `GET /generations/{id}/audio`."),
      }),
    example: {
      task_id: TASK_ID,
      status: "processing",
      is_long_running: true,
      estimated_duration_minutes: 1,
      generation_id: GENERATION_ID,
    },
  },
  errors: [...BODY_ERRORS, "language_unsupported", "not_found", "voice_not_ready", "rate_limited"],
} satisfies Contract;

export type GenerateRequest = BodyOf<typeof generateSpeech>;
