// What the function takes, the simulator takes: otherwise nobody could try such a clip out.
import assert from "node:assert/strict";
import { readFixture } from "../testkit/fixtures.ts";
import { inspectAudio } from "../../supabase/functions/_shared/audio/inspect.ts";
import { join, noise } from "../testkit/clips/binary.ts";
import { CORPUS } from "../testkit/clips/corpus.ts";
import { id3v2, mp3, type Mp3Options } from "../testkit/clips/write_mp3.ts";
import { wav } from "../testkit/clips/write_wav.ts";
import { countedClip } from "../testkit/harness/clip_source.ts";
import { DashScopeError } from "./dashscope_errors.ts";
import { checkReferenceAudio } from "./reference_audio.ts";

const speech = readFixture("speech-24k-mono.mp3");
const SPEECH_SECONDS = 12.864;

/** The code a clip is refused with; null for one that is taken. */
function codeOf(bytes: Uint8Array): string | null {
  try {
    checkReferenceAudio(bytes);
    return null;
  } catch (error) {
    assert(error instanceof DashScopeError);
    return error.code;
  }
}

/** As a recording is left when it is cut: the empty rest of a frame, and a meaningless byte in front. */
function cutMp3(options: Mp3Options): Uint8Array {
  const clip = mp3(options).slice(7);
  clip[0] = 0x55;
  return clip;
}

Deno.test("every clip of the corpus that the function takes is taken", () => {
  const taken = CORPUS.filter(({ code }) => code === null);
  assert(taken.length > 100);
  const codes = taken.map(({ name, bytes }) => [name, codeOf(bytes())]);
  assert.deepEqual(codes.filter(([, code]) => code !== null), []);
});

Deno.test("speech in MP3 is taken wherever it was cut off before", () => {
  // The first frames, every byte of them, and all else at odd steps.
  const cuts = Array.from({ length: 1_500 }, (_, index) => index < 800 ? index : index * 47 - 36_000);
  assert.deepEqual(cuts.filter((cut) => codeOf(speech.subarray(cut)) !== null), []);
});

/** What begins with the sync word of ADTS, twelve ones and two zeros around the version, is taken for AAC (mediabunny). */
const looksLikeAac = (bytes: Uint8Array) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0;

Deno.test("speech in MP3 that was cut inside a frame is measured by the function, and taken by the simulator", async () => {
  let clips = 0;
  for (let cut = 250; cut < 20_000; cut += 23) {
    const clip = speech.slice(cut);
    if (looksLikeAac(clip)) continue;
    clips++;
    checkReferenceAudio(clip);
    const { container, sampleRate, channels, durationSeconds } = await inspectAudio(countedClip(clip).source);
    assert.deepEqual([container, sampleRate, channels], ["mp3", 24_000, 1], `cut at ${cut}`);
    const expected = SPEECH_SECONDS * clip.length / speech.length;
    assert(Math.abs(durationSeconds - expected) < 0.15, `cut at ${cut}: ${durationSeconds} s`);
  }
  assert(clips > 800);
});

const rates = [[48_000, 320], [44_100, 128], [32_000, 64], [24_000, 64], [16_000, 32], [8_000, 8]] as const;
for (const [sampleRate, bitRate] of rates) {
  Deno.test(`an MP3 of ${sampleRate} Hz and ${bitRate} kbit/s that begins inside a frame is taken`, () => {
    for (const mode of ["mono", "joint"] as const) {
      assert.equal(codeOf(cutMp3({ sampleRate, mode, bitRates: [bitRate], frames: 20 })), null);
    }
  });
}

const silence = wav();
silence.fill(0, 44);
const click = silence.slice();
new DataView(click.buffer).setInt16(200_000, -33, true);
const silentFloat = wav({ bits: 32, formatTag: 3 });
silentFloat.fill(0, 44);
const withFrames = wav({ sampleRate: 16_000 });
withFrames.set(mp3({ frames: 10 }), 1_000);
const tag = id3v2({ size: 300 });
const frameOf = (sampleRate: number) => [...mp3({ sampleRate, bitRates: [64], frames: 1 })];
const framesOfAllKinds = Uint8Array.from([0x20, ...[8_000, 16_000, 24_000, 48_000].flatMap(frameOf)]);

const clips: [what: string, bytes: Uint8Array, code: string | null][] = [
  ["three frames behind the cut", cutMp3({ frames: 4 }), "Audio.DecoderError"],
  ["four frames behind the cut", cutMp3({ frames: 5 }), null],
  ["frames of different kinds", framesOfAllKinds, "Audio.DecoderError"],
  ["a WAV that holds frames of an MP3", withFrames, "Audio.AudioRateError"],
  ["silence", silence, "Audio.PreprocessError"],
  ["silence with one click", click, null],
  ["silence that is not of 16 bits", silentFloat, null],
  ["59 s whose byte rate is stated too low", wav({ seconds: 59, statedByteRate: 1 }), null],
  [
    "61 s whose byte rate is stated too high",
    wav({ seconds: 61, statedByteRate: 480_000 }),
    "Audio.DurationLimitError",
  ],
  ["a WAV behind a tag", join(tag, wav()), null],
  ["16 kHz behind a tag", join(tag, wav({ sampleRate: 16_000 })), "Audio.AudioRateError"],
  ["61 s behind a tag", join(tag, wav({ seconds: 61 })), "Audio.DurationLimitError"],
];
for (const [what, bytes, code] of clips) {
  Deno.test(`${what}: ${code ?? "taken"}`, () => assert.equal(codeOf(bytes), code));
}

Deno.test("random bytes are no MP3", () => {
  for (let seed = 1; seed <= 20; seed++) {
    assert.equal(codeOf(noise(200_000, seed)), "Audio.DecoderError", `seed ${seed}`);
  }
});
