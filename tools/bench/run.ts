import { type Log, logToStdout } from "../stack/terminal.ts";
import type { Bench, Row, RunOptions } from "./bench.ts";
import { startBenchStack } from "./bench_stack.ts";
import { renderTable } from "./table.ts";

/** What one bench took and found. */
export type Measured = { name: string; seconds: number; rows: Row[] };

/**
 * Runs benches one after another on a stack of their own, and prints a table each. None of the processes that were started
 * is left when it settles.
 * @param options.asked resolves, with a word for the reason, when it is to stop
 * @param options.stackLog takes what the stack writes
 * @throws {Error} with the reason when it was asked to stop
 */
export async function runBenches(
  benches: readonly Bench[],
  { quick, deno, asked, stackLog }: Pick<RunOptions, "quick" | "deno"> & {
    asked: Promise<string>;
    stackLog: Log;
  },
): Promise<Measured[]> {
  const ending = new AbortController();
  const stopped = asked.then((reason) => {
    const error = new Error(`Stopped: ${reason}.`);
    ending.abort(error);
    throw error;
  });
  // It may be long until somebody listens.
  stopped.catch(() => {});
  const stack = await startBenchStack(stackLog, deno);
  const measured: Measured[] = [];
  let running: Promise<unknown> = Promise.resolve();
  try {
    for (const { name, run } of benches) {
      ending.signal.throwIfAborted();
      const started = performance.now();
      const figures = run(stack, { quick, deno, ending: ending.signal });
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
