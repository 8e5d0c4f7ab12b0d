import type { ListeningProcess } from "../stack/function/function_command.ts";
import { type BenchClip, clipsOfEachFormat, minuteOfMp3, wavOfSize } from "./bench_clips.ts";
import type { Bench } from "./bench_run.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type BenchUser, createBenchUser } from "./bench_user.ts";
import { compared, type Row } from "./figures.ts";
import { cpuTimeOf } from "./process_usage.ts";
import { inTurns } from "./turns.ts";

/** The CPU time that the platform gives one request, in milliseconds (Supabase, "Limits"). */
const CPU_LIMIT_MS = 2_000;
/** The most bytes that a clip may have as a data URL, roughly. */
const DATA_URL_BYTES = 7_000_000;

const DELIVERIES = { signed_url: "signed URL", data_url: "data URL" };
type Delivery = keyof typeof DELIVERIES;

/** How many finalizes are averaged, after how many that do not count; how many fresh processes are started. */
const FULL = { warmUps: 4, finalizes: 12, replays: 30, processes: 3 };
const ONCE = { warmUps: 0, finalizes: 2, replays: 30, processes: 1 };

type Case = {
  stack: BenchStack;
  user: BenchUser;
  counts: typeof FULL;
  delivery: Delivery;
  clip: BenchClip;
};

const startFor = (stack: BenchStack, delivery: Delivery) =>
  stack.startFunction({ QWEN_REFERENCE_DELIVERY: delivery });

/** The average CPU time of several pieces of work, in milliseconds. */
async function cpuOfEach({ pid }: ListeningProcess, works: (() => Promise<unknown>)[]): Promise<number> {
  const before = await cpuTimeOf(pid);
  for (const work of works) await work();
  return (await cpuTimeOf(pid) - before) / works.length;
}

async function bytesRead(stack: BenchStack, user: BenchUser, delivery: Delivery): Promise<Row[]> {
  const served = await startFor(stack, delivery);
  const rows: Row[] = [];
  for (const clip of clipsOfEachFormat()) {
    if (delivery === "data_url" && clip.bytes.length > DATA_URL_BYTES) continue;
    const [voiceId = ""] = await user.put(clip, 1);
    const reads = await stack.storage.during(() => user.finalize(served, voiceId));
    rows.push(compared(
      {
        what: `${clip.what}, ${DELIVERIES[delivery]}: read from Storage`,
        unit: "bytes",
        against: "the file",
        limit: delivery === "signed_url" ? clip.readLimit : undefined,
      },
      reads.bytes,
      clip.bytes.length,
    ));
  }
  await served.stop();
  return rows;
}

async function warmCpu({ stack, user, counts, delivery, clip }: Case): Promise<Row> {
  const served = await startFor(stack, delivery);
  const { warmUps, finalizes, replays } = counts;
  const voiceIds = await user.put(clip, warmUps + finalizes + 1);
  const works = voiceIds.map((voiceId) => () => user.finalize(served, voiceId));
  for (const work of works.splice(0, warmUps)) await work();
  const value = await cpuOfEach(served, works.splice(0, finalizes));
  const [last = () => Promise.resolve("")] = works;
  await last();
  const baseline = await cpuOfEach(served, Array.from({ length: replays }, () => last));
  await served.stop();
  await user.remove(voiceIds);
  const what = `${clip.what}, ${DELIVERIES[delivery]}: CPU, warm`;
  const against = "the same again, which only claims";
  return compared({ what, unit: "ms", against, limit: CPU_LIMIT_MS }, value, baseline);
}

/** CPU of fresh processes from their start to the first answer. */
async function coldCpu({ stack, user, counts, delivery, clip }: Case): Promise<Row[]> {
  const firstCpu = async (ask: (served: ListeningProcess) => Promise<unknown>) => {
    const served = await startFor(stack, delivery);
    await ask(served);
    const cpuMs = await cpuTimeOf(served.pid);
    await served.stop();
    return { cpuMs };
  };
  const contest = {
    of: `${clip.what}, ${DELIVERIES[delivery]}: CPU, process start to first answer`,
    value: async () => {
      const [voiceId = ""] = await user.put(clip, 1);
      return await firstCpu((served) => user.finalize(served, voiceId));
    },
    baseline: () => firstCpu(user.askForUpload),
  };
  const against = "as far as the first upload-url";
  return (await inTurns([contest], { turns: counts.processes, warmUps: 0 })).map(({ of: what, medians }) =>
    compared({ what, unit: "ms", against, limit: CPU_LIMIT_MS }, ...medians("cpuMs"))
  );
}

/**
 * What one finalize reads and computes. The CPU is that of the function's whole process, threads of Deno and V8 included, and
 * so no less than what the platform counts.
 */
export const finalizeCost: Bench = {
  name: "finalize",
  async run({ quick }, stack) {
    const counts = quick ? ONCE : FULL;
    const user = await createBenchUser(stack);
    const rows: Row[] = [];
    const deliveries = ["signed_url", "data_url"] as const;
    for (const delivery of deliveries) rows.push(...await bytesRead(stack, user, delivery));

    const caseOf = (delivery: Delivery, clip: BenchClip) => ({ stack, user, counts, delivery, clip });
    const cases = deliveries.flatMap((delivery) => [1, 7].map((size) => caseOf(delivery, wavOfSize(size))));
    for (const one of [...cases, caseOf("signed_url", minuteOfMp3())]) rows.push(await warmCpu(one));
    for (const one of cases) rows.push(...await coldCpu(one));
    return rows;
  },
};
