import type { Bytes } from "./bytes.ts";
import { type Clip, type Expected, readable, refused } from "./clip.ts";
import { M4A_CLIPS } from "./corpus_m4a.ts";
import { MP3_CLIPS } from "./corpus_mp3.ts";
import { REFUSED_FILES } from "./corpus_refused.ts";
import { WAV_CLIPS } from "./corpus_wav.ts";

const AUDIO = {
  wav: { contentType: "audio/wav", container: "wav", codec: "pcm-s16" },
  mp3: { contentType: "audio/mpeg", container: "mp3", codec: "mp3" },
  m4a: { contentType: "audio/mp4", container: "m4a", codec: "aac" },
} as const;

const fixture = (name: string) => (): Bytes =>
  Deno.readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

/** Speech as a synthesizer and an encoder wrote it, which nothing here had a hand in. */
const speech = (name: string, format: keyof typeof AUDIO, expected: Expected) =>
  readable(name, fixture(name), AUDIO[format], expected);

const SPEECH: Clip[] = [
  speech("speech-24k-mono.wav", "wav", { durationSeconds: 307_300 / 24_000 }),
  speech("speech-24k-mono.mp3", "mp3", { durationSeconds: 12.864 }),
  speech("speech-24k-mono.m4a", "m4a", { durationSeconds: 12.805, toleranceSeconds: 0.05 }),
  speech("speech-16k-mono.wav", "wav", {
    durationSeconds: 204_867 / 16_000,
    sampleRate: 16_000,
    code: "reference_sample_rate_too_low",
  }),
  speech("speech-24k-stereo.mp3", "mp3", {
    durationSeconds: 12.864,
    channels: 2,
    code: "reference_not_mono",
  }),
  refused("speech.webm", fixture("speech.webm"), "audio/wav", "reference_type_unsupported"),
];

/** Clips of every format that is taken, from both sides of every rule, and files that are none. */
export const CORPUS: readonly Clip[] = [
  ...SPEECH,
  ...WAV_CLIPS,
  ...MP3_CLIPS,
  ...M4A_CLIPS,
  ...REFUSED_FILES,
];
