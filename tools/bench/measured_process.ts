import { findDeno } from "../stack/function/deno_binaries.mjs";
import { spawnFunction } from "../stack/function/function_command.ts";
import {
  type Environment,
  functionEnvironment,
  machineEnvironment,
} from "../stack/function/function_environment.ts";
import { signal } from "../stack/process/processes.ts";
import { repository } from "../stack/repository.ts";
import { logLines } from "../stack/terminal.ts";

/** The file that is deployed. */
export const FUNCTION = "supabase/functions/api/index.ts";
/** A process of the same framework that does nothing: the baseline of starts and of throughput. */
export const BARE = "tools/bench/entrypoints/bare_hono.ts";

/** A Deno process that listens and is measured from outside. */
export type MeasuredProcess = {
  pid: number;
  /** Its origin. */
  url: string;
  /** Its last lines of output, for an error message. */
  lastWords(): string;
  /** Ends it, if it still runs. */
  stop(): Promise<void>;
};

const LINES_KEPT = 5;

/** More voices and uploads than any bench asks for. */
const LIMITS = {
  CLONE_ATTEMPTS_PER_HOUR: "1000000",
  CLONE_LIMIT_PER_HOUR: "1000000",
  CLONE_LIMIT_PER_DAY: "1000000",
  UPLOAD_URL_LIMIT_PER_HOUR: "1000000",
};

/**
 * Starts a file as the function is started, on a free port, and resolves as soon as it listens.
 * @throws with its last words when it ends before, and without starting anything once `ending` is aborted
 */
export async function startMeasuredProcess(
  { deno = findDeno("platform").binary, entrypoint, environment, ending }: {
    /** The binary of Deno; the platform's by default. */
    deno?: string | undefined;
    /** A path from the repository. */
    entrypoint: string;
    environment: Environment;
    /** Ends the process, whether it listens by then or not. */
    ending: AbortSignal;
  },
): Promise<MeasuredProcess> {
  ending.throwIfAborted();
  const child = spawnFunction({
    deno,
    root: repository,
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
  const lastWords = () => lines.join("\n");
  const ended = Promise.all([logLines(child.stdout, keep), logLines(child.stderr, keep), child.status]).then(
    () => listening.reject(new Error(`${entrypoint} ended:\n${lastWords()}`)),
  );
  return {
    pid: child.pid,
    url: await listening.promise,
    lastWords,
    async stop() {
      if (running) signal(child.pid, "SIGKILL");
      await ended;
    },
  };
}

type Project = Omit<Parameters<typeof functionEnvironment>[0], "environment">;

/** Starts processes with the function's variables for a project and a provider, and ends all of them when it is disposed. */
export function createLauncher({ deno, ending, variables: own, ...project }: Project & {
  deno: string | undefined;
  ending?: AbortSignal;
  /** More variables of each process. */
  variables?: Environment;
}) {
  const disposed = new AbortController();
  const signal = AbortSignal.any([disposed.signal, ...(ending ? [ending] : [])]);
  const usual = functionEnvironment({ environment: { ...machineEnvironment(), ...LIMITS }, ...project });
  const started: MeasuredProcess[] = [];
  return {
    async start(entrypoint: string, variables?: Environment): Promise<MeasuredProcess> {
      const environment = { ...usual, ...own, ...variables };
      const process = await startMeasuredProcess({ deno, entrypoint, environment, ending: signal });
      started.push(process);
      return process;
    },
    async [Symbol.asyncDispose]() {
      disposed.abort(new Error("The benches stop."));
      for (const process of started) await process.stop();
    },
  };
}
