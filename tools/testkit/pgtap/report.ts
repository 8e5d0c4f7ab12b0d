import type { Report } from "./test_file.ts";

const inWords = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** One line of a report, and below it every failing test with its diagnostics. */
export function renderReport({ name, tests, ms, problems }: Report): string {
  const mark = problems.length === 0 ? "ok    " : "failed";
  const line = `${mark} ${name.padEnd(44)} ${inWords(tests, "test").padStart(9)} ${
    ms.toFixed(0).padStart(6)
  } ms`;
  return [line, ...problems.map((problem) => problem.replace(/^/gm, "         "))].join("\n");
}

/** The last line: how many tests ran, in which time, and how many files failed. */
export function renderSummary(reports: readonly Report[], ms: number): string {
  const tests = reports.reduce((sum, report) => sum + report.tests, 0);
  const failed = reports.filter(({ problems }) => problems.length > 0).length;
  const took = `${inWords(tests, "test")} in ${(ms / 1_000).toFixed(1)} s`;
  return failed === 0 ? `${took}, all passed.` : `${took}; ${failed} of ${reports.length} reports failed.`;
}
