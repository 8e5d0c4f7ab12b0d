// What finalizes under way hold in memory.
import { freePort } from "../stack/process/ports.ts";
import { type Bench, compared, type Row } from "./bench.ts";
import { wavOfSize } from "./bench_clips.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type Cloning, createCloning } from "./cloning.ts";
import { codeBytesDuring, MEMORY_PORT } from "./memory_watch.ts";

/** What the platform gives a worker, in megabytes (Supabase, "Limits"). */
const LIMIT_MB = 256;
/** An entrypoint that tells of its memory. */
const WATCHED = "tools/bench/watched_function.ts";
/** How long the provider takes over a clip that is sent itself, in milliseconds, so that all overlap that may. */
const PROVIDER_DELAY_MS = 100;
/** How long it may take until all creates are held, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 5;

const DELIVERIES = [
  { delivery: "data_url", what: "data URL", provider: delays },
  { delivery: "signed_url", what: "signed URL", provider: holds },
] as const;

/** The provider takes its time over each clip. */
async function delays({ simulator }: BenchStack, finalizes: (() => Promise<string>)[]): Promise<void> {
  simulator.addFaults({ action: "create", times: finalizes.length, delay: { ms: PROVIDER_DELAY_MS } });
  await Promise.all(finalizes.map((finalize) => finalize()));
}

/** The provider waits until all creates are there, then fetches clip after clip, so as not to hold many itself. */
async function holds({ simulator }: BenchStack, finalizes: (() => Promise<string>)[]): Promise<void> {
  simulator.addFaults({ action: "create", times: finalizes.length, hold: "before" });
  const answers = Promise.all(finalizes.map((finalize) => finalize()));
  const allHeld = simulator.waitForHeld(finalizes.length, PATIENCE_MS).then((reached) => {
    if (!reached) throw new Error("The creates do not come all at once.");
  });
  // A finalize that fails ends the wait.
  await Promise.race([allHeld, answers]);
  for (const { id } of simulator.held()) {
    simulator.release(id);
    while (simulator.calls().some((call) => call.id === id && call.outcome === null)) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
  await answers;
}

async function measure(
  { stack, cloning, atOnce }: { stack: BenchStack; cloning: Cloning; atOnce: number },
  { delivery, what, provider }: typeof DELIVERIES[number],
): Promise<Row[]> {
  const clip = wavOfSize(7);
  const port = freePort();
  const served = await stack.startFunction({
    QWEN_REFERENCE_DELIVERY: delivery,
    // As on the platform; without it V8 tidies up as late as this machine's memory allows.
    DENO_V8_FLAGS: `--max-heap-size=${LIMIT_MB}`,
    [MEMORY_PORT]: `${port}`,
  }, WATCHED);
  const voiceIds: string[] = [];
  for (let count = 0; count < atOnce + 2; count++) voiceIds.push(await cloning.put(clip));
  const finalizes = voiceIds.map((voiceId) => () => cloning.finalize(served, voiceId));
  const bytesDuring = async (work: () => Promise<unknown>) => {
    let code = 0;
    const whole = await served.peakBytes(async () => code = await codeBytesDuring(port, work));
    return { code, whole };
  };

  await provider(stack, finalizes.splice(0, 1));
  const idle = await bytesDuring(() => Promise.resolve());
  const alone = await bytesDuring(() => provider(stack, finalizes.splice(0, 1)));
  const together = await bytesDuring(() => provider(stack, finalizes));
  await served.stop();
  await cloning.remove(voiceIds);

  return [{ many: "1 clip", peak: alone }, { many: `${atOnce} clips at once`, peak: together }].flatMap((
    { many, peak },
  ) => [
    compared({
      what: `${many}, ${what}: heap and buffers`,
      value: peak.code / 1e6,
      unit: "MB",
      baseline: idle.code / 1e6,
      against: "idle after one",
      limit: LIMIT_MB,
    }),
    compared({
      what: `${many}, ${what}: whole process`,
      value: peak.whole / 1e6,
      unit: "MB",
      baseline: idle.whole / 1e6,
      against: "idle after one",
    }),
  ]);
}

/**
 * The most memory that finalizes of clips of 7 MB take. The platform holds its limit against V8's heap and the buffers
 * outside of it, which it tells of a worker it ends as `heap` and `external` of `memory_used` (Supabase, "Edge Function
 * shutdown reasons"). The whole process has Deno's own program and the copies of its network layer besides.
 */
export const memory: Bench = {
  name: "memory",
  async run(stack, { quick }) {
    const surroundings = { stack, cloning: await createCloning(stack), atOnce: quick ? 2 : 50 };
    const rows: Row[] = [];
    for (const delivery of DELIVERIES) rows.push(...await measure(surroundings, delivery));
    return rows;
  },
};
