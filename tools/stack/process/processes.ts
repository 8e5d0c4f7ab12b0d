import { z } from "zod";
import { readIfThere, writePrivateJson } from "./private_file.ts";

const recordSchema = z.record(z.string(), z.object({ pid: z.int().positive(), started: z.string() }));

/** A process that cannot be mistaken for another that got the same pid later. */
export type ProcessIdentity = { pid: number; started: string };

async function output(command: string, args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(command, { args, stdout: "piped", stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout).trim() : "";
}

/**
 * When a process started, in a form that differs between any two processes of one pid, or null when none runs.
 * A zombie does not run. Linux: boot id and start in clock ticks; elsewhere what `ps` says.
 */
export async function startOf(pid: number): Promise<string | null> {
  if (Deno.build.os !== "linux") return (await output("ps", ["-o", "lstart=", "-p", `${pid}`])) || null;
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  // The command stands in brackets and may hold anything (proc(5)).
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (!fields || fields[0] === "Z" || fields[0] === "X") return null;
  const boot = (await readIfThere("/proc/sys/kernel/random/boot_id"))?.trim() ?? "";
  return `${boot}:${fields[19]}`;
}

/** The command line of a running process, its arguments separated by NUL on Linux and by spaces elsewhere, or "". */
export async function commandLineOf(pid: number): Promise<string> {
  if (Deno.build.os !== "linux") return await output("ps", ["-o", "command=", "-ww", "-p", `${pid}`]);
  return await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
}

/** The processes whose working folder is this one; on systems without /proc none are known. */
export async function processesIn(folder: string): Promise<ProcessIdentity[]> {
  if (Deno.build.os !== "linux") return [];
  const found: ProcessIdentity[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const at = await Deno.readLink(`/proc/${pid}/cwd`).catch(() => null);
    const started = at === folder ? await startOf(pid) : null;
    if (started !== null) found.push({ pid, started });
  }
  return found;
}

/** Whether the very process that was recorded still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return await startOf(identity.pid) === identity.started;
}

/** Sends a signal; a process that is already gone is no error. */
export function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    // Deno answers ESRCH with NotFound or a TypeError, depending on the platform.
    if (error instanceof Deno.errors.PermissionDenied) throw error;
  }
}

/** Resolves to true when the process is gone, to false when it still runs after `timeoutMs`. */
export async function waitForEnd(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isAlive(identity)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return true;
}

/** Stops one process with each signal in turn, moving on when it has not ended after `patienceMs`. */
export async function stopProcess(
  identity: ProcessIdentity,
  signals: Deno.Signal[],
  patienceMs: number,
): Promise<boolean> {
  for (const name of signals) {
    if (!(await isAlive(identity))) return true;
    signal(identity.pid, name);
    if (await waitForEnd(identity, patienceMs)) return true;
  }
  return false;
}

/** The stack and its children by name, in a file that outlives them. */
export type ProcessRecord = Awaited<ReturnType<typeof openProcessRecord>>;

/** Opens the record; a file that is damaged or missing means that nothing is known, and nothing will be killed. */
export async function openProcessRecord(path: string) {
  const current = new Map<string, ProcessIdentity>();
  let writing = Promise.resolve();
  const save = () => writing = writing.then(() => writePrivateJson(path, Object.fromEntries(current)));
  return {
    /** What the file said when it was opened: perhaps processes that a killed stack left over. */
    previous: await readProcessRecord(path),
    async add(name: string, pid: number): Promise<void> {
      const started = await startOf(pid);
      if (started === null) return;
      current.set(name, { pid, started });
      await save();
    },
    async remove(name: string): Promise<void> {
      if (current.delete(name)) await save();
    },
  };
}

/** Reads a record without opening it. */
export async function readProcessRecord(path: string): Promise<Map<string, ProcessIdentity>> {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(await readIfThere(path) ?? "{}"));
    return new Map(Object.entries(parsed.success ? parsed.data : {}));
  } catch {
    return new Map();
  }
}
