import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, checkNamed } from "./check_result.ts";
import { type Expected, qualified } from "./expected_database.ts";
import type { Remedies } from "./remedies.ts";

/** `statements` fix the fault. */
export type PossibleFault = [isThere: boolean, detail: string, statements: string];

export type Comparison = ReturnType<typeof compare>;

/** Compares a database with what the migrations of this checkout make. */
export function compare(facts: DatabaseFacts, expected: Expected, remedies: Remedies) {
  const missing = missingFiles(facts, expected);
  const versions = new Map(expected.files.map(({ file, version }) => [file, version]));
  const known = new Set(versions.values());
  const newest = (facts.migrations ?? []).filter((version) => !known.has(version)).sort().at(-1) ?? "";

  /** A recorded migration that is later than `file` and unknown here may have changed what `file` made. */
  const remedyFor = (file: string, remedy: string) =>
    newest > (versions.get(file) ?? "")
      ? `The database may be newer than this checkout, which has no file of migration ${newest}: update it first.`
      : remedy;

  const faults = (name: string, file: string, possible: PossibleFault[]): Check[] =>
    possible.filter(([isThere]) => isThere).map(([, detail, statements]) =>
      checkNamed(name).failed(detail, remedyFor(file, remedies.sql(statements)))
    );

  return {
    facts,
    expected,
    remedies,
    remedyFor,
    faults,
    /** The files that are not applied, with the evidence. */
    missing,
  };
}

function missingFiles(facts: DatabaseFacts, expected: Expected): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  const add = (file: string, sign: string) => missing.set(file, [...missing.get(file) ?? [], sign]);
  const functions = Map.groupBy(facts.functions, qualified);
  for (const [name, { file, bodyMd5 }] of expected.functions) {
    const found = functions.get(name);
    if (!found) add(file, `there is no function ${name}`);
    else if (!found.some(({ body_md5 }) => body_md5 === bodyMd5)) {
      add(file, `the function ${name} is not as this file makes it`);
    }
  }
  const tables = new Set(facts.tables.map(qualified));
  for (const [name, { file }] of expected.tables) {
    if (!tables.has(name)) add(file, `there is no table ${name}`);
  }
  for (const { file, version } of expected.files) {
    if (facts.migrations?.includes(version) === false && !missing.has(file)) add(file, "it is not recorded");
  }
  return missing;
}
