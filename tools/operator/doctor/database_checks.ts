import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { bucketChecks, functionChecks, policyChecks, tableChecks } from "./access_checks.ts";
import { type Check, checkNamed } from "./check_result.ts";
import { compare, type Comparison } from "./comparison.ts";
import type { Expected } from "./expected_database.ts";
import type { Remedies } from "./remedies.ts";

export const WITHOUT_TOKEN =
  "A lost voice cannot be found by its name there, so a create whose outcome is unknown stays open until npm run reconcile " +
  "-- --repair has compared lists, or until you decide it with --resolve.";

const migrations = checkNamed("migrations");

/** Whether the database is what the migrations make, and all voice ids carried the token. */
export function databaseChecks(
  { database: { facts, failure } }: CheckReport,
  expected: Expected,
  remedies: Remedies,
): Check[] {
  if (facts === null) return [withoutFacts(failure, expected, remedies)];
  const compared = compare(facts, expected, remedies);
  return [
    ...migrationChecks(compared),
    ...functionChecks(compared),
    ...tableChecks(compared),
    ...policyChecks(compared),
    ...bucketChecks(compared),
    ...voiceIdChecks(compared),
  ];
}

function withoutFacts(
  failure: CheckReport["database"]["failure"],
  expected: Expected,
  { migrate, deploy, logs }: Remedies,
): Check {
  if (failure === "not_migrated") {
    const file = expected.functions.get("public.deployment_facts")?.file;
    return migrations.failed(
      `${file} is not applied, and others may not be either: the database cannot be checked without it.`,
      `${migrate} If nothing is left to apply, the function is of another version: ${deploy}`,
    );
  }
  const { failed } = checkNamed("database");
  return failure === "unavailable"
    ? failed("It did not answer the function.", "See the project's status, and run this again.")
    : failed("It refused the function's request.", logs);
}

function migrationChecks({ facts, expected: { files }, missing, remedyFor, remedies }: Comparison): Check[] {
  if (missing.size === 0) {
    return [migrations.ok(
      facts.migrations === null
        ? `The tables, and the functions by their text, of all ${files.length} are there; the project keeps no record of them.`
        : `The record has all ${files.length}; their tables, and their functions by their text, are there.`,
    )];
  }
  return files.flatMap(({ file, version }) => {
    const signs = missing.get(file)?.join(", ");
    if (signs === undefined) return [];
    if (!facts.migrations?.includes(version)) {
      return migrations.failed(`${file} is not applied: ${signs}.`, remedyFor(file, remedies.migrate));
    }
    return migrations.failed(
      `${file} is recorded as applied, and the database differs from it: ${signs}.`,
      remedyFor(
        file,
        `Run its statements for that once more, from supabase/migrations/${file}, with "create or replace function" ` +
          'for each "create function". What was changed by hand is lost.',
      ),
    );
  });
}

function voiceIdChecks({ facts, remedies }: Comparison): Check[] {
  const { ok, failed } = checkNamed("voice ids");
  const { ids_without_token: seen } = facts;
  if (seen.length === 0) return [ok("No voice has got an id without our token.")];
  return seen.map(({ region, provider_voice_id: id, seen_at: at, unresolved }) => {
    const open = unresolved === 0 ? "None is" : unresolved === 1 ? "1 is" : `${unresolved} are`;
    return failed(
      `Region ${region} gave a voice the id ${id}, which does not carry our token (${at}). ${WITHOUT_TOKEN} ${open} open.`,
      'See "Voice ids without the token" in docs/operations.md. Once they carry it again: ' +
        remedies.sql(
          `delete from private.ids_without_token where region = '${region.replaceAll("'", "''")}'`,
        ),
    );
  });
}
