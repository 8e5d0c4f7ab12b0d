import type { ReconcileRequest } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import type { TargetOptions } from "../target.ts";
import type { Reconciled } from "./reconcile_batches.ts";

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

/** As a shell takes it: quoted where it holds anything but what ids are made of. */
const quoted = (text: string) => /^[\w.=:\/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that runs on the same target again, to which options are added. */
export function commandFor({ api, dataDir }: TargetOptions): string {
  const target = api !== undefined
    ? ` --api ${quoted(api)}`
    : dataDir !== undefined
    ? ` --data ${quoted(dataDir)}`
    : "";
  return `npm run reconcile --${target}`;
}

type Unresolved = Reconciled["unresolved"][number];

/** Whether only a person can tell what became of it: no look-up finds its voice. */
const isUndecided = (one: Unresolved) => !one.found && one.candidates !== undefined;

/** What is known of an unresolved enrollment, and for one that a person must decide, by which command. */
function standing(one: Unresolved, repair: boolean, command: string): string[] {
  const { voice_id: voiceId, found, candidates } = one;
  if (found) {
    return [
      `${voiceId}  its voice is known${repair ? " and could not be saved" : ": --repair completes it"}`,
    ];
  }
  if (candidates === undefined) return [`${voiceId}  its voice is not at the provider`];
  const decide = (decided: string) => `  ${command} --resolve ${quoted(`${voiceId}=${decided}`)}`;
  if (candidates === null) {
    return [
      `${voiceId}  no list of before its create is kept; look at the provider's console`,
      decide("PROVIDER_VOICE_ID"),
      decide("none"),
    ];
  }
  return candidates.length === 0
    ? [`${voiceId}  no new voice is listed: a repair ten minutes later ends it, or you`, decide("none")]
    : [
      `${voiceId}  ${count(candidates.length, "new voice")} may be its, or none`,
      ...candidates.slice(0, MOST_NAMED).map(decide),
      ...(candidates.length > MOST_NAMED
        ? [`  and ${candidates.length - MOST_NAMED} more, which --json names`]
        : []),
      decide("none"),
    ];
}

/** How far a run is. */
export function inShort(soFar: Reconciled): string {
  return `${soFar.batches} batches: ${soFar.completed} completed, ${soFar.released} released, ` +
    `${soFar.purged.length} purged, ${soFar.uploads_swept} uploads`;
}

/**
 * What came of it, for a person: counts first, then what they are.
 * @param command what decides an enrollment, once its options are added
 */
export function summarize(report: Reconciled, request: ReconcileRequest, command = commandFor({})): string {
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
      unresolved.filter((one) => !isUndecided(one)).map((one) =>
        standing(one, request.repair, command).join("\n  ")
      ),
    ),
    ...listed(
      "Undecided (voice ids do not carry the token: no second voice is made until it is known)",
      unresolved.filter(isUndecided).map((one) => standing(one, request.repair, command).join("\n  ")),
    ),
    ...listed(
      "Not resolved (nothing to decide, or the provider voice is not listed or known here)",
      report.resolve_failed,
    ),
    ...listed("Purged", purged),
    ...listed("Not purged, see the function's log", failed),
  ].join("\n");
}

/**
 * 0: nothing needs a person. 1: a purge is not finished. 2: a row's voice is gone, a known one could not be saved, one must
 * be decided, or a decision could not be carried out.
 */
export function exitCode(report: Reconciled, request: ReconcileRequest): number {
  if (report.purge_failed.length > 0) return 1;
  const stuck = request.repair && report.unresolved.some(({ found }) => found);
  const needsPerson = report.gone.length > 0 || stuck || report.unresolved.some(isUndecided) ||
    report.resolve_failed.length > 0;
  return needsPerson ? 2 : 0;
}
