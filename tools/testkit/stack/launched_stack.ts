import assert from "node:assert/strict";
import { join } from "node:path";
import { logLines } from "../../stack/terminal.ts";
import { type ProcessIdentity, readProcessRecord, startOf } from "../../stack/process/processes.ts";
import { repository } from "../../stack/repository.ts";
import { type StackRecord, stackRecordSchema } from "../../stack/stack_record.ts";

/** What a command printed, and its exit code. */
export type Ran = { code: number; out: string; err: string };

const commandLine = (file: string, args: string[]) => ({
  args: ["tools/run-deno.mjs", "run", "-A", `tools/commands/${file}`, ...args],
  cwd: repository,
  stdin: "null" as const,
});

/** Runs a command of `tools/commands/` as a person would, with this environment on top of the machine's. */
export async function runCommand(
  file: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await new Deno.Command("node", { ...commandLine(file, args), env })
    .output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

export type Launched = ReturnType<typeof launch>;

/** Runs `npm start`'s command on a data folder, on any free port. */
export const launchStart = (
  dataDir: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Launched => launch("start.ts", ["--data", dataDir, ...args], { PORT: "0", ...env });

/** Runs a command of `tools/commands/` in the background. */
export function launch(file: string, args: string[], env: Record<string, string> = {}) {
  const child = new Deno.Command("node", {
    ...commandLine(file, args),
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const errors: string[] = [];
  const waiting: { text: string; resolve: (said: boolean) => void }[] = [];
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
    return status;
  });
  return {
    pid: child.pid,
    /** What it printed so far, both streams. */
    output: () => lines.join("\n"),
    /** The lines of standard error among them. */
    errors: () => errors,
    /** Resolves to true once the text was printed, to false when the command ends without it. */
    says: (text: string): Promise<boolean> =>
      lines.some((line) => line.includes(text))
        ? Promise.resolve(true)
        : new Promise((resolve) => waiting.push({ text, resolve })),
    status,
  };
}

/** Waits until a stack is ready. Throws what it printed when it ends instead. */
export async function whenReady(stack: Launched): Promise<Launched> {
  if (!(await stack.says("Ready in"))) throw new Error(`The stack did not start:\n${stack.output()}`);
  return stack;
}

export const started = (...how: Parameters<typeof launchStart>) => whenReady(launchStart(...how));

/** Asks a stack to stop, and checks that it exits with 0. */
export async function stopped(stack: Launched, signal: Deno.Signal = "SIGINT"): Promise<void> {
  Deno.kill(stack.pid, signal);
  assert.equal((await stack.status).code, 0, stack.output());
}

/** A data folder in a path with spaces, removed after the test with whatever still runs on it. */
export async function withDataDir(test: (dataDir: string) => Promise<void>, mode = 0o755): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "stack test " });
  await Deno.chmod(parent, mode);
  const dataDir = join(parent, "data of mine");
  try {
    await test(dataDir);
  } finally {
    const left = await processesOf(dataDir);
    killNow(...(await stillRunning(left)).map((pid) => ({ pid })));
    await eventually(async () => (await stillRunning(left)).length === 0);
    await Deno.remove(parent, { recursive: true });
  }
}

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

export async function stillRunning(processes: ProcessIdentity[]): Promise<number[]> {
  const running: number[] = [];
  for (const { pid, started } of processes) if (await startOf(pid) === started) running.push(pid);
  return running;
}

export async function assertNothingRuns(processes: ProcessIdentity[]): Promise<void> {
  assert.ok(processes.length >= 2, "no process was recorded");
  assert.deepEqual(await stillRunning(processes), []);
}

/** Kills as `kill -9` does. */
export function killNow(...processes: { pid: number }[]): void {
  for (const { pid } of processes) Deno.kill(pid, "SIGKILL");
}

/** Looks again and again until a condition holds; false when it does not within half a minute. */
export async function eventually(condition: () => Promise<boolean>): Promise<boolean> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

const account = { email: "ada@example.com", password: "correct horse battery" };

async function auth(dataDir: string, path: string): Promise<number> {
  const { supabase_url, publishable_key: apikey } = await readRecord(dataDir);
  const response = await fetch(`${supabase_url}/auth/v1/${path}`, {
    method: "POST",
    headers: { apikey, "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  await response.body?.cancel();
  return response.status;
}

/** The status of signing up the account of these tests. */
export const signUp = (dataDir: string) => auth(dataDir, "signup");
/** The status of signing it in. */
export const signIn = (dataDir: string) => auth(dataDir, "token?grant_type=password");

/** The status of reading the voices over REST. */
export async function rest(dataDir: string): Promise<number> {
  const { supabase_url, secret_key: apikey } = await readRecord(dataDir);
  const response = await fetch(`${supabase_url}/rest/v1/voices?select=id`, { headers: { apikey } });
  await response.body?.cancel();
  return response.status;
}
