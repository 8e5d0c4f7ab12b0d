import { inspectAudio } from "../../supabase/functions/_shared/audio/inspect.ts";
import { Failure } from "./http_client.ts";

/** Spoken audio, by its bytes; the sample rate is in hertz. */
export type Audio = { durationSeconds: number; sampleRate: number };

/** Of the provider's voices, and of the clips they are made from; in hertz. */
const leastSampleRate = 24_000;

/** How fast speech may plausibly be, in characters a second, and how much silence may come with it, in seconds. */
const slowest = 5;
const fastest = 25;
const mostSilence = 1;

/** Characters that stand for a syllable or more, where others stand for a sound: each counts twice. */
const heavy = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{N}]/gu;

/** Format and length of audio that is in memory, by its bytes. */
export const inspectBytes = (bytes: Uint8Array) =>
  inspectAudio({
    sizeBytes: bytes.length,
    firstBytes: bytes,
    readRange: () => Promise.resolve(new Uint8Array()),
  });

/**
 * Reads what should be a text, spoken: a WAV of 16-bit mono samples, as long as somebody takes to say it.
 * @throws {Failure} when it is not
 */
export async function readSpokenAudio(bytes: Uint8Array, text: string): Promise<Audio> {
  const facts = await inspectBytes(bytes).catch(() => null);
  if (facts?.container !== "wav") {
    throw new Failure("The audio is no WAV of 16-bit samples that can be read.");
  }
  const { durationSeconds, sampleRate, channels } = facts;
  if (channels !== 1) throw new Failure(`The audio has ${channels} channels, not one.`);
  if (sampleRate < leastSampleRate) {
    throw new Failure(`The audio has ${sampleRate} samples a second, fewer than ${leastSampleRate}.`);
  }
  const characters = [...text].length + (text.match(heavy) ?? []).length;
  const [least, most] = [characters / fastest, characters / slowest + mostSilence];
  if (durationSeconds < least || durationSeconds > most) {
    const plausible = `${inSeconds(least)} to ${inSeconds(most)}`;
    throw new Failure(
      `The audio lasts ${inSeconds(durationSeconds)}; of this text, ${plausible} is plausible.`,
    );
  }
  return { durationSeconds, sampleRate };
}

/** A length for a person, such as `3.2 s`. */
export const inSeconds = (seconds: number): string => `${seconds.toFixed(1)} s`;
