import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { inspectAudio } from "../../../supabase/functions/_shared/audio/inspect.ts";
import type { TaskResponse } from "../../../supabase/functions/_shared/contract/get_task.ts";
import type { Voice } from "../../../supabase/functions/_shared/contract/list_voices.ts";
import type { Stack } from "../../stack/embedded_stack.ts";
import type { Books } from "./books.ts";
import type { Client } from "./client.ts";
import type { Provider } from "./provider.ts";
import { demand, DrillFailure, type Step } from "./steps.ts";

/** What every act of the drill plays on. */
export type Stage = {
  step: Step;
  client: Client;
  provider: Provider;
  books: Books;
  reconfigure: Stack["reconfigure"];
};

/** A text that was spoken. */
export type Spoken = { task: TaskResponse; audio: Bytes; seconds: number };

/** Throws a DrillFailure with the sentence where two files differ in a byte. */
export function demandSameBytes(actual: Uint8Array, expected: Uint8Array, sentence: string): void {
  demand(actual.length === expected.length && actual.every((byte, at) => byte === expected[at]), sentence);
}

/** The voice with this id. Throws a DrillFailure when the list has none. */
export function voiceIn(voices: Voice[], voiceId: string): Voice {
  const voice = voices.find(({ id }) => id === voiceId);
  demand(voice !== undefined, `The list of voices lacks ${voiceId}.`);
  return voice;
}

/** The audio of a completed task. Throws a DrillFailure when it is no WAV that could hold speech. */
export async function hear(client: Client, task: TaskResponse): Promise<Spoken> {
  demand(task.status === "completed", `A text was not spoken: its task is ${task.status}.`);
  const audio = await client.audio(task.generation_id);
  const clip = {
    sizeBytes: audio.length,
    firstBytes: audio,
    readRange: () => Promise.resolve(new Uint8Array()),
  };
  const { container, durationSeconds } = await inspectAudio(clip).catch((cause) => {
    throw new DrillFailure("What was spoken is no audio.", { cause });
  });
  demand(
    container === "wav" && durationSeconds > 0.5,
    `What was spoken is ${container} of ${durationSeconds} s, not speech in a WAV.`,
  );
  return { task, audio, seconds: durationSeconds };
}

/** Has a text spoken, and hears it. */
export async function speak(client: Client, voiceId: string, text: string): Promise<Spoken> {
  const over = ({ status }: TaskResponse) => status !== "pending" && status !== "processing";
  return await hear(client, await client.generate(voiceId, text, over));
}
