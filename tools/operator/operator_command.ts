import type { z } from "zod";
import { runAndExit } from "../stack/command_line.ts";
import { type Log, logToStderr, logToStdout } from "../stack/terminal.ts";
import { apiErrorOf, Failure, jsonOf, reasonOf, request } from "./http_client.ts";
import type { OperatorOptions } from "./operator_options.ts";
import { findTarget, type Target } from "./target.ts";

/** Before another try after a failure, in milliseconds, when the answer does not say. */
const PAUSE_MS = 2_000;
const MOST_FAILURES_IN_A_ROW = 3;
/** How often a long command says how far it is, in milliseconds. */
const PROGRESS_MS = 5_000;

/** An internal route that is called until its report says that there is no more to do. */
export type Route<Report, Sum> = {
  contract: { path: string; answer: { schema: () => z.ZodType<Report> } };
  /** The body of the next call. */
  bodyAfter: (soFar: Sum | null) => unknown;
  add: (soFar: Sum | null, report: Report) => Sum;
  /** How many reports there may be, and what they are called. */
  most: number;
  plural: string;
  /** The pause after a report with more to do, in milliseconds. */
  pauseAfter?: (report: Report) => number;
};

/** A command that has an internal route do its work. */
export type OperatorCommand<Options, Report, Sum> = {
  /** What `--help` prints. */
  usage: string;
  parse: (args: string[]) => Options;
  route: (options: Options) => Route<Report, Sum>;
  /** What it does, such as `Reconciling`. */
  doing: string;
  /** How far it is, in a few words. */
  inShort: (soFar: Sum) => string;
  summarize: (sum: Sum, options: Options) => string;
  /** 0 when not given. */
  exitCode?: (sum: Sum, options: Options) => number;
};

/** Runs it, and exits. The result goes to standard output, for a person or as JSON; all else to standard error. */
export function runOperatorCommand<Options extends OperatorOptions, Report extends { more: boolean }, Sum>(
  command: OperatorCommand<Options, Report, Sum>,
): Promise<never> {
  return runAndExit({
    ...command,
    async run(options) {
      const target = await findTarget(options);
      const progress = startProgress(command, logToStderr, Deno.stderr.isTerminal());
      const sum = await callUntilDone(target, command.route(options), progress).finally(progress.stop);
      logToStdout(options.json ? JSON.stringify(sum) : command.summarize(sum, options));
      return command.exitCode?.(sum, options) ?? 0;
    },
  });
}

/**
 * Says now and then how far a long command is.
 * @param atOnce whether the first line does not wait, because somebody watches
 */
export function startProgress<Sum>(
  { doing, inShort }: { doing: string; inShort: (soFar: Sum) => string },
  print: Log,
  atOnce: boolean,
) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 1_000);
  let done = "";
  if (atOnce) print(`${doing}…`);
  const timer = setInterval(() => print(`${doing} for ${seconds()} s${done}…`), PROGRESS_MS);
  return {
    /** Called after each report with what came so far, and after a failure with its sentence. */
    onProgress(soFar: Sum | null, failure: string | null): void {
      if (soFar) done = `, ${inShort(soFar)}`;
      if (failure) print(`${failure} Trying again.`);
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Calls a route again and again until there is no more to do, and adds its reports up. A call that failed for a reason
 * that passes is repeated.
 * @throws {Failure} when a call failed for good or there was no end
 */
export async function callUntilDone<Report extends { more: boolean }, Sum>(
  target: Target,
  route: Route<Report, Sum>,
  { onProgress, fetch, sleep = pause }: {
    onProgress: (soFar: Sum | null, failure: string | null) => void;
    fetch?: typeof globalThis.fetch;
    sleep?: (ms: number) => Promise<void>;
  },
): Promise<Sum> {
  const { most, plural, bodyAfter, add, pauseAfter = () => 0 } = route;
  let soFar: Sum | null = null;
  for (let reports = 0, failures = 0; reports < most;) {
    try {
      const report = await callOnce(target, route.contract, { json: bodyAfter(soFar), fetch });
      soFar = add(soFar, report);
      reports++;
      failures = 0;
      onProgress(soFar, null);
      if (!report.more) return soFar;
      const ms = pauseAfter(report);
      if (ms > 0) await sleep(ms);
    } catch (error) {
      if (!(error instanceof Failure) || error.retryAfterMs === null) throw error;
      if (++failures > MOST_FAILURES_IN_A_ROW) throw error;
      onProgress(soFar, error.message);
      await sleep(error.retryAfterMs);
    }
  }
  throw new Failure(
    `There is still more to do after ${most} ${plural}. Run it again, and see the function's log.`,
  );
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function callOnce<Report>(
  { api, key }: Target,
  { path, answer: { schema } }: Route<Report, never>["contract"],
  options: { json: unknown; fetch?: typeof fetch },
): Promise<Report> {
  const answer = await request(`${api}${path}`, { key, ...options }).catch((cause) => {
    throw new Failure(`No answer from ${new URL(api).origin}.`, { cause, retryAfterMs: PAUSE_MS });
  });
  const { status } = answer;
  if (status === 404) {
    throw new Failure(
      "404: nothing there for this key. Is it the project's secret key, the URL that of the API, and the function " +
        "of this version?",
    );
  }
  if (status !== 200) {
    const retryAfter = Number(answer.headers.get("retry-after") ?? NaN);
    // The platform's own answers for a worker that died carry neither our error body nor Retry-After.
    const died = status >= 500 && !apiErrorOf(answer);
    const retryAfterMs = retryAfter >= 0 ? retryAfter * 1_000 : died ? PAUSE_MS : null;
    throw new Failure(`${status}: ${reasonOf(answer)}`, { retryAfterMs });
  }
  const { data: report } = schema().safeParse(jsonOf(answer));
  if (report) return report;
  throw new Failure("The answer is no report: is the function of this version?");
}
