import { logToStderr, logToStdout, messageOf } from "./terminal.ts";
import { whenAskedToStop } from "./process/stop_signals.ts";

/** A command of `npm run`. */
export type Command<Options extends { help: boolean }> = {
  /** What `--help` prints. */
  usage: string;
  /** Throws a sentence for what it cannot read. */
  parse: (args: string[]) => Options;
  /** Resolves to the exit code, 0 when it gives none. */
  run: (options: Options) => Promise<number | void>;
};

/**
 * Runs a command with the arguments of this process, and exits with its code. When it fails, what was thrown goes to
 * standard error and the code is 1.
 */
export async function runAndExit<Options extends { help: boolean }>(
  command: Command<Options>,
): Promise<never> {
  let code = 0;
  try {
    const options = command.parse(Deno.args);
    if (options.help) logToStdout(command.usage);
    else code = await command.run(options) ?? 0;
  } catch (error) {
    logToStderr(messageOf(error));
    code = 1;
  }
  Deno.exit(code);
}

/** Rejects, with a sentence, when this process is asked to stop. May be awaited late, once there is something to undo. */
export function rejectsWhenAskedToStop(): Promise<never> {
  const stopped = whenAskedToStop().then((reason) => {
    throw new Error(`Stopped: ${reason}.`);
  });
  stopped.catch(() => {});
  return stopped;
}
