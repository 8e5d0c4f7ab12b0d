import { join } from "node:path";
import { logLines } from "../../stack/log.ts";
import { type ProcessIdentity, readProcessRecord, startOf } from "../../stack/processes.ts";
import { type StackRecord, stackRecordSchema } from "../../stack/stack_record.ts";
import { repository } from "../../stack/repository.ts";

/** The repository's folder. */

/** A command that was launched as a person would. */
export type Launched = {
  pid: number;
  /** What it printed so far, both streams. */
  output(): string;
  /** The lines of standard error among them. */
  errors(): string[];
  /** Resolves to true once the text was printed, to false when the command ends without it. */
  says(text: string): Promise<boolean>;
  status: Promise<Deno.CommandStatus>;
};

/** Runs `npm start`'s command on a data folder, on any free port. */
export const launchStart = (
  dataDir: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Launched => launch("start.ts", ["--data", dataDir, ...args], { PORT: "0", ...env });

/** Runs a command of `tools/commands/` in the background. */
export function launch(file: string, args: string[], env: Record<string, string> = {}): Launched {
  const child = new Deno.Command("node", {
    args: ["tools/run-deno.mjs", "run", "-A", `tools/commands/${file}`, ...args],
    cwd: repository,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const errors: string[] = [];
  let waiting: { text: string; resolve: (said: boolean) => void }[] = [];
  const take = (line: string) => {
    lines.push(line);
    for (const { text, resolve } of waiting) if (line.includes(text)) resolve(true);
  };
  const takeError = (line: string) => {
    errors.push(line);
    take(line);
  };
  const reading = Promise.all([logLines(child.stdout, take), logLines(child.stderr, takeError)]);
  const status = Promise.all([child.status, reading]).then(([status]) => {
    for (const { resolve } of waiting) resolve(false);
    waiting = [];
    return status;
  });
  return {
    pid: child.pid,
    output: () => lines.join("\n"),
    errors: () => errors,
    says(text) {
      if (lines.some((line) => line.includes(text))) return Promise.resolve(true);
      return new Promise((resolve) => waiting.push({ text, resolve }));
    },
    status,
  };
}

/** Waits until a stack is ready. Throws with what it printed when it ends instead. */
export async function whenReady(stack: Launched): Promise<void> {
  if (!(await stack.says("Ready in"))) throw new Error(`The stack did not start:\n${stack.output()}`);
}

/** The stack.json of a data folder. */
export async function readRecord(dataDir: string): Promise<StackRecord> {
  return stackRecordSchema.parse(JSON.parse(await Deno.readTextFile(join(dataDir, "stack.json"))));
}

/** One process of the running stack. Throws when it is not recorded. */
export async function processOf(
  dataDir: string,
  name: "stack" | "postgres" | "function",
): Promise<ProcessIdentity> {
  const identity = (await readProcessRecord(join(dataDir, "processes.json"))).get(name);
  if (!identity) throw new Error(`No process ${name} is recorded.`);
  return identity;
}

/** All recorded processes of the running stack. */
export async function processesOf(dataDir: string): Promise<ProcessIdentity[]> {
  return [...(await readProcessRecord(join(dataDir, "processes.json"))).values()];
}

/** Those of the processes that still run. */
export async function stillRunning(processes: ProcessIdentity[]): Promise<number[]> {
  const running: number[] = [];
  for (const { pid, started } of processes) if (await startOf(pid) === started) running.push(pid);
  return running;
}

/** Waits until a condition holds, looking again and again; false when it does not within half a minute. */
export async function eventually(condition: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Kills as `kill -9` does. */
export function killNow(...processes: { pid: number }[]): void {
  for (const { pid } of processes) Deno.kill(pid, "SIGKILL");
}
