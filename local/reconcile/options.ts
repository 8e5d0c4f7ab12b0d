import { parseArgs } from "node:util";
import {
  type OperatorOptions,
  operatorOptions,
  operatorUsage,
  readOperatorOptions,
} from "../operator/options.ts";

/** The body of `POST /internal/reconcile`. */
export type ReconcileRequest = { repair: boolean; purge_older_than_days?: number };

/** What `npm run reconcile` is asked to do. */
export type ReconcileOptions = OperatorOptions & { request: ReconcileRequest };

/** What `--help` prints. */
export const usage = `Compares the provider's voices with the rows and the ledger.

  npm run reconcile                           reports, and changes nothing
  npm run reconcile -- --repair               completes and releases what was left behind, records orphans
  npm run reconcile -- --purge                repairs, and deletes orphans at the provider

  --older-than AGE   with --purge: only orphans of that age, such as 7d (the default), 12h or 30m
${operatorUsage("reconcile")}

Exit code: 0 nothing needs a person; 1 it failed, or did not get to the end; 2 something needs a person: a row whose
provider voice is gone, or a voice that is known and could not be saved. docs/operations.md tells what to do.`;

const DAYS = { d: 1, h: 1 / 24, m: 1 / 1440 } as const;
const MOST_DAYS = 3650;

/** Days of an age such as `7d`, `12h` or `30m`. */
function parseAge(text: string): number {
  const [, digits, unit] = /^(\d{1,7})([dhm])$/.exec(text) ?? [];
  const days = Number(digits) * (unit === "d" || unit === "h" || unit === "m" ? DAYS[unit] : NaN);
  if (!(days <= MOST_DAYS)) throw new Error("--older-than must be an age such as 7d, 12h or 30m.");
  return days;
}

/** Reads the command line. Throws a sentence for an option that is unknown, empty, or lacks another one. */
export function parseOptions(args: string[]): ReconcileOptions {
  const { values } = parseArgs({
    args,
    allowPositionals: false,
    options: {
      ...operatorOptions,
      repair: { type: "boolean", default: false },
      purge: { type: "boolean", default: false },
      "older-than": { type: "string" },
    },
  });
  const { repair, purge, "older-than": age } = values;
  if (age !== undefined && !purge) throw new Error("--older-than needs --purge.");
  return {
    ...readOperatorOptions(values),
    request: {
      repair: repair || purge,
      ...(purge ? { purge_older_than_days: parseAge(age ?? "7d") } : {}),
    },
  };
}
