import { internalWork, type WorkReport } from "../../../supabase/functions/_shared/contract/internal_work.ts";
import { ask, type Target } from "../ask.ts";
import { type OnProgress, repeat } from "../repeat.ts";

/** What all runs together did with the tasks. */
export type Worked = WorkReport & { runs: number };

/** Of some 20 s each. */
const MOST_RUNS = 100;

export type WorkAll = Target & {
  onProgress?: OnProgress<Worked>;
  fetch?: typeof fetch;
  sleep?: (ms: number) => Promise<void>;
};

/**
 * Asks for one run after another until no task is left that may be taken up.
 * @throws {Error} with a sentence, when a run failed for good or there was no end
 */
export async function workAll(options: WorkAll): Promise<Worked> {
  return await repeat({
    ask: () => ask(options, { path: "/internal/work", body: {}, schema: internalWork.answer.schema() }),
    add,
    most: MOST_RUNS,
    called: "runs",
    onProgress: options.onProgress,
    sleep: options.sleep,
  });
}

function add(before: Worked | null, run: WorkReport): Worked {
  return {
    completed: (before?.completed ?? 0) + run.completed,
    failed: (before?.failed ?? 0) + run.failed,
    put_back: (before?.put_back ?? 0) + run.put_back,
    over: (before?.over ?? 0) + run.over,
    more: run.more,
    runs: (before?.runs ?? 0) + 1,
  };
}
