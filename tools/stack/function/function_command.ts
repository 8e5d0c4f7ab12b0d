import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
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

async function hand(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  try {
    const writer = stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It ended before it read that, as its status shows.
  }
}
