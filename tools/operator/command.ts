import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import type { Target } from "./ask.ts";
import type { OperatorOptions } from "./options.ts";
import { startProgress } from "./progress.ts";
import type { OnProgress } from "./repeat.ts";
import { findTarget } from "./target.ts";

/** A command that has an internal route do its work. */
export type Command<Asked extends OperatorOptions, Sum> = {
  /** What `--help` prints. */
  usage: string;
  parse: (args: string[]) => Asked;
  run: (target: Target, asked: Asked, onProgress: OnProgress<Sum>) => Promise<Sum>;
  /** What it does, such as `Reconciling`, and how far it is, in a few words. */
  doing: string;
  tell: (soFar: Sum) => string;
  summarize: (sum: Sum, asked: Asked) => string;
  /** 0 when not given. */
  exitCode?: (sum: Sum, asked: Asked) => number;
};

/**
 * Runs it with the process's arguments: what came of it goes to standard output, for a person or as JSON, and all else
 * to standard error. Gives the exit code, 1 when it failed.
 */
export async function runCommand<Asked extends OperatorOptions, Sum>(
  command: Command<Asked, Sum>,
): Promise<number> {
  try {
    const asked = command.parse(Deno.args);
    if (asked.help) {
      logToStdout(command.usage);
      return 0;
    }
    const target = await findTarget(asked);
    const progress = startProgress({ ...command, print: logToStderr, atOnce: Deno.stderr.isTerminal() });
    const sum = await command.run(target, asked, progress.told).finally(progress.stop);
    logToStdout(asked.json ? JSON.stringify(sum) : command.summarize(sum, asked));
    return command.exitCode?.(sum, asked) ?? 0;
  } catch (error) {
    logToStderr(messageOf(error));
    return 1;
  }
}
