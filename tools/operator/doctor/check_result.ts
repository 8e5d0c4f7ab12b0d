import { z } from "zod";

/** The result of a check, as `--json` prints it. */
export const checkSchema = z.strictObject({
  name: z.string(),
  status: z.enum(["ok", "warning", "failed"]),
  /** A sentence without keys, tokens and signed URLs. */
  detail: z.string(),
  /** What to do; null when it is ok. */
  fix: z.string().nullable(),
});
export type Check = z.output<typeof checkSchema>;

export const checkNamed = (name: string) => ({
  ok: (detail: string): Check => ({ name, status: "ok", detail, fix: null }),
  warning: (detail: string, fix: string): Check => ({ name, status: "warning", detail, fix }),
  failed: (detail: string, fix: string): Check => ({ name, status: "failed", detail, fix }),
});

export const faultsOr = (faults: Check[], none: Check): Check[] => faults.length > 0 ? faults : [none];

export const lineOf = ({ status, name, detail, fix }: Check): string =>
  `${status.padEnd(8)} ${name}: ${detail}${fix === null ? "" : ` -> ${fix}`}`;

export function countsOf(checks: readonly Check[]): string {
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  const warnings = count("warning");
  return `${count("ok")} ok, ${warnings} warning${warnings === 1 ? "" : "s"}, ${count("failed")} failed.`;
}

export const isSound = (checks: readonly Check[]) => checks.every(({ status }) => status !== "failed");
