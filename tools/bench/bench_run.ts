import { type Log, logToStdout } from "../stack/terminal.ts";
import { type BenchStack, startBenchStack } from "./bench_stack.ts";
import { renderTable, type Row } from "./figures.ts";
import { type CpuClock, findCpuClock } from "./process_usage.ts";

/** How a bench is run. */
export type RunOptions = {
  /** Once over, to see that it works: the times mean nothing. */
  quick: boolean;
  clock: CpuClock;
  /** Ends every process that the bench started, and lets it start no other one. */
  ending: AbortSignal;
  /** The binary of the Deno that the function runs on; the platform's by default. */
  deno?: string | undefined;
};

/** What is measured together, by the name on the command line. `run` rejects when it is ended early. */
export type Bench = { name: string; run(options: RunOptions, stack: BenchStack): Promise<Row[]> };

/** What one bench took and found. */
export type Measured = { name: string; seconds: number; rows: Row[] };

/**
 * Runs benches one after another on their own stack, and prints a table each. When it settles, none of the processes that it
 * started is left.
 * @param options.asked resolves with the reason when it should stop
 * @param options.stackLog takes the lines of the stack
 * @throws {Error} with the reason when it was asked to stop
 */
export async function runBenches(
  benches: readonly Bench[],
  options: Pick<RunOptions, "quick" | "deno"> & { asked: Promise<string>; stackLog: Log },
): Promise<Measured[]> {
  const { quick, deno, asked, stackLog } = options;
  const ending = new AbortController();
  const stopped = asked.then((reason) => {
    const error = new Error(`Stopped: ${reason}.`);
    ending.abort(error);
    throw error;
  });
  // It may reject before anything waits for it.
  stopped.catch(() => {});
  const clock = await findCpuClock();
  const stack = await startBenchStack(stackLog, deno);
  const measured: Measured[] = [];
  let running: Promise<unknown> = Promise.resolve();
  try {
    for (const { name, run } of benches) {
      ending.signal.throwIfAborted();
      const started = performance.now();
      const figures = run({ quick, clock, deno, ending: ending.signal }, stack);
      running = figures;
      const rows = await Promise.race([figures, stopped]);
      const seconds = (performance.now() - started) / 1_000;
      logToStdout(`\n${name}, ${seconds.toFixed(1)} s\n\n${renderTable(rows)}`);
      measured.push({ name, seconds, rows });
    }
    return measured;
  } finally {
    ending.abort();
    await stack.stop();
    // It stops what it started itself; without its stack it fails at the latest.
    await running.catch(() => {});
  }
}
