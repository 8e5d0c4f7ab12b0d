import { isOver, type Row, type Unit } from "./bench.ts";

const DIGITS = 3;
const grouped = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });

/** Three digits, or more where a whole number has more. */
function rounded(value: number): string {
  return Math.abs(value) >= 10 ** DIGITS ? grouped.format(value) : String(Number(value.toPrecision(DIGITS)));
}

function told(value: number, unit: Unit): string {
  if (unit === "requests") return value === 1 ? "1 request" : `${rounded(value)} requests`;
  return `${unit === "bytes" ? grouped.format(value) : rounded(value)} ${unit}`;
}

function limits(row: Row): string {
  const most = [
    row.limit === undefined ? [] : told(row.limit, row.unit),
    row.ratioLimit === undefined ? [] : `${rounded(row.ratioLimit)} ×`,
  ].flat().join(", ");
  return isOver(row) ? `${most}  OVER` : most;
}

const HEADINGS = ["", "value", "baseline", "ratio", "limit"];

/** The figures of one bench for a person, a line each; what is over its limit is marked. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.what,
    told(row.value, row.unit),
    `${told(row.baseline, row.unit)}  ${row.against}`,
    `${rounded(row.ratio)} ×`,
    limits(row),
  ]);
  const table = [HEADINGS, ...lines];
  const widths = HEADINGS.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const isNumber = (column: number) => column === 1 || column === 3;
  return table.map((cells) =>
    cells.map((cell, column) =>
      isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)
    ).join("  ").trimEnd()
  ).join("\n");
}
