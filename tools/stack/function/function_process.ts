import { join } from "node:path";
import { findDeno } from "./deno_binaries.mjs";
import { freePort } from "../process/ports.ts";
import { spawnFunction } from "./function_command.ts";
import type { Environment } from "./function_environment.ts";
import { type Log, logLines } from "../terminal.ts";
import { type ProcessRecord, signal } from "../process/processes.ts";

const growingDelaysMs = [50, 200, 500, 1_000, 2_000];
/** A process that lived this long starts its next restarts without delay again, in milliseconds. */
const healthyMs = 5_000;
/** Editors write one file in several steps; a restart waits for this much quiet, in milliseconds. */
const quietMs = 100;

/** Ends when the signal aborts. */
async function watch(root: string, onChange: () => void, ended: AbortSignal): Promise<void> {
  const functions = join(root, "supabase", "functions");
  const tests = join(functions, "tests");
  const watcher = Deno.watchFs([functions, join(root, "deno.json")]);
  ended.addEventListener("abort", () => watcher.close(), { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const event of watcher) {
    if (event.kind === "access" || event.paths.every((path) => path.startsWith(tests))) continue;
    clearTimeout(timer);
    timer = setTimeout(onChange, quietMs);
  }
  clearTimeout(timer);
}

/**
 * Runs the function as the platform does: its own process with network and environment and no file system. It is started
 * again, with growing pauses, when it ends, and when a file under `supabase/functions` or `deno.json` changes.
 * Its output goes to `log` line by line.
 */
export function startFunctionProcess(
  {
    root,
    entrypoint,
    environment,
    deno = findDeno("platform").binary,
    port: fixedPort,
    processes,
    restartDelaysMs = growingDelaysMs,
    log,
  }: {
    root: string;
    entrypoint: string;
    environment: Environment;
    /** The binary of Deno; the platform's when left out. */
    deno?: string | undefined;
    /** Where to listen; any free port when left out. */
    port?: number | undefined;
    processes?: ProcessRecord | undefined;
    /** Pauses before the first restart and the next ones; the last one goes on. */
    restartDelaysMs?: readonly number[] | undefined;
    log: Log;
  },
) {
  const ended = new AbortController();
  let variables = environment;
  let port: number | null = null;
  let child: Deno.ChildProcess | null = null;
  let restartNow = Promise.withResolvers<void>();

  async function runOnce(): Promise<void> {
    const mine = fixedPort ?? freePort();
    const command = { deno, root, entrypoint, environment: variables, port: mine, detached: true };
    const started = spawnFunction(command);
    child = started;
    port = mine;
    const recorded = processes?.add("function", started.pid);
    const own = (line: string) => isOwnLine(line) ? log(line) : undefined;
    const outputs = [started.stdout, started.stderr].map((output) => logLines(output, own));
    await Promise.all([recorded, ...outputs, started.status]);
    child = null;
    port = null;
    await processes?.remove("function");
  }

  async function keepRunning(): Promise<void> {
    for (let failures = 0; !ended.signal.aborted;) {
      const startedAt = performance.now();
      restartNow = Promise.withResolvers<void>();
      let wanted = false;
      void restartNow.promise.then(() => wanted = true);
      await runOnce();
      if (ended.signal.aborted) return;
      if (wanted) {
        failures = 0;
        continue;
      }
      if (performance.now() - startedAt > healthyMs) failures = 0;
      const delay = restartDelaysMs[Math.min(failures++, restartDelaysMs.length - 1)] ?? 0;
      log("The function ended and is started again.");
      await Promise.race([new Promise((resolve) => setTimeout(resolve, delay)), restartNow.promise]);
    }
  }

  function restart(why: string): void {
    log(why);
    restartNow.resolve();
    if (child) signal(child.pid, "SIGKILL");
  }

  const running = keepRunning();
  const changed = () => restart("The function's files changed; it is started again.");
  const watching = watch(root, changed, ended.signal);
  return {
    /** Where it listens, or will in a moment; null while it is away. */
    port: () => port,
    /** Ends it and starts it again with these variables in place of those it had; it has no port until then. */
    restart(environment: Environment): void {
      variables = environment;
      port = null;
      restart("The function's variables changed; it is started again.");
    },
    async stop(): Promise<void> {
      ended.abort();
      restartNow.resolve();
      if (child) signal(child.pid, "SIGKILL");
      await Promise.all([running, watching]);
    },
  };
}

// Deno greets with the address of the process itself, which is not the one to call.
function isOwnLine(line: string): boolean {
  return !/^(\S*\s)?Listening on (http|tcp):\/\//.test(line.replaceAll(/\p{Cc}\[\d+m/gu, ""));
}
