import type { Reconciled } from "./batches.ts";
import type { ReconcileRequest } from "./options.ts";

const count = (number: number, one: string, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** So many of a kind are named; --json has them all. */
const MOST_NAMED = 20;

function listed(title: string, items: string[]): string[] {
  if (items.length === 0) return [];
  const rest = items.length - MOST_NAMED;
  return [
    "",
    `${title}:`,
    ...items.slice(0, MOST_NAMED).map((item) => `  ${item}`),
    ...(rest > 0 ? [`  and ${rest} more, which --json names`] : []),
  ];
}

/** How far a run is. */
export function soFarInShort(soFar: Reconciled): string {
  return `${soFar.batches} batches: ${soFar.completed} completed, ${soFar.released} released, ` +
    `${soFar.purged.length} purged, ${soFar.uploads_swept} uploads`;
}

/** What came of it, for a person: counts first, then what they are. */
export function summarize(report: Reconciled, request: ReconcileRequest): string {
  const { orphans, foreign, gone, unresolved, purged, purge_failed: failed } = report;
  const [completed, released, uploads, details, objects] = [
    count(report.completed, "enrollment"),
    count(report.released, "claim"),
    count(report.uploads_swept, "upload"),
    count(report.details_erased, "enrollment"),
    count(report.objects_erased, "object"),
  ];
  return [
    report.region === "none"
      ? "No provider is asked in modal mode."
      : `${
        count(report.provider_voices, "provider voice")
      } in region ${report.region}: ${report.ours} ours, ` +
        `${count(orphans.length, "orphan")}, ${foreign.length} foreign.`,
    `${count(gone.length, "row")} whose provider voice is gone, ` +
    `${count(unresolved.length, "enrollment")} unresolved.`,
    request.repair
      ? `Completed ${completed}, released ${released}, removed ${uploads}.`
      : `Nothing was changed. --repair would release ${released} and remove ${uploads}.`,
    ...(report.details_erased + report.objects_erased === 0 ? [] : [
      `Of users who are gone, and of texts that are: ${
        request.repair ? "erased" : "--repair would erase"
      } ${objects} and the details of ${details}.`,
    ]),
    ...(request.purge_older_than_days === undefined
      ? []
      : [`Purged ${count(purged.length, "orphan")}, failed for ${failed.length}.`]),
    ...listed(
      "Orphans (made for a voice of ours, in no row; --purge deletes them)",
      orphans.map((orphan) => `${orphan.provider_voice_id}  ${orphan.voice_id ?? ""}`.trimEnd()),
    ),
    ...listed("Foreign (unknown here, never touched)", foreign),
    ...listed(
      "Gone (rows whose voice can no longer speak)",
      gone.map((row) => `${row.voice_id}  ${row.provider_voice_id}`),
    ),
    ...listed(
      "Unresolved (the next finalize settles it)",
      unresolved.map((one) =>
        `${one.voice_id}  ${
          !one.found
            ? "its voice is not at the provider"
            : request.repair
            ? "its voice is known and could not be saved"
            : "its voice is known: --repair completes it"
        }`
      ),
    ),
    ...listed("Purged", purged),
    ...listed("Not purged, see the function's log", failed),
  ].join("\n");
}

/** 0: nothing needs a person. 1: a purge is not finished. 2: a row's voice is gone, or a known one could not be saved. */
export function exitCode(report: Reconciled, request: ReconcileRequest): number {
  if (report.purge_failed.length > 0) return 1;
  const stuck = request.repair && report.unresolved.some(({ found }) => found);
  return report.gone.length > 0 || stuck ? 2 : 0;
}
