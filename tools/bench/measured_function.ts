import { join } from "node:path";
import type { Environment } from "../stack/function/function_environment.ts";
import { startFunctionProcess } from "../stack/function/function_process.ts";
import { messageOf } from "../stack/terminal.ts";
import { cpuTimeOf, peakBytes } from "./process_usage.ts";

/** The function in a process that is fresh at first and measured from outside. */
export type MeasuredFunction = {
  /** Of the process that is measured. */
  pid: number;
  /** Base URL of its routes. */
  url: string;
  /** CPU time since the process started, in milliseconds; see `cpuTimeOf`. */
  cpuMs(): Promise<number>;
  /** The most bytes of memory that the process holds during a piece of work. */
  peakBytes(work: () => Promise<unknown>): Promise<number>;
  /** What it wrote last, for a message about what went wrong. */
  lastWords(): string;
  stop(): Promise<void>;
};

/** How long a process may take until it listens, in milliseconds. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 5;
const LINES_KEPT = 5;

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

async function untilListening(portOf: () => number | null, ending: AbortSignal): Promise<number> {
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline;) {
    ending.throwIfAborted();
    const port = portOf();
    if (port !== null && await accepts(port)) return port;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Error("The function does not start.");
}

/**
 * Starts the function and resolves when it listens, before it was asked anything. What is measured of it throws once its
 * process is another one: when its files were edited meanwhile, say, and it was started again.
 * @throws when it does not listen in time, or `ending` is aborted before it does
 */
export async function startMeasuredFunction(
  { deno, root, entrypoint, environment, ending }: {
    /** The binary of Deno; the platform's when left out. */
    deno?: string | undefined;
    root: string;
    /** A path from the root. */
    entrypoint: string;
    environment: Environment;
    /** Gives up the start; what listens already is its caller's to stop. */
    ending: AbortSignal;
  },
): Promise<MeasuredFunction> {
  ending.throwIfAborted();
  const pids: number[] = [];
  const lines: string[] = [];
  const running = startFunctionProcess({
    deno,
    root,
    entrypoint: join(root, entrypoint),
    environment,
    processes: {
      previous: new Map(),
      add: (_, pid) => Promise.resolve(void pids.push(pid)),
      remove: () => Promise.resolve(),
    },
    log: (line) => {
      lines.push(line);
      if (lines.length > LINES_KEPT) lines.shift();
    },
  });
  const port = await untilListening(running.port, ending).catch(async (error) => {
    await running.stop();
    throw new Error(`${messageOf(error)}\n${lines.join("\n")}`);
  });
  const [pid = 0] = pids;
  const ofTheSame = async <Measured>(measure: (pid: number) => Promise<Measured>): Promise<Measured> => {
    const measured = await measure(pid);
    if (pids.length > 1) throw new Error(`The function was started again meanwhile.\n${lines.join("\n")}`);
    return measured;
  };
  return {
    pid,
    url: `http://127.0.0.1:${port}/api`,
    cpuMs: () => ofTheSame(cpuTimeOf),
    peakBytes: (work) => ofTheSame((pid) => peakBytes(pid, work)),
    lastWords: () => lines.join("\n"),
    stop: running.stop,
  };
}
