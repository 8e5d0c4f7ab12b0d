// What one finalize reads and computes.
import { type Bench, compared, type Row } from "./bench.ts";
import { type BenchClip, clipsOfEachFormat, minuteOfMp3, wavOfSize } from "./bench_clips.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type Cloning, createCloning } from "./cloning.ts";
import type { MeasuredFunction } from "./measured_function.ts";
import { median } from "./timing.ts";

/** What the platform lets one request compute, in milliseconds (Supabase, "Limits"). */
const CPU_LIMIT_MS = 2_000;

const DELIVERIES = { signed_url: "signed URL", data_url: "data URL" };
type Delivery = keyof typeof DELIVERIES;

/** How many finalizes are averaged, after how many that do not count; how many fresh processes are started. */
const FULL = { warmUps: 4, finalizes: 12, replays: 30, processes: 3 };
const ONCE = { warmUps: 0, finalizes: 2, replays: 30, processes: 1 };
type Counts = typeof FULL;

type Surroundings = { stack: BenchStack; cloning: Cloning };

const startFor = (stack: BenchStack, delivery: Delivery) =>
  stack.startFunction({ QWEN_REFERENCE_DELIVERY: delivery });

/** What each of several pieces of work computes on average, in milliseconds. */
async function cpuOfEach(served: MeasuredFunction, works: (() => Promise<unknown>)[]): Promise<number> {
  const before = await served.cpuMs();
  for (const work of works) await work();
  return (await served.cpuMs() - before) / works.length;
}

async function bytesRead({ stack, cloning }: Surroundings, delivery: Delivery): Promise<Row[]> {
  const served = await startFor(stack, delivery);
  const rows: Row[] = [];
  for (const clip of clipsOfEachFormat()) {
    if (delivery === "data_url" && clip.bytes.length > 7_000_000) continue;
    const voiceId = await cloning.put(clip);
    const reads = await stack.storage.during(() => cloning.finalize(served, voiceId));
    rows.push(compared({
      what: `${clip.what}, ${DELIVERIES[delivery]}: read from Storage`,
      value: reads.bytes,
      unit: "bytes",
      baseline: clip.bytes.length,
      against: "the file",
      limit: delivery === "signed_url" ? clip.readLimit : undefined,
    }));
  }
  await served.stop();
  return rows;
}

async function warmCpu(
  { stack, cloning }: Surroundings,
  { delivery, clip, counts }: { delivery: Delivery; clip: BenchClip; counts: Counts },
): Promise<Row> {
  const served = await startFor(stack, delivery);
  const voiceIds: string[] = [];
  for (let count = 0; count < counts.warmUps + counts.finalizes; count++) {
    voiceIds.push(await cloning.put(clip));
  }
  const finalizes = voiceIds.map((voiceId) => () => cloning.finalize(served, voiceId));
  for (const finalize of finalizes.splice(0, counts.warmUps)) await finalize();

  const value = await cpuOfEach(served, finalizes);
  const repeated = await cloning.put(clip);
  const again = () => cloning.finalize(served, repeated);
  await again();
  const baseline = await cpuOfEach(served, Array.from({ length: counts.replays }, () => again));
  await served.stop();
  await cloning.remove([...voiceIds, repeated]);
  return compared({
    what: `${clip.what}, ${DELIVERIES[delivery]}: CPU, warm`,
    value,
    unit: "ms",
    baseline,
    against: "the same again, which only claims",
    limit: CPU_LIMIT_MS,
  });
}

/** CPU of fresh processes from their start to the first answer. */
async function coldCpu(
  { stack, cloning }: Surroundings,
  { delivery, clip, counts }: { delivery: Delivery; clip: BenchClip; counts: Counts },
): Promise<Row> {
  const taken = { value: new Array<number>(), baseline: new Array<number>() };
  for (let process = 0; process < counts.processes; process++) {
    const voiceId = await cloning.put(clip);
    const finalizing = await startFor(stack, delivery);
    await cloning.finalize(finalizing, voiceId);
    taken.value.push(await finalizing.cpuMs());
    await finalizing.stop();

    const uploading = await startFor(stack, delivery);
    await cloning.askForUpload(uploading);
    taken.baseline.push(await uploading.cpuMs());
    await uploading.stop();
  }
  return compared({
    what: `${clip.what}, ${DELIVERIES[delivery]}: CPU, process start to first answer`,
    value: median(taken.value),
    unit: "ms",
    baseline: median(taken.baseline),
    against: "as far as the first upload-url",
    limit: CPU_LIMIT_MS,
  });
}

/**
 * Bytes read and CPU of a finalize. The CPU is that of the function's whole process, threads of Deno and V8 included, and so
 * no less than what the platform counts.
 */
export const finalize: Bench = {
  name: "finalize",
  async run(stack, { quick }) {
    const counts = quick ? ONCE : FULL;
    const surroundings = { stack, cloning: await createCloning(stack) };
    const rows: Row[] = [];
    for (const delivery of ["signed_url", "data_url"] as const) {
      rows.push(...await bytesRead(surroundings, delivery));
    }
    const cases = (["signed_url", "data_url"] as const).flatMap((delivery) =>
      [wavOfSize(1), wavOfSize(7)].map((clip) => ({ delivery, clip, counts }))
    );
    const ofMp3 = { delivery: "signed_url", clip: minuteOfMp3(), counts } as const;
    for (const one of [...cases, ofMp3]) rows.push(await warmCpu(surroundings, one));
    for (const one of cases) rows.push(await coldCpu(surroundings, one));
    return rows;
  },
};
