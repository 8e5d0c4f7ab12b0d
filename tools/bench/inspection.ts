import { inspectAudio } from "../../supabase/functions/_shared/audio/inspect.ts";
import { createReferenceCheck } from "../../supabase/functions/_shared/audio/reference_check.ts";
import { createReferences } from "../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../supabase/functions/_shared/supabase.ts";
import { type BenchClip, clipsOfEachFormat } from "./bench_clips.ts";
import type { Bench } from "./bench_run.ts";
import type { BenchStack } from "./bench_stack.ts";
import { createBenchUser } from "./bench_user.ts";
import { compared } from "./figures.ts";
import { inTurns, timed } from "./turns.ts";

/** What finalize reads of every clip to begin with, in bytes (`FIRST_RANGE_BYTES` in storage/references.ts). */
const FIRST_RANGE_BYTES = 65_536;

const FULL = { inMemory: { turns: 20, warmUps: 5 }, overHttp: { turns: 10, warmUps: 2 } };
const ONCE = { inMemory: { turns: 1, warmUps: 0 }, overHttp: { turns: 1, warmUps: 0 } };

/** Touches every byte, as a reader of the whole clip would. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum += byte;
  return sum;
}

/** Inspects a clip in memory; reading copies its bytes, as a network's does. */
function inMemory(clip: BenchClip) {
  const { bytes } = clip;
  const readRange = (start: number, end: number) => Promise.resolve(bytes.slice(start, end));
  return {
    of: clip,
    value: timed(async () =>
      inspectAudio({ sizeBytes: bytes.length, firstBytes: await readRange(0, FIRST_RANGE_BYTES), readRange })
    ),
    baseline: timed(async () => sumOf(await readRange(0, bytes.length))),
  };
}

/** Inspects clips in the bucket through the function's own code. */
async function overHttp(stack: BenchStack, clips: BenchClip[]) {
  const user = await createBenchUser(stack);
  const { supabase_url: url, secret_key: secretKey } = stack.record;
  const references = createReferences({
    storage: createSupabase({ url, secretKey }).storage,
    publicUrl: url,
  });
  const check = createReferenceCheck({ references, policy: "enforce" });
  const { signal } = new AbortController();
  const contests = [];
  for (const clip of clips) {
    const [voiceId = ""] = await user.put(clip, 1);
    const key = user.keyOf(voiceId);
    const whole = references.open(
      key,
      { contentType: clip.contentType, sizeBytes: clip.bytes.length },
      signal,
    );
    const inspect = () => check(key, signal);
    contests.push({
      of: { clip, reads: await stack.storage.during(inspect) },
      value: timed(inspect),
      baseline: timed(async () => sumOf(await whole.read())),
    });
  }
  return contests;
}

/** What it costs to inspect a clip of each format, beside reading all of it: time, bytes and requests. */
export const inspection: Bench = {
  name: "inspection",
  async run({ quick }, stack) {
    const counts = quick ? ONCE : FULL;
    const clips = clipsOfEachFormat();
    const inMemoryTimes = await inTurns(clips.map(inMemory), counts.inMemory);
    const stored = await overHttp(stack, clips);
    const httpTimes = await inTurns(stored, counts.overHttp);

    const whole = "one GET of all of it";
    return [
      ...inMemoryTimes.map(({ of: { what }, medians }) =>
        compared(
          { what: `${what}: in memory`, unit: "ms", against: "copying and summing all its bytes" },
          ...medians("ms"),
        )
      ),
      ...httpTimes.map(({ of: { clip }, medians }) =>
        compared({ what: `${clip.what}: from Storage`, unit: "ms", against: whole }, ...medians("ms"))
      ),
      ...stored.map(({ of: { clip: { what, bytes, readLimit: limit }, reads } }) =>
        compared(
          { what: `${what}: read`, unit: "bytes", against: "the file", limit },
          reads.bytes,
          bytes.length,
        )
      ),
      ...stored.map(({ of: { clip, reads } }) =>
        compared({ what: `${clip.what}: ranges`, unit: "requests", against: whole }, reads.requests, 1)
      ),
    ];
  },
};
