import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getTask } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { Failure, readJson } from "../http_client.ts";
import { type Audio, inSeconds, readSpokenAudio } from "../spoken_audio.ts";
import { until } from "../steps.ts";
import type { SmokeClient } from "./smoke_client.ts";

/** What to say, and with which voice. */
export type Speech = {
  voiceId: string;
  text: string;
  /** The voice's own when not given. */
  language?: string;
};

const PAUSE = { first: 250, factor: 1.5, most: 3_000 };

const notReadySchema = z.object({ code: z.literal("voice_not_ready"), detail: z.string() });

const bodyOf = ({ voiceId, text, language }: Speech) => ({ voice_id: voiceId, text, language });

/**
 * Has a text spoken, waits until that is over, fetches the audio and checks it.
 * @param options.save gets the bytes as they came, so that what is refused can be listened to
 * @throws {Failure} naming the step
 */
export async function speak(
  { step, ask, call }: SmokeClient,
  speech: Speech,
  { save, ...patience }: {
    deadlineMs: number;
    sleep?: (ms: number) => Promise<void>;
    save: (bytes: Bytes) => Promise<void>;
  },
): Promise<Audio> {
  const { task_id: taskId, generation_id: generationId } = await step(
    "POST generate",
    async () => readJson(await call("/generate", { json: bodyOf(speech) }), generateSpeech.answer.schema()),
    ({ task_id: id }) => `task ${id}`,
  );

  await step("GET tasks", async () => {
    const task = await until({
      look: async () => readJson(await call(`/tasks/${taskId}`), getTask.answer.schema()),
      holds: ({ status }) => status !== "pending" && status !== "processing",
      otherwise: ({ id, status }) => `Task ${id} is still ${status} after ${patience.deadlineMs / 1_000} s.`,
      pause: PAUSE,
      ...patience,
    });
    if (task.status !== "completed") {
      throw new Failure(`The task is ${task.status}. ${task.error ?? ""}`.trimEnd());
    }
    if (task.voice_id !== speech.voiceId || task.generation_id !== generationId) {
      throw new Failure("It is the task of another generation.");
    }
    if (!task.result?.audio_url.endsWith(`/generations/${generationId}/audio`)) {
      throw new Failure("The task is completed, and its audio_url is not that of the generation.");
    }
    return task;
  }, ({ provider_poll_count: asked }) => `completed, taken up ${asked === 1 ? "once" : `${asked} times`}`);

  const { audio } = await step("GET generations/audio", async () => {
    const { headers } = await call(`/generations/${generationId}/audio`, { wanted: 302 });
    const location = URL.parse(headers.get("location") ?? "");
    if (!/^https?:$/.test(location?.protocol ?? "")) {
      throw new Failure("The redirect does not tell where to.");
    }
    // Without any header: the URL carries its own right, and the user's token is none of its host's business.
    const { bytes } = await ask(`${location}`);
    await save(bytes);
    return { size: bytes.length, audio: await readSpokenAudio(bytes, speech.text) };
  }, ({ size, audio }) => `${size} bytes, ${inSeconds(audio.durationSeconds)} at ${audio.sampleRate} Hz`);
  return audio;
}

/**
 * Checks that the API says plainly that it does not speak.
 * @throws {Failure} naming the step
 */
export async function checkNotSpeaking({ step, call }: SmokeClient, speech: Speech): Promise<void> {
  await step("POST generate", async () => {
    readJson(await call("/generate", { json: bodyOf(speech), wanted: 409 }), notReadySchema);
  }, () => "409 voice_not_ready: speaking is off");
}
