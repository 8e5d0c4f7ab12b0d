import type { ReconcileRequest } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import type { TargetOptions } from "../target.ts";
import type { Reconciled } from "./reconcile_batches.ts";

const count = (number: number, one: string) => `${number} ${number === 1 ? one : `${one}s`}`;

/** So many of a kind are named; --json has them all. */
const MOST_NAMED = 20;

function named(items: string[], indent: string): string[] {
  const rest = items.length - MOST_NAMED;
  const lines = items.slice(0, MOST_NAMED).map((item) => indent + item);
  return rest > 0 ? [...lines, `${indent}and ${rest} more, which --json names`] : lines;
}

const listed = (title: string, items: string[]): string[] =>
  items.length === 0 ? [] : ["", `${title}:`, ...named(items, "  ")];

/** As a shell takes it: quoted where it holds anything but what ids are made of. */
const quoted = (text: string) => /^[\w.=:\/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The command that runs on the same target again, to which options are added. */
export function commandFor({ api, dataDir }: TargetOptions): string {
  const [option, value] = api !== undefined ? ["--api", api] : ["--data", dataDir];
  return `npm run reconcile --${value === undefined ? "" : ` ${option} ${quoted(value)}`}`;
}

type Unresolved = Reconciled["unresolved"][number];

/** Whether a person must decide it: no look-up finds its voice. */
const isUndecided = (one: Unresolved) => !one.found && one.candidates !== undefined;

/** What is known of an unresolved enrollment, and for one that a person must decide, by which command. */
function standing(
  { voice_id: voiceId, found, candidates }: Unresolved,
  repair: boolean,
  command: string,
): string {
  if (found) {
    return `${voiceId}  its voice is known${repair ? " and could not be saved" : ": --repair completes it"}`;
  }
  if (candidates === undefined) return `${voiceId}  its voice is not at the provider`;
  const decide = (decided: string) => `${command} --resolve ${quoted(`${voiceId}=${decided}`)}`;
  const known = candidates === null
    ? "no list of before its create is kept; look at the provider's console"
    : candidates.length === 0
    ? "no new voice is listed: a repair ten minutes later ends it, or you"
    : `${count(candidates.length, "new voice")} may be its, or none`;
  const decisions = named((candidates ?? ["PROVIDER_VOICE_ID"]).map(decide), "    ");
  return [`${voiceId}  ${known}`, ...decisions, `    ${decide("none")}`].join("\n");
}

/** How far a run is. */
export const inShort = (soFar: Reconciled): string =>
  `${soFar.batches} batches: ${soFar.completed} completed, ${soFar.released} released, ` +
  `${soFar.purged.length} purged, ${soFar.uploads_swept} uploads`;

/**
 * What came of it, for a person: counts first, then what they are.
 * @param command what decides an enrollment, once its options are added
 */
export function summarize(report: Reconciled, request: ReconcileRequest, command = commandFor({})): string {
  const { region, orphans, foreign, gone, unresolved, purged, purge_failed: failed } = report;
  const { repair, purge_older_than_days: purge } = request;
  const released = count(report.released, "claim");
  const uploads = count(report.uploads_swept, "upload");
  const objects = count(report.objects_erased, "object");
  const details = count(report.details_erased, "enrollment");
  const standings = (undecided: boolean) =>
    unresolved.filter((one) => isUndecided(one) === undecided).map((one) => standing(one, repair, command));
  return [
    region === "none"
      ? "No provider is asked in modal mode."
      : `${count(report.provider_voices, "provider voice")} in region ${region}: ${report.ours} ours, ` +
        `${count(orphans.length, "orphan")}, ${foreign.length} foreign.`,
    `${count(gone.length, "row")} whose provider voice is gone, ` +
    `${count(unresolved.length, "enrollment")} unresolved.`,
    repair
      ? `Completed ${count(report.completed, "enrollment")}, released ${released}, removed ${uploads}.`
      : `Nothing was changed. --repair would release ${released} and remove ${uploads}.`,
    report.details_erased + report.objects_erased > 0 &&
    `Of users who are gone, and of texts that are: ${
        repair ? "erased" : "--repair would erase"
      } ${objects} and the ` +
      `details of ${details}.`,
    purge !== undefined && `Purged ${count(purged.length, "orphan")}, failed for ${failed.length}.`,
    ...listed(
      "Orphans (made for a voice of ours, in no row; --purge deletes them)",
      orphans.map((orphan) => `${orphan.provider_voice_id}  ${orphan.voice_id ?? ""}`.trimEnd()),
    ),
    ...listed("Foreign (unknown here, never touched)", foreign),
    ...listed(
      "Gone (rows whose voice can no longer speak)",
      gone.map((row) => `${row.voice_id}  ${row.provider_voice_id}`),
    ),
    ...listed("Unresolved (the next finalize settles it)", standings(false)),
    ...listed(
      "Undecided (voice ids do not carry the token: no second voice is made until it is known)",
      standings(true),
    ),
    ...listed(
      "Not resolved (nothing to decide, or the provider voice is not listed or known here)",
      report.resolve_failed,
    ),
    ...listed("Purged", purged),
    ...listed("Not purged, see the function's log", failed),
  ].filter((line) => line !== false).join("\n");
}

/**
 * 0: nothing needs a person. 1: a purge is not finished. 2: a row's voice is gone, a known one could not be saved, one must
 * be decided, or a decision could not be carried out.
 */
export function exitCode(report: Reconciled, { repair }: ReconcileRequest): number {
  const { purge_failed, gone, unresolved, resolve_failed } = report;
  if (purge_failed.length > 0) return 1;
  const needsPerson = gone.length > 0 || resolve_failed.length > 0 ||
    unresolved.some((one) => isUndecided(one) || repair && one.found);
  return needsPerson ? 2 : 0;
}
