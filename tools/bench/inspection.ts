// What it costs to look into a clip, beside reading all of it.
import { createReferenceCheck } from "../../supabase/functions/_shared/audio/reference_check.ts";
import { inspectAudio } from "../../supabase/functions/_shared/audio/inspect.ts";
import { createReferences } from "../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../supabase/functions/_shared/supabase.ts";
import { type Bench, compared } from "./bench.ts";
import { type BenchClip, clipsOfEachFormat } from "./bench_clips.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type Cloning, createCloning } from "./cloning.ts";
import { timed } from "./timing.ts";

/** What finalize reads of every clip to begin with, in bytes (`FIRST_RANGE_BYTES` in storage/references.ts). */
const FIRST_RANGE_BYTES = 65_536;

const FULL = { inMemory: { turns: 20, warmUps: 5 }, overHttp: { turns: 10, warmUps: 2 } };
const ONCE = { inMemory: { turns: 1, warmUps: 0 }, overHttp: { turns: 1, warmUps: 0 } };

/** Touches every byte, as whoever reads a clip whole would. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

/** A clip in memory whose reading copies bytes, as a network's does. */
function inMemory({ bytes }: BenchClip) {
  const readRange = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
  return {
    inspect: async () =>
      await inspectAudio({
        sizeBytes: bytes.length,
        firstBytes: await readRange(0, FIRST_RANGE_BYTES),
        readRange,
      }),
    readWhole: async () => sumOf(await readRange(0, bytes.length)),
  };
}

/** Uploads a clip, and reads it through the function's own code. */
async function overHttp(
  { record }: BenchStack,
  cloning: Cloning,
  clip: BenchClip,
) {
  const { storage } = createSupabase({ url: record.supabase_url, secretKey: record.secret_key });
  const references = createReferences({ storage, publicUrl: record.supabase_url });
  const check = createReferenceCheck({ references, policy: "enforce" });
  const key = cloning.keyOf(await cloning.put(clip));
  const { signal } = new AbortController();
  const whole = references.open(key, { contentType: clip.contentType, sizeBytes: clip.bytes.length }, signal);
  return { inspect: () => check(key, signal), readWhole: async () => sumOf(await whole.read()) };
}

/** Looking into clips of each format: time, bytes and requests. */
export const inspection: Bench = {
  name: "inspection",
  async run(stack, { quick }) {
    const { inMemory: memoryTurns, overHttp: httpTurns } = quick ? ONCE : FULL;
    const clips = clipsOfEachFormat();
    const cloning = await createCloning(stack);

    const inMemoryTimes = await timed(
      clips.map((clip) => {
        const { inspect, readWhole } = inMemory(clip);
        return { clip, value: inspect, baseline: readWhole };
      }),
      memoryTurns,
    );
    const stored = [];
    for (const clip of clips) {
      const { inspect, readWhole } = await overHttp(stack, cloning, clip);
      stored.push({ clip, value: inspect, baseline: readWhole, reads: await stack.storage.during(inspect) });
    }
    const httpTimes = await timed(stored, httpTurns);

    return [
      ...inMemoryTimes.map(({ clip, valueMs, baselineMs }) =>
        compared({
          what: `${clip.what}: in memory`,
          value: valueMs,
          unit: "ms",
          baseline: baselineMs,
          against: "copying and summing all its bytes",
        })
      ),
      ...httpTimes.map(({ clip, valueMs, baselineMs }) =>
        compared({
          what: `${clip.what}: from Storage`,
          value: valueMs,
          unit: "ms",
          baseline: baselineMs,
          against: "one GET of all of it",
        })
      ),
      ...stored.map(({ clip, reads }) =>
        compared({
          what: `${clip.what}: read`,
          value: reads.bytes,
          unit: "bytes",
          baseline: clip.bytes.length,
          against: "the file",
          limit: clip.readLimit,
        })
      ),
      ...stored.map(({ clip, reads }) =>
        compared({
          what: `${clip.what}: ranges`,
          value: reads.requests,
          unit: "requests",
          baseline: 1,
          against: "one GET of all of it",
        })
      ),
    ];
  },
};
