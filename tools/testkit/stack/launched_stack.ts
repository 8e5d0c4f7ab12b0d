import assert from "node:assert/strict";
import { join } from "node:path";
import {
  eventually,
  killNow,
  type Launched,
  launchStart,
  processesOf,
  readRecord,
  stillRunning,
  whenReady,
} from "./launch.ts";

const account = { email: "ada@example.com", password: "correct horse battery" };

/** A data folder in a path with spaces, gone after the test with whatever still runs on it. */
export async function withDataDir(test: (dataDir: string) => Promise<void>, mode = 0o755): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "stack test " });
  await Deno.chmod(parent, mode);
  const dataDir = join(parent, "data of mine");
  try {
    await test(dataDir);
  } finally {
    const left = await processesOf(dataDir);
    for (const pid of await stillRunning(left)) killNow({ pid });
    await eventually(async () => (await stillRunning(left)).length === 0);
    await Deno.remove(parent, { recursive: true });
  }
}

/** Starts a stack and waits until it says that it is ready. */
export async function started(dataDir: string, args: string[] = []): Promise<Launched> {
  const stack = launchStart(dataDir, args);
  await whenReady(stack);
  return stack;
}

/** Asks a stack to stop, and checks that it does so in order. */
export async function stopped(stack: Launched, signal: Deno.Signal = "SIGINT"): Promise<void> {
  Deno.kill(stack.pid, signal);
  assert.equal((await stack.status).code, 0, stack.output());
}

/** What the function's health route answers. */
export async function healthOf(dataDir: string): Promise<unknown> {
  const { api_url } = await readRecord(dataDir);
  return await (await fetch(`${api_url}/health`)).json();
}

async function auth(dataDir: string, path: string): Promise<number> {
  const { supabase_url, publishable_key } = await readRecord(dataDir);
  const response = await fetch(`${supabase_url}/auth/v1/${path}`, {
    method: "POST",
    headers: { apikey: publishable_key, "content-type": "application/json" },
    body: JSON.stringify(account),
  });
  await response.body?.cancel();
  return response.status;
}

/** The status of signing the account of these tests up. */
export const signUp = (dataDir: string) => auth(dataDir, "signup");
/** The status of signing it in. */
export const signIn = (dataDir: string) => auth(dataDir, "token?grant_type=password");

/** The status of a look at the voices over REST. */
export async function rest(dataDir: string): Promise<number> {
  const { supabase_url, secret_key } = await readRecord(dataDir);
  const response = await fetch(`${supabase_url}/rest/v1/voices?select=id`, {
    headers: { apikey: secret_key },
  });
  await response.body?.cancel();
  return response.status;
}

/** Checks that none of these processes is left. */
export async function assertNothingRuns(processes: Awaited<ReturnType<typeof processesOf>>): Promise<void> {
  assert.ok(processes.length >= 2, "no process was recorded");
  assert.deepEqual(await stillRunning(processes), []);
}
