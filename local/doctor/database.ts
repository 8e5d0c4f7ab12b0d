import type { CheckReport, DatabaseFacts } from "../../supabase/functions/_shared/contract_check.ts";
import { bucketChecks } from "./buckets.ts";
import { type Check, failed, ok } from "./check.ts";
import { type Expected, policyKey } from "./expected.ts";
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
  const missing = missingFiles(facts, expected);
  const isThere = ({ file }: { file: string }) => !missing.has(file);
  return [
    ...migrationChecks(missing, facts, expected, remedies),
    ...functionsCheck(facts, expected, remedies),
    ...tablesCheck(facts, expected, remedies),
    ...policyChecks(facts, expected, isThere, remedies),
    ...bucketChecks(facts, expected, isThere, remedies),
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
    return failed("migrations", detail, remedies.migrate);
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
  remedies: Remedies,
): Check[] {
  if (missing.size === 0) {
    const by = facts.migrations === null ? ", by what they made: the project keeps no record of them" : "";
    return [ok("migrations", `All ${expected.files.length} are applied${by}.`)];
  }
  return expected.files.flatMap(({ file, version }) => {
    const signs = missing.get(file);
    if (signs === undefined) return [];
    return [
      facts.migrations?.includes(version)
        ? failed(
          "migrations",
          `${file} is recorded as applied, and the database differs from it: ${signs.join(", ")}.`,
          `Run its statements for that once more, from supabase/migrations/${file}. What was changed by hand is lost.`,
        )
        : failed("migrations", `${file} is not applied: ${signs.join(", ")}.`, remedies.migrate),
    ];
  });
}

/** A policy too many opens what the others close; one too few of the restrictive ones does as well. */
function policyChecks(
  facts: DatabaseFacts,
  expected: Expected,
  isThere: (made: { file: string }) => boolean,
  remedies: Remedies,
): Check[] {
  const there = new Map(
    facts.policies.map((policy) => [policyKey(`${policy.schema}.${policy.table}`, policy.name), policy]),
  );
  const wrong: Check[] = [];
  for (const [key, policy] of expected.policies) {
    const found = there.get(key);
    if (!isThere(policy) || found?.command === policy.command && found.restrictive === policy.restrictive) {
      continue;
    }
    wrong.push(
      failed(
        "policies",
        `The policy ${key} is ${found ? "not as its migration makes it" : "missing"}.`,
        remedies.sql(`its "create policy" of supabase/migrations/${policy.file}`),
      ),
    );
  }
  for (const { schema, table, name, restrictive } of facts.policies) {
    const relation = `${schema}.${table}`;
    if (restrictive || !expected.tables.has(relation) || expected.policies.has(policyKey(relation, name))) {
      continue;
    }
    wrong.push(
      failed(
        "policies",
        `The policy ${policyKey(relation, name)} is of no migration, and opens the table.`,
        remedies.sql(`drop policy "${name}" on ${relation}`),
      ),
    );
  }
  return wrong.length > 0 ? wrong : [ok("policies", `All ${expected.policies.size} stand, and no others.`)];
}
