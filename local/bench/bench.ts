import type { BenchStack } from "./bench_stack.ts";

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

/** What is measured together. */
export type Bench = {
  /** What it is asked for by. */
  name: string;
  /**
   * Measures.
   * @param options.quick once over, to see that it works: the times mean nothing then
   */
  run(stack: BenchStack, options: { quick: boolean }): Promise<Row[]>;
};

/**
 * Puts a figure beside its baseline.
 * @throws {RangeError} when the baseline is nothing, for then no ratio tells anything
 */
export function compared(figure: Omit<Row, "ratio">): Row {
  if (!(figure.baseline > 0)) throw new RangeError(`The baseline of "${figure.what}" is ${figure.baseline}.`);
  return { ...figure, ratio: figure.value / figure.baseline };
}

/** Whether a figure, or its ratio, is more than it may be. */
export function isOver({ value, limit = Infinity, ratio, ratioLimit = Infinity }: Row): boolean {
  return value > limit || ratio > ratioLimit;
}
