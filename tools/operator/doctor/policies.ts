import type { DatabaseFacts } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, failed, ok } from "./check.ts";
import { type Expected, type ExpectedPolicy, policyKey } from "./expected.ts";
import type { Mend } from "./mend.ts";

type PolicyFact = DatabaseFacts["policies"][number];

/** A policy too many opens what the others close; one too few of the restrictive ones, or a wider one, does as well. */
export function policyChecks(
  facts: DatabaseFacts,
  expected: Expected,
  isThere: (made: { file: string }) => boolean,
  mend: Mend,
): Check[] {
  const there = new Map(
    facts.policies.map((policy) => [policyKey(`${policy.schema}.${policy.table}`, policy.name), policy]),
  );
  const wrong: Check[] = [];
  let looked = 0;
  for (const [key, policy] of expected.policies) {
    const found = there.get(key);
    if (!found && !isThere(policy)) continue;
    looked++;
    const differs = found ? differences(found, policy, expected.catalog.policies[key]) : [];
    if (found && differs.length === 0) continue;
    const how = found ? `not as its migration makes it (${differs.join(", ")})` : "missing";
    const [table = "", name = ""] = key.split(": ");
    const drop = found ? `drop policy "${name}" on ${table}; ` : "";
    wrong.push(
      failed("policies", `The policy ${key} is ${how}.`, mend.sql(policy.file, drop + policy.statement)),
    );
  }
  for (const { schema, table, name, restrictive } of facts.policies) {
    const relation = `${schema}.${table}`;
    const made = expected.tables.get(relation);
    if (restrictive || !made || expected.policies.has(policyKey(relation, name))) continue;
    wrong.push(
      failed(
        "policies",
        `The policy ${policyKey(relation, name)} is of no migration, and opens the table.`,
        mend.sql(made.file, `drop policy "${name}" on ${relation}`),
      ),
    );
  }
  return wrong.length > 0 ? wrong : [
    ok(
      "policies",
      `${looked} are as the migrations make them, and none beside them opens a table.`,
    ),
  ];
}

function differences(
  found: PolicyFact,
  { command, restrictive }: ExpectedPolicy,
  wanted: Expected["catalog"]["policies"][string] | undefined,
): string[] {
  const roles = [...found.roles].sort().join(", ");
  return [
    ...(found.command === command ? [] : [`it is for ${found.command}`]),
    ...(found.restrictive === restrictive ? [] : [`it is ${found.restrictive ? "" : "not "}restrictive`]),
    ...(roles === wanted?.roles.join(", ") ? [] : [`it is to ${roles}`]),
    ...(found.using_md5 === wanted?.using_md5 ? [] : ["its USING is another"]),
    ...(found.check_md5 === wanted?.check_md5 ? [] : ["its WITH CHECK is another"]),
  ];
}
