import { freePort } from "../stack/process/ports.ts";
import { wavOfSize } from "./bench_clips.ts";
import type { Bench, RunOptions } from "./bench_run.ts";
import type { BenchStack } from "./bench_stack.ts";
import { answered, type BenchUser, createBenchUser, USER_REQUESTS } from "./bench_user.ts";
import { compared, type Row } from "./figures.ts";
import { LIMIT_MB, WATCHED, watchMemory } from "./memory_watch.ts";
import { peakBytes } from "./process_usage.ts";
import { withStandIn } from "./stand_in_process.ts";

/** How long the provider takes over a clip in a data URL, in milliseconds, so that all overlap that may. */
const PROVIDER_DELAY_MS = 100;
/** How long it may take until all creates are held, in milliseconds. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 5;
const idleAfterOne = { unit: "MB", against: "idle after one" } as const;
const nothing = () => Promise.resolve();

const DELIVERIES = [
  { delivery: "data_url", what: "data URL", provider: delays },
  { delivery: "signed_url", what: "signed URL", provider: holds },
] as const;

/** The provider takes its time over each clip. */
async function delays({ simulator }: BenchStack, finalizes: (() => Promise<string>)[]): Promise<void> {
  simulator.addFaults({ action: "create", times: finalizes.length, delay: { ms: PROVIDER_DELAY_MS } });
  await Promise.all(finalizes.map((finalize) => finalize()));
}

/** The provider waits until all creates are there, then fetches clip after clip, so that it holds few itself. */
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
  { stack, user, atOnce }: { stack: BenchStack; user: BenchUser; atOnce: number },
  { delivery, what, provider }: typeof DELIVERIES[number],
): Promise<Row[]> {
  const { variables, codeBytesDuring } = watchMemory(freePort());
  const served = await stack.startFunction({ QWEN_REFERENCE_DELIVERY: delivery, ...variables }, WATCHED);
  const voiceIds = await user.put(wavOfSize(7), atOnce + 2);
  const finalizes = voiceIds.map((voiceId) => () => user.finalize(served, voiceId));
  const bytesDuring = async (work: () => Promise<unknown>) => {
    let code = 0;
    const whole = await peakBytes(served.pid, async () => code = await codeBytesDuring(work));
    return { code, whole };
  };

  await provider(stack, finalizes.splice(0, 1));
  const idle = await bytesDuring(nothing);
  const alone = await bytesDuring(() => provider(stack, finalizes.splice(0, 1)));
  const together = await bytesDuring(() => provider(stack, finalizes));
  await served.stop();
  await user.remove(voiceIds);

  return [{ many: "1 clip", peak: alone }, { many: `${atOnce} clips at once`, peak: together }].flatMap(
    ({ many, peak }) => [
      compared(
        { what: `${many}, ${what}: heap and buffers`, ...idleAfterOne, limit: LIMIT_MB },
        peak.code / 1e6,
        idle.code / 1e6,
      ),
      compared(
        { what: `${many}, ${what}: whole process`, ...idleAfterOne },
        peak.whole / 1e6,
        idle.whole / 1e6,
      ),
    ],
  );
}

/**
 * The most memory that finalizes of 7 MB clips take. The platform compares its limit with V8's heap and the buffers outside of
 * it, which are `heap` and `external` in the `memory_used` of a worker that it ends (Supabase, "Edge Function shutdown
 * reasons"). The whole process also has Deno's own program and the copies of its network layer.
 */
export const memory: Bench = {
  name: "memory",
  async run({ quick }, stack) {
    const surroundings = { stack, user: await createBenchUser(stack), atOnce: quick ? 2 : 50 };
    const rows: Row[] = [];
    for (const delivery of DELIVERIES) rows.push(...await measure(surroundings, delivery));
    return rows;
  },
};

const FULL = { atOnce: 500, providerMs: 10_000 };
const ONCE = { atOnce: 10, providerMs: 50 };

/**
 * The most memory that finalizes take while they all wait for the provider at once; each is for its own voice. Counted as in
 * `memory`.
 */
export const inFlight = {
  name: "in_flight",
  run({ quick, ending, deno }: RunOptions) {
    const { atOnce, providerMs } = quick ? ONCE : FULL;
    return withStandIn({ providerMs, ending, deno }, async ({ start, gather, headers }) => {
      const { variables, codeBytesDuring } = watchMemory(freePort());
      const served = await start(WATCHED, variables);
      const finalize = () => answered(`${served.url}/api`, USER_REQUESTS["POST /clone/finalize"](), headers);
      await finalize();
      const idle = await codeBytesDuring(nothing);
      await gather(atOnce);
      const busy = await codeBytesDuring(() => Promise.all(Array.from({ length: atOnce }, finalize)));
      const what = `${atOnce} finalizes in flight, provider takes ${providerMs / 1_000} s: heap and buffers`;
      return [compared({ what, ...idleAfterOne, limit: LIMIT_MB }, busy / 1e6, idle / 1e6)];
    });
  },
} satisfies Bench;
