import { parseArgs } from "node:util";
import type { ReconcileRequest } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import {
  type OperatorOptions,
  operatorOptions,
  operatorUsage,
  readOperatorOptions,
} from "../operator_options.ts";

/** What the operator found out about a create: which provider voice it made, null for none. */
type Decision = NonNullable<ReconcileRequest["resolve"]>[number];

export type ReconcileOptions = OperatorOptions & { request: ReconcileRequest };

/** What `--help` prints. */
export const usage = `Compares the provider's voices with the rows and the ledger.

  npm run reconcile                           reports, and changes nothing
  npm run reconcile -- --repair               completes and releases what was left behind, records orphans
  npm run reconcile -- --purge                repairs, and deletes orphans at the provider

  npm run reconcile -- --resolve VOICE_ID=PROVIDER_VOICE_ID
                                              repairs, and completes an unresolved enrollment with that voice
  npm run reconcile -- --resolve VOICE_ID=none
                                              repairs, and ends one whose create made no voice

  --older-than AGE   with --purge: only orphans of that age, such as 7d (the default), 12h or 30m
  --resolve          may be given again for each enrollment; where voice ids do not carry the token, and you have
                     looked at the provider's console. A wrong "none" makes a second voice, paid for
${operatorUsage("reconcile")}

Exit code: 0 nothing needs a person; 1 it failed, or did not get to the end; 2 something needs a person: a row whose
provider voice is gone, a voice that is known and could not be saved, an unresolved enrollment that you have to decide, or
a decision that could not be carried out. docs/operations.md says what to do.`;

const DAYS = new Map([["d", 1], ["h", 1 / 24], ["m", 1 / 1440]]);
const MOST_DAYS = 3650;

/** Days of an age such as `7d`, `12h` or `30m`. */
function parseAge(text: string): number {
  const [, digits, unit = ""] = /^(\d{1,7})([dhm])$/.exec(text) ?? [];
  const days = Number(digits) * (DAYS.get(unit) ?? NaN);
  if (!(days <= MOST_DAYS)) throw new Error("--older-than must be an age such as 7d, 12h or 30m.");
  return days;
}

const DECISION = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})=(\S+)$/i;
const MOST_DECISIONS = 100;

/** Decisions of texts such as `VOICE_ID=PROVIDER_VOICE_ID` and `VOICE_ID=none`. */
function parseDecisions(texts: string[]): Decision[] {
  const decisions = texts.map((text): Decision => {
    const [, voiceId, decided] = DECISION.exec(text) ?? [];
    if (voiceId === undefined || decided === undefined) {
      throw new Error(
        "--resolve must be VOICE_ID=PROVIDER_VOICE_ID or VOICE_ID=none, VOICE_ID being the id of ours.",
      );
    }
    return { voice_id: voiceId.toLowerCase(), provider_voice_id: decided === "none" ? null : decided };
  });
  for (const field of ["voice_id", "provider_voice_id"] as const) {
    const said = decisions.map((decision) => decision[field]).filter((id) => id !== null);
    const twice = said.find((id, index) => said.indexOf(id) !== index);
    if (twice !== undefined) throw new Error(`--resolve names ${twice} twice.`);
  }
  if (decisions.length > MOST_DECISIONS) {
    throw new Error(`--resolve can be given ${MOST_DECISIONS} times at most.`);
  }
  return decisions;
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
      resolve: { type: "string", multiple: true, default: [] },
    },
  });
  const { repair, purge, "older-than": age } = values;
  if (age !== undefined && !purge) throw new Error("--older-than needs --purge.");
  const resolve = parseDecisions(values.resolve);
  return {
    ...readOperatorOptions(values),
    request: {
      repair: repair || purge || resolve.length > 0,
      ...(purge ? { purge_older_than_days: parseAge(age ?? "7d") } : {}),
      ...(resolve.length > 0 ? { resolve } : {}),
    },
  };
}
