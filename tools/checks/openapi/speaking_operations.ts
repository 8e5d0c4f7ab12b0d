import * as example from "./examples.ts";
import type { Operation } from "./operation.ts";
import { idParameter } from "./parameters.ts";

const taskIdParameter = idParameter("A task of the caller.", example.TASK_ID);

/** The routes that have a text spoken. */
export const SPEAKING_OPERATIONS: readonly Operation[] = [
  {
    method: "post",
    path: "/generate",
    operationId: "generateSpeech",
    tag: "Speaking",
    summary: "Has a text spoken with a voice",
    description:
      "The text is saved as a task first, so the answer comes at once: ask `GET /tasks/{id}` every " +
      "second or so. A request that is repeated is a second generation, paid for again.",
    access: "user",
    request: {
      schema: "GenerateRequest",
      required: true,
      examples: { text: { voice_id: example.VOICE_ID, text: "Good evening.", language: "English" } },
    },
    answer: {
      status: 200,
      description: "The text is saved, and its task begun.",
      schema: "GenerationStarted",
      example: {
        task_id: example.TASK_ID,
        status: "processing",
        is_long_running: true,
        estimated_duration_minutes: 1,
        generation_id: example.GENERATION_ID,
      },
    },
    errors: [
      "invalid_json",
      "invalid_request",
      "language_unsupported",
      "not_found",
      "voice_not_ready",
      "payload_too_large",
      "rate_limited",
    ],
  },
  {
    method: "get",
    path: "/tasks/{id}",
    operationId: "getTask",
    tag: "Speaking",
    summary: "How far a task is",
    description: "Reads the database only.",
    access: "user",
    parameters: [taskIdParameter],
    answer: { status: 200, description: "The task as it stands.", schema: "Task", example: example.TASK },
    errors: ["not_found"],
  },
  {
    method: "post",
    path: "/tasks/{id}/cancel",
    operationId: "cancelTask",
    tag: "Speaking",
    summary: "Cancels a task, unless it is over",
    description: "A cancelled task stays cancelled, and its audio is thrown away.",
    access: "user",
    parameters: [taskIdParameter],
    answer: {
      status: 200,
      description: "It is over.",
      schema: "TaskCancelled",
      example: { ok: true },
    },
    errors: ["not_found"],
  },
  {
    method: "get",
    path: "/generations/{id}/audio",
    operationId: "getAudio",
    tag: "Speaking",
    summary: "What was spoken",
    description:
      "404 until its task is completed: poll the task. WAV: 24 kHz, mono, 16-bit. Follow the redirect without " +
      "the `Authorization` header.",
    access: "user",
    parameters: [idParameter("A generation of the caller.", example.GENERATION_ID)],
    answer: { status: 302, description: "To a signed URL of the WAV, good for one hour." },
    errors: ["not_found", "storage_unavailable"],
  },
];
