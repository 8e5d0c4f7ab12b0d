// An MP3 that begins inside a frame: the function takes it, and so does the simulator.
import assert from "node:assert/strict";
import { inspectAudio } from "../../supabase/functions/_shared/audio/inspect.ts";
import { countedClip } from "../testkit/harness/clip_source.ts";
import { checkAudio } from "./audio.ts";
import { readFixture } from "../testkit/fixtures.ts";

const speech = readFixture("speech-24k-mono.mp3");
const SECONDS = 12.864;

/** What begins with the sync word of ADTS, twelve ones and two zeros around the version, is taken for AAC (mediabunny). */
const looksLikeAac = (bytes: Uint8Array) => bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0;

Deno.test("speech in MP3 that was cut inside a frame is measured, and taken by the simulator", async () => {
  let clips = 0;
  for (let cut = 250; cut < 20_000; cut += 23) {
    const clip = speech.slice(cut);
    if (looksLikeAac(clip)) continue;
    clips++;
    checkAudio(clip);
    const { container, sampleRate, channels, durationSeconds } = await inspectAudio(countedClip(clip).source);
    assert.deepEqual([container, sampleRate, channels], ["mp3", 24_000, 1], `cut at ${cut}`);
    const expected = SECONDS * clip.length / speech.length;
    assert(Math.abs(durationSeconds - expected) < 0.15, `cut at ${cut}: ${durationSeconds} s`);
  }
  assert(clips > 800);
});
