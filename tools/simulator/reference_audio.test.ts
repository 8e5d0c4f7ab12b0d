// The simulator takes every clip that the function takes.
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
const codeOf = (bytes: Uint8Array): Promise<string | null> =>
  checkReferenceAudio(bytes).then(() => null, (error) => {
    assert(error instanceof DashScopeError);
    assert.equal(error.status, 400);
    return error.code;
  });

function clicking(level: number): Uint8Array {
  const clip = wav().fill(0, 44);
  new DataView(clip.buffer).setInt16(200_000, level, true);
  return clip;
}

/** As a recording is left when it is cut: the empty rest of a frame, and a meaningless byte in front. */
function cutMp3(options: Mp3Options): Uint8Array {
  const clip = mp3(options).slice(7);
  clip[0] = 0x55;
  return clip;
}

Deno.test("every clip of the corpus that the function takes is taken", async () => {
  const taken = CORPUS.filter(({ code }) => code === null);
  assert(taken.length > 100);
  for (const { name, bytes } of taken) assert.equal(await codeOf(bytes()), null, name);
});

Deno.test("speech in MP3 is taken wherever it was cut off before", async () => {
  // The first frames byte by byte, the others at odd steps.
  const cuts = Array.from({ length: 1_500 }, (_, index) => index < 800 ? index : index * 47 - 36_000);
  for (const cut of cuts) assert.equal(await codeOf(speech.subarray(cut)), null, `cut at ${cut}`);
});

/** What begins with the sync word of ADTS, twelve ones and two zeros around the version, is taken for AAC (mediabunny). */
const looksLikeAac = (bytes: Uint8Array) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0;

Deno.test("speech in MP3 that was cut inside a frame is measured by the function, and taken by the simulator", async () => {
  let clips = 0;
  for (let cut = 250; cut < 20_000; cut += 23) {
    const clip = speech.slice(cut);
    if (looksLikeAac(clip)) continue;
    clips++;
    assert.equal(await codeOf(clip), null);
    const { container, sampleRate, channels, durationSeconds } = await inspectAudio(countedClip(clip).source);
    assert.deepEqual([container, sampleRate, channels], ["mp3", 24_000, 1], `cut at ${cut}`);
    const expected = SPEECH_SECONDS * clip.length / speech.length;
    assert(Math.abs(durationSeconds - expected) < 0.15, `cut at ${cut}: ${durationSeconds} s`);
  }
  assert(clips > 800);
});

const rates = [[48_000, 320], [44_100, 128], [32_000, 64], [24_000, 64], [16_000, 32], [8_000, 8]] as const;
for (const [sampleRate, bitRate] of rates) {
  Deno.test(`an MP3 of ${sampleRate} Hz and ${bitRate} kbit/s that begins inside a frame is taken`, async () => {
    for (const mode of ["mono", "joint"] as const) {
      assert.equal(await codeOf(cutMp3({ sampleRate, mode, bitRates: [bitRate], frames: 20 })), null);
    }
  });
}

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
  ["an MP3 without a tag", Uint8Array.of(0xff, 0xfb, 0x90, 0x00), null],
  ["bytes that are no audio", new Uint8Array(5_000), "Audio.DecoderError"],
  ["AAC without a container", Uint8Array.of(0xff, 0xf1, 0x50, 0x80), "Audio.DecoderError"],
  ["WebM", readFixture("speech.webm"), "Audio.DecoderError"],
  ["a WAV without samples", wav().slice(0, 36), "Audio.DecoderError"],
  ["16 kHz", readFixture("speech-16k-mono.wav"), "Audio.AudioRateError"],
  ["23,999 Hz", wav({ sampleRate: 23_999 }), "Audio.AudioRateError"],
  ["silence", clicking(0), "Audio.PreprocessError"],
  ["near silence", clicking(32), "Audio.PreprocessError"],
  ["a quiet click", clicking(33), null],
  ["a quiet click downwards", clicking(-33), null],
  ["silence that is not of 16 bits", wav({ bits: 32, formatTag: 3 }).fill(0, 44), null],
  ["59 s, at a stated byte rate too low", wav({ seconds: 59, statedByteRate: 1 }), null],
  [
    "61 s, at a stated byte rate too high",
    wav({ seconds: 61, statedByteRate: 480_000 }),
    "Audio.DurationLimitError",
  ],
  ["a WAV behind a tag", join(tag, wav()), null],
  ["16 kHz behind a tag", join(tag, wav({ sampleRate: 16_000 })), "Audio.AudioRateError"],
  ["61 s behind a tag", join(tag, wav({ seconds: 61 })), "Audio.DurationLimitError"],
];
for (const [what, bytes, code] of clips) {
  Deno.test(`${what}: ${code ?? "taken"}`, async () => assert.equal(await codeOf(bytes), code));
}

Deno.test("random bytes are no MP3", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    assert.equal(await codeOf(noise(200_000, seed)), "Audio.DecoderError", `seed ${seed}`);
  }
});
