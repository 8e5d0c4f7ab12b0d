import assert from "node:assert/strict";
import { noise } from "../testkit/clips/binary.ts";
import { mp3, type Mp3Options } from "../testkit/clips/write_mp3.ts";
import { wav } from "../testkit/clips/write_wav.ts";
import { checkAudio } from "./audio.ts";
import { DashScopeError } from "./errors.ts";
import { readFixture } from "../testkit/fixtures.ts";

const speech = readFixture("speech-24k-mono.mp3");

/** The code a clip is refused with; null for one that is taken. */
function codeOf(bytes: Uint8Array): string | null {
  try {
    checkAudio(bytes);
    return null;
  } catch (error) {
    assert(error instanceof DashScopeError);
    return error.code;
  }
}

/** As it is left when a recording is cut: the empty rest of a frame, and a byte in front that is nothing. */
function cutMp3(options: Mp3Options): Uint8Array {
  const clip = mp3(options).slice(7);
  clip[0] = 0x55;
  return clip;
}

Deno.test("speech in MP3 is taken wherever it was cut off before", () => {
  // The first frames, every byte of them, and all else at odd steps.
  const cuts = Array.from({ length: 1_500 }, (_, index) => index < 800 ? index : index * 47 - 36_000);
  assert.deepEqual(cuts.filter((cut) => codeOf(speech.subarray(cut)) !== null), []);
});

for (
  const [sampleRate, bitRate] of [[48_000, 320], [44_100, 128], [32_000, 64], [24_000, 64], [16_000, 32], [
    8_000,
    8,
  ]] as const
) {
  Deno.test(`an MP3 of ${sampleRate} Hz and ${bitRate} kbit/s that begins inside a frame is taken`, () => {
    for (const mode of ["mono", "joint"] as const) {
      assert.equal(codeOf(cutMp3({ sampleRate, mode, bitRates: [bitRate], frames: 20 })), null);
    }
  });
}

Deno.test("what looks like a frame once, and bytes by chance, are no MP3", () => {
  assert.equal(codeOf(cutMp3({ frames: 4 })), "Audio.DecoderError");
  assert.equal(codeOf(cutMp3({ frames: 5 })), null);
  for (let seed = 1; seed <= 20; seed++) {
    assert.equal(codeOf(noise(200_000, seed)), "Audio.DecoderError", `seed ${seed}`);
  }
});

Deno.test("frames of different kinds are no MP3", () => {
  const frames = [8_000, 16_000, 24_000, 48_000].flatMap((sampleRate) => [
    ...mp3({ sampleRate, bitRates: [64], frames: 1 }),
  ]);
  assert.equal(codeOf(Uint8Array.from([0x20, ...frames])), "Audio.DecoderError");
});

Deno.test("a WAV that holds frames of an MP3 somewhere is a WAV all the same", () => {
  const bytes = wav({ sampleRate: 16_000 });
  bytes.set(mp3({ frames: 10 }), 1_000);
  assert.equal(codeOf(bytes), "Audio.AudioRateError");
});

Deno.test("silence is told of 16 bits alone, by its loudest sample", () => {
  const silence = wav();
  silence.fill(0, 44);
  assert.equal(codeOf(silence), "Audio.PreprocessError");
  const click = silence.slice();
  new DataView(click.buffer).setInt16(200_000, -33, true);
  assert.equal(codeOf(click), null);
  const float = wav({ bits: 32, formatTag: 3 });
  float.fill(0, 44);
  assert.equal(codeOf(float), null);
});
