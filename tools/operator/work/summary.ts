import type { Worked } from "./runs.ts";

/** What came of the tasks, in a line for a person. */
export function summarize({ completed, failed, put_back: putBack, over }: Worked): string {
  if (completed + failed + putBack + over === 0) return "There was no task to take up.";
  return `Tasks: ${completed} completed, ${failed} failed, ${putBack} put back for later, ${over} over already.`;
}

/** How far the runs are. */
export function soFarInShort({ completed, failed, put_back: putBack }: Worked): string {
  return `${completed} completed, ${failed} failed, ${putBack} put back`;
}
