import type {
  CheckReport,
  DatabaseFacts,
} from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, failed, ok } from "./check.ts";
import type { Remedies } from "./remedies.ts";

type Seen = DatabaseFacts["ids_without_token"][number];

/** What follows where the ids of voices do not carry our token. */
export const WITHOUT_TOKEN =
  "A lost voice cannot be found by its name there, so a create whose outcome is unknown stays open until npm run reconcile " +
  "-- --repair has compared lists, or until you decide it with --resolve.";

/** Whether the provider's ids have carried our token so far; nothing where the database could not be asked. */
export function voiceIdChecks({ database }: CheckReport, remedies: Remedies): Check[] {
  if (database.facts === null) return [];
  const { ids_without_token: seen } = database.facts;
  return seen.length === 0
    ? [ok("voice ids", "No voice has got an id without our token.")]
    : seen.map((one) => checkOf(one, remedies));
}

function checkOf(
  { region, provider_voice_id: id, seen_at: at, unresolved }: Seen,
  remedies: Remedies,
): Check {
  const open = unresolved === 0 ? "None is open." : `${unresolved} ${unresolved === 1 ? "is" : "are"} open.`;
  return failed(
    "voice ids",
    `Region ${region} gave a voice the id ${id}, which does not carry our token (${at}). ${WITHOUT_TOKEN} ${open}`,
    'docs/operations.md tells what to do ("Voice ids without the token"). Once they carry it again: ' +
      remedies.sql(`delete from private.ids_without_token where region = '${region.replaceAll("'", "''")}'`),
  );
}
