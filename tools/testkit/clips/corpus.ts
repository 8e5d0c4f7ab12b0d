import { readFixture } from "../fixtures.ts";
import { type Clip, type Expected, readable, REFUSED, refusedAs } from "./corpus_clip.ts";
import { M4A_CLIPS } from "./corpus_m4a.ts";
import { MP3_CLIPS } from "./corpus_mp3.ts";
import { REFUSED_FILES } from "./corpus_refused.ts";
import { WAV_CLIPS } from "./corpus_wav.ts";

/** Speech as a synthesizer and an encoder wrote it, unlike the clips that are built here. */
const speech = (name: string, format: "wav" | "mp3" | "m4a", expected: Expected) =>
  readable(format, `speech-${name}`, () => readFixture(`speech-${name}.${format}`), expected);

const SPEECH: Clip[] = [
  speech("24k-mono", "wav", { durationSeconds: 307_300 / 24_000 }),
  speech("24k-mono", "mp3", { durationSeconds: 12.864 }),
  speech("24k-mono", "m4a", { durationSeconds: 12.805, toleranceSeconds: 0.05 }),
  speech("16k-mono", "wav", { durationSeconds: 204_867 / 16_000, sampleRate: 16_000, ...REFUSED.rateTooLow }),
  speech("24k-stereo", "mp3", { durationSeconds: 12.864, channels: 2, ...REFUSED.notMono }),
  {
    ...refusedAs("wav", "reference_type_unsupported", "speech")("webm", () => readFixture("speech.webm")),
    name: "speech.webm",
  },
];

/** Clips of every accepted format, from both sides of every rule, and files that are none. */
export const CORPUS: readonly Clip[] = [
  ...SPEECH,
  ...WAV_CLIPS,
  ...MP3_CLIPS,
  ...M4A_CLIPS,
  ...REFUSED_FILES,
];
