import type { Clock } from "../clock.ts";
import type { WorkReport } from "../contract/internal_work.ts";
import type { Log } from "../log.ts";
import type { Spoken } from "./speak.ts";

/** How long a run claims new tasks, in milliseconds. */
const RUN_MS = 10_000;
/** When the last of them ends, in milliseconds from the start: the platform gives up after 150 s. */
const END_MS = 145_000;
/** Concurrent tasks: the provider allows the account three requests a second. */
const AT_ONCE = 3;

/** Runs the tasks that no process is working on: those of killed processes, and those that were put back. */
export function createWork(
  options: {
    /** @param until when it ends, in milliseconds since the epoch */
    speak: (log: Log, taskId: undefined, until: number) => Promise<Spoken | null>;
    clock: Clock;
  },
) {
  const { speak, clock } = options;

  /**
   * One run, which ends within 145 s. Concurrent runs are safe.
   * @throws {ApiError} database_unavailable
   */
  return async (log: Log): Promise<WorkReport> => {
    const startedAt = clock.now();
    const until = startedAt + RUN_MS;
    const report: WorkReport = { completed: 0, failed: 0, put_back: 0, over: 0, more: false };
    const worker = async () => {
      while (clock.now() < until) {
        const spoken = await speak(log, undefined, startedAt + END_MS);
        if (!spoken) return;
        report[spoken.outcome === "superseded" ? "over" : spoken.outcome]++;
      }
      report.more = true;
    };
    const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
    const failed = workers.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
    log.event("info", "work.done", { ...report, duration_ms: clock.now() - startedAt });
    return report;
  };
}
