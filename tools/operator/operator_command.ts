import { runAndExit } from "../stack/command_line.ts";
import { logToStderr, logToStdout } from "../stack/terminal.ts";
import { callUntilDone, type Repeated, type RepeatOptions } from "./internal_route.ts";
import type { OperatorOptions } from "./operator_options.ts";
import { findTarget } from "./target.ts";

/** How often a long command says how far it is, in milliseconds. */
const PROGRESS_MS = 5_000;

/** A command that has an internal route do its work. */
export type OperatorCommand<Options extends OperatorOptions, Report extends { more: boolean }, Sum> = {
  /** What `--help` prints. */
  usage: string;
  parse: (args: string[]) => Options;
  route: (options: Options) => Repeated<Report, Sum>;
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
      const progress = startProgress({ ...command, print: logToStderr, atOnce: Deno.stderr.isTerminal() });
      const sum = await callUntilDone(target, command.route(options), progress).finally(progress.stop);
      logToStdout(options.json ? JSON.stringify(sum) : command.summarize(sum, options));
      return command.exitCode?.(sum, options) ?? 0;
    },
  });
}

/**
 * Says now and then how far a long command is.
 * @param options.print takes one line
 * @param options.atOnce whether the first line does not wait, because somebody watches
 */
export function startProgress<Sum>(
  { doing, inShort, print, atOnce }: {
    doing: string;
    inShort: (soFar: Sum) => string;
    print: (line: string) => void;
    atOnce: boolean;
  },
): Required<Pick<RepeatOptions<Sum>, "onProgress">> & { stop: () => void } {
  const started = performance.now();
  let done = "";
  if (atOnce) print(`${doing}…`);
  const timer = setInterval(() => {
    print(`${doing} for ${Math.round((performance.now() - started) / 1_000)} s${done}…`);
  }, PROGRESS_MS);
  return {
    onProgress(soFar, failure) {
      if (soFar) done = `, ${inShort(soFar)}`;
      if (failure) print(`${failure} Trying again.`);
    },
    stop: () => clearInterval(timer),
  };
}
