import { findDeno } from "../stack/function/deno_binaries.mjs";
import { spawnFunction } from "../stack/function/function_command.ts";
import type { Environment } from "../stack/function/function_environment.ts";
import { logLines } from "../stack/terminal.ts";
import { signal } from "../stack/process/processes.ts";

/** A process of Deno that listens. */
export type DenoProcess = {
  pid: number;
  /** Its origin. */
  url: string;
  /** Ends it, if it still runs. */
  stop(): Promise<void>;
};

const LINES_KEPT = 5;

/**
 * Starts a file as the function is started, on a free port, and resolves at the moment it says that it listens.
 * @throws with its last words when it ends before, and without starting anything once `ending` is aborted
 */
export async function startDenoProcess(
  { deno = findDeno("platform").binary, root, entrypoint, environment, ending }: {
    /** The binary of Deno; the platform's when left out. */
    deno?: string | undefined;
    /** The repository's folder. */
    root: string;
    /** A path from the root. */
    entrypoint: string;
    environment: Environment;
    /** Ends the process, whether it listens by then or not. */
    ending: AbortSignal;
  },
): Promise<DenoProcess> {
  ending.throwIfAborted();
  const child = spawnFunction({
    deno,
    root,
    entrypoint,
    environment: { ...environment, NO_COLOR: "1" },
    port: 0,
    signal: ending,
  });
  let running = true;
  void child.status.then(() => running = false);
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const keep = (line: string) => {
    const url = /Listening on (http:\/\/\S+:\d+)/.exec(line)?.[1];
    if (url) listening.resolve(url);
    if (lines.push(line) > LINES_KEPT) lines.shift();
  };
  const ended = Promise.all([logLines(child.stdout, keep), logLines(child.stderr, keep), child.status]).then(
    () => listening.reject(new Error(`${entrypoint} ended:\n${lines.join("\n")}`)),
  );
  const url = await listening.promise;
  return {
    pid: child.pid,
    url,
    async stop() {
      if (running) signal(child.pid, "SIGKILL");
      await ended;
    },
  };
}
