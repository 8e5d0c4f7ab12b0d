import type { BenchStack } from "./bench_stack.ts";
import type { CpuClock } from "./process_usage.ts";

/** What a figure counts: milliseconds, bytes, megabytes of 1,000,000 bytes, how many requests, or how many in a second. */
export type Unit = "ms" | "bytes" | "MB" | "requests" | "requests/s";

/** One figure beside its baseline. */
export type Row = {
  what: string;
  value: number;
  unit: Unit;
  /** What something simpler took in the same run: the machine is noisy, and both share its noise. */
  baseline: number;
  /** What the baseline is of. */
  against: string;
  /** How many times the baseline the value is. */
  ratio: number;
  /** The most that the value may be, where that is promised or the platform's. */
  limit?: number;
  /** The most that the ratio may be, where the target is one. */
  ratioLimit?: number;
};

/** How a bench is run. */
export type RunOptions = {
  /** Once over, to see that it works: the times mean nothing then. */
  quick: boolean;
  /** Ends every process that the bench started, and lets it start no other one. */
  ending: AbortSignal;
  /** The binary of the Deno that the function runs on; the platform's when left out. */
  deno?: string | undefined;
};

/** What is measured together. */
export type Bench = {
  /** What it is asked for by. */
  name: string;
  /** Measures. Rejects when it was ended before it was through. */
  run(stack: BenchStack, options: RunOptions): Promise<Row[]>;
};

/**
 * Puts a figure beside its baseline.
 * @throws {RangeError} when the baseline is nothing, for then no ratio tells anything
 */
export function compared(figure: Omit<Row, "ratio">): Row {
  if (!(figure.baseline > 0)) throw new RangeError(`The baseline of "${figure.what}" is ${figure.baseline}.`);
  return { ...figure, ratio: figure.value / figure.baseline };
}

/** So many steps of a clock tell a time to a fifth. */
const FEWEST_STEPS = 5;

/**
 * Puts CPU times beside their baseline, or leaves the row out where the clock is too coarse for the baseline: that is the
 * shorter one, and a ratio is no better than it.
 * @param figure.parts into how many parts what the clock told is divided
 */
export function comparedCpu(
  { stepMs }: CpuClock,
  { parts = 1, ...figure }: Omit<Row, "ratio" | "unit"> & { parts?: number },
): Row[] {
  if (figure.baseline * parts < FEWEST_STEPS * stepMs) return [];
  return [compared({ ...figure, unit: "ms" })];
}

/** Whether a figure, or its ratio, is more than it may be. */
export function isOver({ value, limit = Infinity, ratio, ratioLimit = Infinity }: Row): boolean {
  return value > limit || ratio > ratioLimit;
}
