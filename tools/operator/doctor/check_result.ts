import { z } from "zod";

/** The result of one look at a deployment, as `--json` prints it. */
export const checkSchema = z.strictObject({
  /** What was looked at, in a few words. */
  name: z.string(),
  status: z.enum(["ok", "warning", "failed"]),
  /** A sentence for a person; holds no key, token or signed URL. */
  detail: z.string(),
  /** What to do; null when it is ok. */
  fix: z.string().nullable(),
});
export type Check = z.output<typeof checkSchema>;

/** The results that a look of this name may have. */
export const checkNamed = (name: string) => ({
  /** All is as it should be. */
  ok: (detail: string): Check => ({ name, status: "ok", detail, fix: null }),
  /** It works, and somebody should look at it. */
  warning: (detail: string, fix: string): Check => ({ name, status: "warning", detail, fix }),
  /** Users meet it, or will. */
  failed: (detail: string, fix: string): Check => ({ name, status: "failed", detail, fix }),
});

/** The faults that were found, or that there are none. */
export const faultsOr = (faults: Check[], none: Check): Check[] => faults.length > 0 ? faults : [none];

/** One line for a person. */
export const lineOf = ({ status, name, detail, fix }: Check): string =>
  `${status.padEnd(8)} ${name}: ${detail}${fix === null ? "" : ` -> ${fix}`}`;

/** How many of each, in a line. */
export function countsOf(checks: readonly Check[]): string {
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  const warnings = count("warning");
  return `${count("ok")} ok, ${warnings} warning${warnings === 1 ? "" : "s"}, ${count("failed")} failed.`;
}

/** Whether nothing failed. */
export const isSound = (checks: readonly Check[]) => checks.every(({ status }) => status !== "failed");
