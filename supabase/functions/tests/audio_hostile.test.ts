// Clips made to harm: whatever the bytes, a look into them ends, in facts or in a refusal, and takes little.
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { CORPUS } from "../../../tools/testkit/clips/corpus.ts";
import { HOSTILE_CLIPS } from "../../../tools/testkit/clips/hostile.ts";
import { inspectAudio } from "../_shared/audio/inspect.ts";
import { ApiError } from "../_shared/errors.ts";
import { type CountedClip, countedClip } from "../../../tools/testkit/harness/clip_source.ts";
import {
  damagedClip,
  hostileBoxes,
  hostileChunks,
  hostileFrames,
} from "../../../tools/testkit/harness/arbitrary_clips.ts";

const CODES = ["reference_unreadable", "reference_type_unsupported"];
const CONTAINERS = ["wav", "mp3", "m4a"];
const WINDOW_BYTES = 65_536;
/** What a WAV may cost, however it is built. */
const WAV_LIMIT_BYTES = 262_144;

/** Looks into a clip; facts must be of use, and a refusal be one of the two. */
async function look({ source }: CountedClip): Promise<void> {
  try {
    const facts = await inspectAudio(source);
    const { durationSeconds, sampleRate, channels } = facts;
    for (const value of [durationSeconds, sampleRate, channels]) assert(Number.isFinite(value) && value > 0);
    assert(CONTAINERS.includes(facts.container));
  } catch (error) {
    assert(error instanceof ApiError && CODES.includes(error.code), `${error}`);
  }
}

/**
 * What was read of a clip is inside of it, and bounded by its length: each byte twice, as much again for each of a few
 * windows that begin too early, and so many requests as that takes.
 */
function assertLittleWasRead({ source: { sizeBytes }, ranges, bytesRead, outside }: CountedClip): void {
  assert.deepEqual(outside(), []);
  assert(bytesRead() <= 2 * sizeBytes + 4 * WINDOW_BYTES, `${bytesRead()} of ${sizeBytes} bytes`);
  assert(ranges.length <= 2 * Math.ceil(sizeBytes / WINDOW_BYTES) + 16, `${ranges.length} requests`);
}

/** Runs a test in which nothing may be written to the console: what a library says of a clip belongs in no log. */
async function quietly(test: () => Promise<void>): Promise<void> {
  const written: unknown[] = [];
  const methods = ["debug", "error", "info", "log", "warn"] as const;
  const before = methods.map((method) => console[method]);
  for (const method of methods) console[method] = (...values: unknown[]) => written.push(values);
  try {
    await test();
  } finally {
    methods.forEach((method, index) => console[method] = before[index] ?? console[method]);
  }
  assert.deepEqual(written, []);
}

for (const [name, bytes] of Object.entries(HOSTILE_CLIPS)) {
  Deno.test(`a clip with ${name} is looked into as any other`, () =>
    quietly(async () => {
      const clip = countedClip(bytes());
      await look(clip);
      assertLittleWasRead(clip);
      if (String.fromCharCode(...clip.source.firstBytes.subarray(0, 4)) === "RIFF") {
        assert(clip.bytesRead() <= WAV_LIMIT_BYTES, `${clip.bytesRead()} bytes`);
      }
    }));
}

/** How much of the clip is at hand: mostly less than in earnest, so that small clips are read in ranges too. */
const firstBytes = fc.constantFrom(1, 12, 100, 1_000, WINDOW_BYTES);

// 10,000 cases in all.
for (
  const [what, arbitrary, numRuns] of [
    ["good clips, truncated, bit-flipped, spliced and misstated", damagedClip, 5_000],
    ["boxes inside boxes of any kind", hostileBoxes, 2_500],
    ["chunks of any kind", hostileChunks, 1_000],
    ["tags and frames of any kind", hostileFrames, 1_500],
  ] as const
) {
  Deno.test(`${numRuns} times ${what}: facts that are of use, or a refusal, and little is read`, () =>
    quietly(() =>
      fc.assert(
        fc.asyncProperty(arbitrary, firstBytes, async (bytes, atHand) => {
          const clip = countedClip(bytes, atHand);
          await look(clip);
          assertLittleWasRead(clip);
        }),
        { numRuns },
      )
    ));
}

/**
 * The memory in use after everything that can be has been given back, in bytes. Deno 2.1 gives back buffers a while after
 * they were collected, so the least of several looks counts.
 */
async function memoryInUse(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  assert(typeof collect === "function");
  let least = Infinity;
  for (let look = 0; look < 20; look++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 0));
    const { heapUsed, external } = Deno.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

Deno.test("nothing is kept of the clips that were looked into", async () => {
  const readable = CORPUS.filter((_, index) => index % 8 === 0).map(({ bytes }) => bytes())
    .filter(({ length }) => length > 0 && length < 1_000_000);
  const clips = [...readable, ...fc.sample(damagedClip, 100), ...fc.sample(hostileBoxes, 100)];
  const lookIntoAll = async (times: number) => {
    for (let time = 0; time < times; time++) {
      for (const clip of clips) await look(countedClip(clip));
    }
  };
  await lookIntoAll(2);
  const before = await memoryInUse();
  const times = 10;
  await lookIntoAll(times);
  const kept = await memoryInUse() - before;
  // What was seen is a tenth of a megabyte, of code that was compiled anew. The first ranges alone are ten.
  const margin = 2_000_000;
  const offered = times * readable.reduce((total, { length }) => total + Math.min(length, WINDOW_BYTES), 0);
  assert(offered > 4 * margin);
  assert(kept < margin, `${kept} bytes`);
});
