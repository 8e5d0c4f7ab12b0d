import type {
  CheckReport,
  DatabaseFacts,
} from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { bucketChecks } from "./buckets.ts";
import { type Check, failed, ok } from "./check.ts";
import type { Expected } from "./expected.ts";
import { createMend, type Mend } from "./mend.ts";
import { policyChecks } from "./policies.ts";
import type { Remedies } from "./remedies.ts";
import { functionsCheck, tablesCheck } from "./rights.ts";

/** Whether the database is what the migrations of this checkout make. */
export function databaseChecks(
  { database }: CheckReport,
  expected: Expected,
  remedies: Remedies,
): Check[] {
  const { facts } = database;
  if (facts === null) return [withoutFacts(database.failure, expected, remedies)];
  const mend = createMend(facts, expected, remedies);
  const missing = missingFiles(facts, expected);
  const isThere = ({ file }: { file: string }) => !missing.has(file);
  return [
    ...migrationChecks(missing, facts, expected, mend),
    ...functionsCheck(facts, expected, mend),
    ...tablesCheck(facts, expected, mend),
    ...policyChecks(facts, expected, isThere, mend),
    ...bucketChecks(facts, expected, isThere, mend),
  ];
}

function withoutFacts(
  failure: CheckReport["database"]["failure"],
  expected: Expected,
  remedies: Remedies,
): Check {
  if (failure === "not_migrated") {
    const file = expected.functions.get("public.deployment_facts")?.file;
    const detail =
      `${file} is not applied, and others may not be either: the database cannot be looked at without it.`;
    const fix =
      `${remedies.migrate} If nothing is left to apply, the function is of another version: ${remedies.deploy}`;
    return failed("migrations", detail, fix);
  }
  return failure === "unavailable"
    ? failed("database", "It did not answer the function.", "See the project's status, and run this again.")
    : failed("database", "It refused the function's question.", remedies.logs);
}

/** The files that are not applied, with what tells so. */
function missingFiles(facts: DatabaseFacts, expected: Expected): Map<string, string[]> {
  const missing = new Map<string, string[]>();
  const add = (file: string, what: string) => missing.set(file, [...missing.get(file) ?? [], what]);
  const there = new Map<string, string[]>();
  for (const { schema, name, body_md5 } of facts.functions) {
    const key = `${schema}.${name}`;
    there.set(key, [...there.get(key) ?? [], body_md5]);
  }
  for (const [name, { file, bodyMd5 }] of expected.functions) {
    const bodies = there.get(name);
    if (!bodies) add(file, `there is no function ${name}`);
    else if (!bodies.includes(bodyMd5)) add(file, `the function ${name} is not as this file makes it`);
  }
  const tables = new Set(facts.tables.map(({ schema, name }) => `${schema}.${name}`));
  for (const [name, { file }] of expected.tables) {
    if (!tables.has(name)) add(file, `there is no table ${name}`);
  }
  for (const { file, version } of expected.files) {
    if (facts.migrations?.includes(version) === false && !missing.has(file)) add(file, "it is not recorded");
  }
  return missing;
}

function migrationChecks(
  missing: Map<string, string[]>,
  facts: DatabaseFacts,
  expected: Expected,
  mend: Mend,
): Check[] {
  if (missing.size === 0) {
    const all = `of all ${expected.files.length}`;
    return [
      ok(
        "migrations",
        facts.migrations === null
          ? `The tables, and the functions by their text, ${all} are there; the project keeps no record of them.`
          : `The record has all ${expected.files.length}; their tables, and their functions by their text, are there.`,
      ),
    ];
  }
  return expected.files.flatMap(({ file, version }) => {
    const signs = missing.get(file);
    if (signs === undefined) return [];
    return [
      facts.migrations?.includes(version)
        ? failed(
          "migrations",
          `${file} is recorded as applied, and the database differs from it: ${signs.join(", ")}.`,
          mend.by(
            file,
            `Run its statements for that once more, from supabase/migrations/${file}, with "create or replace function" ` +
              'for each "create function". What was changed by hand is lost.',
          ),
        )
        : failed("migrations", `${file} is not applied: ${signs.join(", ")}.`, mend.migrate(file)),
    ];
  });
}
