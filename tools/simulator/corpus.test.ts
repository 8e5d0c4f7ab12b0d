// What the function takes, the simulator takes: else a clip that is fit could be tried out with no one.
import assert from "node:assert/strict";
import { CORPUS } from "../testkit/clips/corpus.ts";
import { join } from "../testkit/clips/binary.ts";
import { id3v2 } from "../testkit/clips/write_mp3.ts";
import { wav } from "../testkit/clips/write_wav.ts";
import { checkAudio } from "./audio.ts";
import { DashScopeError } from "./errors.ts";

function codeOf(bytes: Uint8Array): string | null {
  try {
    checkAudio(bytes);
    return null;
  } catch (error) {
    assert(error instanceof DashScopeError);
    return error.code;
  }
}

Deno.test("every clip of the corpus that the function takes is taken", () => {
  const taken = CORPUS.filter(({ code }) => code === null);
  assert(taken.length > 100);
  const refused = taken.flatMap(({ name, bytes }) => {
    const code = codeOf(bytes());
    return code === null ? [] : [[name, code]];
  });
  assert.deepEqual(refused, []);
});

Deno.test("a WAV is as long as its samples, whatever it says of a second of them", () => {
  assert.equal(codeOf(wav({ seconds: 59, statedByteRate: 1 })), null);
  assert.equal(codeOf(wav({ seconds: 61, statedByteRate: 480_000 })), "Audio.DurationLimitError");
});

Deno.test("a tag in front of a WAV hides nothing of it", () => {
  const tag = id3v2({ size: 300 });
  assert.equal(codeOf(join(tag, wav())), null);
  assert.equal(codeOf(join(tag, wav({ sampleRate: 16_000 }))), "Audio.AudioRateError");
  assert.equal(codeOf(join(tag, wav({ seconds: 61 }))), "Audio.DurationLimitError");
});
