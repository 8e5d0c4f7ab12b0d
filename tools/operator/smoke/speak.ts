import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { generateSpeech } from "../../../supabase/functions/_shared/contract/generate_speech.ts";
import { getTask, type TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import { type Audio, inSeconds, readAudio } from "./audio.ts";
import { parseJson, SmokeFailure } from "./http.ts";
import type { Steps } from "./steps.ts";

/** What to say, with which voice, and for whom. */
export interface Speaking {
  readonly api: string;
  /** The headers of a user's requests. */
  readonly user: Record<string, string>;
  readonly voiceId: string;
  readonly text: string;
  /** The voice's own when not given. */
  readonly language?: string;
}

/** How a task is waited for. */
export interface Patience {
  /** How long a task may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Between two looks at a task, in milliseconds: at first, and at most. */
const firstPause = 250;
const mostPause = 3_000;

/**
 * Has a text spoken, waits until that is over, fetches the audio and checks it. `save` gets the bytes as they came, so
 * that what is refused can be listened to. Throws SmokeFailure.
 */
export async function speak(
  { step, ask, post }: Steps,
  { api, user, voiceId, text, language }: Speaking,
  patience: Patience,
  save: (bytes: Bytes) => Promise<void>,
): Promise<Audio> {
  const generation = await step(
    "POST generate",
    async () =>
      await parseJson(
        await post(`${api}/generate`, user, { voice_id: voiceId, text, language }),
        generateSpeech.answer.schema(),
      ),
    ({ task_id: id }) => `task ${id}`,
  );
  const { task_id: taskId, generation_id: generationId } = generation;

  await step(
    "GET tasks",
    async () => {
      const read = async () =>
        await parseJson(await ask(`${api}/tasks/${taskId}`, { headers: user }), getTask.answer.schema());
      const task = await whenOver(read, patience);
      if (task.status !== "completed") {
        throw new SmokeFailure(`The task is ${task.status}. ${task.error ?? ""}`.trimEnd());
      }
      if (task.voice_id !== voiceId || task.generation_id !== generationId) {
        throw new SmokeFailure("It is the task of another generation.");
      }
      if (!task.result?.audio_url.endsWith(`/generations/${generationId}/audio`)) {
        throw new SmokeFailure("The task is completed, and its audio_url is not that of the generation.");
      }
      return task;
    },
    ({ provider_poll_count: asked }) => `completed, taken up ${asked === 1 ? "once" : `${asked} times`}`,
  );

  const { audio } = await step(
    "GET generations/audio",
    async () => {
      const redirect = await ask(`${api}/generations/${generationId}/audio`, { headers: user, wanted: 302 });
      const location = URL.parse(redirect.headers.get("location") ?? "");
      if (!/^https?:$/.test(location?.protocol ?? "")) {
        throw new SmokeFailure("The redirect does not tell where to.");
      }
      // Without any header: the URL holds its own right, and the user's token is nothing for where it leads.
      const bytes = await (await ask(`${location}`)).bytes();
      await save(bytes);
      return { size: bytes.length, audio: await readAudio(bytes, text) };
    },
    ({ size, audio }) => `${size} bytes, ${inSeconds(audio.durationSeconds)} at ${audio.sampleRate} Hz`,
  );
  return audio;
}

/** Checks that the API says plainly that it does not speak. Throws SmokeFailure. */
export async function checkNotSpeaking(
  { step, post }: Steps,
  { api, user, voiceId, text, language }: Speaking,
): Promise<void> {
  await step("POST generate", async () => {
    const answer = await post(`${api}/generate`, user, { voice_id: voiceId, text, language }, 409);
    await parseJson(answer, notReadySchema);
  }, () => "409 voice_not_ready: speaking is off");
}

async function whenOver(
  read: () => Promise<TaskResponse>,
  { deadlineMs, sleep }: Patience,
): Promise<TaskResponse> {
  const deadline = performance.now() + deadlineMs;
  for (let pause = firstPause;; pause = Math.min(pause * 1.5, mostPause)) {
    const task = await read();
    if (task.status !== "pending" && task.status !== "processing") return task;
    if (performance.now() + pause > deadline) {
      throw new SmokeFailure(`Task ${task.id} is still ${task.status} after ${deadlineMs / 1_000} s.`);
    }
    await sleep(pause);
  }
}

const notReadySchema = z.object({ code: z.literal("voice_not_ready"), detail: z.string() });
