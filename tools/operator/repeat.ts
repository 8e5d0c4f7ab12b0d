import { AskFailure } from "./ask.ts";

const MOST_FAILURES_IN_A_ROW = 3;

/** Told after each report what came so far, or why there was none. */
export type OnProgress<Sum> = (soFar: Sum | null, failure: string | null) => void;

export type Repeated<Report, Sum> = {
  ask: () => Promise<Report>;
  add: (soFar: Sum | null, report: Report) => Sum;
  /** How many reports there may be, and what one of them is called in the plural. */
  most: number;
  called: string;
  /** The pause after a report with more to do, in milliseconds. */
  pauseAfter?: (report: Report) => number;
  onProgress?: OnProgress<Sum>;
  sleep?: (ms: number) => Promise<void>;
};

/**
 * Asks again and again until a report says that there is no more to do, and adds the reports up. What failed for a reason
 * that passes is asked for again.
 * @throws {Error} with a sentence, when it failed for good or there was no end
 */
export async function repeat<Report extends { more: boolean }, Sum>(
  options: Repeated<Report, Sum>,
): Promise<Sum> {
  const { most, pauseAfter = () => 0, onProgress = () => {} } = options;
  const sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  let soFar: Sum | null = null;
  for (let reports = 0, failures = 0; reports < most;) {
    try {
      const report = await options.ask();
      soFar = options.add(soFar, report);
      reports++;
      failures = 0;
      onProgress(soFar, null);
      if (!report.more) return soFar;
      const pause = pauseAfter(report);
      if (pause > 0) await sleep(pause);
    } catch (error) {
      if (!(error instanceof AskFailure) || error.retryAfterMs === null) throw error;
      if (++failures > MOST_FAILURES_IN_A_ROW) throw error;
      onProgress(soFar, error.message);
      await sleep(error.retryAfterMs);
    }
  }
  throw new Error(
    `There is still more to do after ${most} ${options.called}. Run it again, and see the function's log.`,
  );
}
