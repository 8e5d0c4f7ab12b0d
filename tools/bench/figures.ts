import { alignColumns } from "../stack/table.ts";
import type { CpuClock } from "./process_usage.ts";

/** Milliseconds, bytes, megabytes of 1,000,000 bytes, requests, or requests in a second. */
type Unit = "ms" | "bytes" | "MB" | "requests" | "requests/s";

/** What a figure is of. */
export type Figure = {
  what: string;
  unit: Unit;
  /** What the baseline is of: something simpler in the same run, under the same noise. */
  against: string;
  /** The most that the value may be, where that is promised or the platform's limit. */
  limit?: number;
  /** The most that the ratio may be, where the target is one. */
  ratioLimit?: number;
};

/** A figure beside its baseline; `ratio` is how many times the baseline the value is. */
export type Row = Figure & { value: number; baseline: number; ratio: number };

/**
 * Puts a figure beside its baseline.
 * @throws {RangeError} when the baseline is not more than 0, which no ratio can be of
 */
export function compared({ what, unit, against, ...limits }: Figure, value: number, baseline: number): Row {
  if (!(baseline > 0)) throw new RangeError(`The baseline of "${what}" is ${baseline}.`);
  return { what, value, unit, baseline, against, ...limits, ratio: value / baseline };
}

/** This many steps of a clock measure a time to a fifth. */
const FEWEST_STEPS = 5;

/**
 * Puts CPU times beside their baseline, or gives no row where the clock is too coarse for the baseline, the shorter of the
 * two.
 * @param parts by how many the clock's times were divided
 */
export function comparedCpu(
  { stepMs }: CpuClock,
  figure: Omit<Figure, "unit">,
  value: number,
  baseline: number,
  parts = 1,
): Row[] {
  if (baseline * parts < FEWEST_STEPS * stepMs) return [];
  return [compared({ ...figure, unit: "ms" }, value, baseline)];
}

/** Whether a figure or its ratio is over its limit. */
export function isOver({ value, limit = Infinity, ratio, ratioLimit = Infinity }: Row): boolean {
  return value > limit || ratio > ratioLimit;
}

const grouped = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** Three digits, or more where a whole number has more. */
const rounded = (value: number) =>
  Math.abs(value) >= 1_000 ? grouped.format(value) : String(Number(value.toPrecision(3)));

function withUnit(value: number, unit: Unit): string {
  if (unit === "requests") return value === 1 ? "1 request" : `${rounded(value)} requests`;
  return `${unit === "bytes" ? grouped.format(value) : rounded(value)} ${unit}`;
}

function limitsOf(row: Row): string {
  const limits = [
    ...(row.limit === undefined ? [] : [withUnit(row.limit, row.unit)]),
    ...(row.ratioLimit === undefined ? [] : [`${rounded(row.ratioLimit)} ×`]),
  ].join(", ");
  return isOver(row) ? `${limits}  OVER` : limits;
}

/** The figures of one bench for a person, one per line; those over a limit are marked. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.what,
    withUnit(row.value, row.unit),
    `${withUnit(row.baseline, row.unit)}  ${row.against}`,
    `${rounded(row.ratio)} ×`,
    limitsOf(row),
  ]);
  return alignColumns([["", "value", "baseline", "ratio", "limit"], ...lines], [1, 3]).join("\n");
}
