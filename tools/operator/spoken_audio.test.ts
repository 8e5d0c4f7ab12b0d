import assert from "node:assert/strict";
import { encodeWav } from "../simulator/wav_writer.ts";
import { readOwnClip } from "./clip_file.ts";
import { audioOf, text } from "./smoke/fake_deployment.ts";
import { readSpokenAudio } from "./spoken_audio.ts";

Deno.test("audio must be mono, of 24 kHz, and about as long as somebody takes to say the text", async () => {
  for (const seconds of [2.2, 11.5]) {
    const audio = await readSpokenAudio(audioOf(seconds), text);
    assert.deepEqual(audio, { durationSeconds: seconds, sampleRate: 24_000 });
  }
  const stereo = encodeWav(new Int16Array(2 * 4 * 24_000), 24_000);
  new DataView(stereo.buffer).setUint16(22, 2, true);
  new DataView(stereo.buffer).setUint16(32, 4, true);
  const eightBit = audioOf(4);
  new DataView(eightBit.buffer).setUint16(34, 8, true);
  const refused: [Uint8Array, RegExp][] = [
    [audioOf(2), /lasts 2\.0 s; of this text, 2\.1 s to 11\.6 s is plausible\.$/],
    [audioOf(12), /lasts 12\.0 s; /],
    [audioOf(4, 16_000), /16000 samples a second, fewer than 24000\.$/],
    [stereo, /2 channels, not one\.$/],
    [eightBit, /no WAV of 16-bit samples/],
    [(await readOwnClip("mp3")).bytes, /no WAV/],
  ];
  for (const [bytes, message] of refused) {
    await assert.rejects(readSpokenAudio(bytes, text), { name: "Failure", message });
  }
});

Deno.test("a character of Chinese, Japanese or Korean, or a digit, takes the time of two", async () => {
  for (const long of ["你好你好你好你好你好", "안녕안녕안녕안녕안녕", "こんにちはコンニチハ", "2026202620"]) {
    assert.equal((await readSpokenAudio(audioOf(5), long)).durationSeconds, 5);
  }
  await assert.rejects(readSpokenAudio(audioOf(5), "Hello you!"), /lasts 5\.0 s/);
});
