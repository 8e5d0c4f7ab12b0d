import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { signal } from "../process/processes.ts";
import { type Log, logLines } from "../terminal.ts";
import type { Environment } from "./function_environment.ts";

const address = new URL("serve_address.ts", import.meta.url).href;

/** How a file that calls `Deno.serve` is run. */
export type FunctionCommand = {
  /** The binary of Deno, from `findDeno`. */
  deno: string;
  root: string;
  /** The file's path, from the root or absolute. */
  entrypoint: string;
  environment: Environment;
  /** Where it listens on 127.0.0.1; 0 takes any free port, and its greeting says which. */
  port: number;
  /** URLs of modules that run before the file. */
  preload?: readonly string[];
  /** Gives it a process group of its own. */
  detached?: boolean;
  signal?: AbortSignal;
};

/**
 * Starts a file as the platform starts the function: a process of its own, with network and environment, without files and
 * programs. Both of its outputs are piped.
 */
export function spawnFunction(
  { deno, root, entrypoint, environment, port, preload = [], ...options }: FunctionCommand,
): Deno.ChildProcess {
  const child = new Deno.Command(deno, {
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      "--allow-env",
      `--config=${join(root, "deno.json")}`,
      "--ext=js",
      "-",
    ],
    cwd: root,
    clearEnv: true,
    env: { ...environment, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...options,
  }).spawn();
  // From standard input, for Deno 2.1 has no `--preload`, and an import by a variable's value would need to read files.
  const modules = [address, ...preload, pathToFileURL(resolve(root, entrypoint)).href];
  void hand(child.stdin, modules.map((url) => `import ${JSON.stringify(url)};\n`).join(""));
  return child;
}

const LINES_KEPT = 5;

/** A process that listens on a free port of 127.0.0.1. */
export type ListeningProcess = {
  pid: number;
  /** Its origin. */
  url: string;
  /** Its last lines of output, for an error message. */
  lastWords(): string;
  /** Ends it, if it still runs, and resolves once all of its output is read. */
  stop(): Promise<void>;
};

/**
 * Starts a file as the platform starts the function, and resolves as soon as it listens. `log` takes its lines, without
 * Deno's greeting.
 * @throws with its last words when it ends before that
 */
export async function startListening(
  { log = () => {}, environment, ...command }: Omit<FunctionCommand, "port"> & { log?: Log },
): Promise<ListeningProcess> {
  const child = spawnFunction({ ...command, environment: { ...environment, NO_COLOR: "1" }, port: 0 });
  let running = true;
  void child.status.then(() => running = false);
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const take = (line: string) => {
    const url = /Listening on (http:\/\/\S+:\d+)/.exec(line)?.[1];
    if (url) return listening.resolve(url);
    if (lines.push(line) > LINES_KEPT) lines.shift();
    log(line);
  };
  const lastWords = () => lines.join("\n");
  const ended = Promise.all([logLines(child.stdout, take), logLines(child.stderr, take), child.status]).then(
    () => listening.reject(new Error(`${command.entrypoint} ended:\n${lastWords()}`)),
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

async function hand(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  try {
    const writer = stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It ended before it read that, as its status shows.
  }
}
