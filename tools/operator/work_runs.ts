import { internalWork, type WorkReport } from "../../supabase/functions/_shared/contract/internal_work.ts";
import type { Route } from "./operator_command.ts";

/** What all runs together did with the tasks. */
export type Worked = WorkReport & { runs: number };

/** Has one run after another made, of some 20 s each, until no task is left that may be taken up. */
export const workRuns: Route<WorkReport, Worked> = {
  contract: internalWork,
  bodyAfter: () => ({}),
  add: (before, run) => ({
    completed: (before?.completed ?? 0) + run.completed,
    failed: (before?.failed ?? 0) + run.failed,
    put_back: (before?.put_back ?? 0) + run.put_back,
    over: (before?.over ?? 0) + run.over,
    more: run.more,
    runs: (before?.runs ?? 0) + 1,
  }),
  most: 100,
  plural: "runs",
};

/** What came of the tasks, in a line for a person. */
export function summarize({ completed, failed, put_back: putBack, over }: Worked): string {
  if (completed + failed + putBack + over === 0) return "There was no task to take up.";
  return `Tasks: ${completed} completed, ${failed} failed, ${putBack} put back for later, ${over} over already.`;
}

/** How far the runs are. */
export const inShort = ({ completed, failed, put_back: putBack }: Worked): string =>
  `${completed} completed, ${failed} failed, ${putBack} put back`;
