import type { Check } from "./check.ts";

/** One line a check. */
export function lineOf({ status, name, detail, fix }: Check): string {
  return `${status.padEnd(8)} ${name}: ${detail}${fix === null ? "" : ` -> ${fix}`}`;
}

/** How many of each, in a line. */
export function countsOf(checks: readonly Check[]): string {
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  const warnings = count("warning");
  return `${count("ok")} ok, ${warnings} ${warnings === 1 ? "warning" : "warnings"}, ${
    count("failed")
  } failed.`;
}

/** Whether nothing failed. */
export const isSound = (checks: readonly Check[]) => checks.every(({ status }) => status !== "failed");
