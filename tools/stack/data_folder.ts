import { join, resolve } from "node:path";
import type { Log } from "./terminal.ts";
import { removePostgresHome } from "./postgres/postgres_home.ts";
import { removeIfThere } from "./process/private_file.ts";
import { openProcessRecord, type ProcessRecord, stopProcess } from "./process/processes.ts";
import { processRecordPath, readStack } from "./stack_record.ts";

/** A sentence for the person who started the stack, instead of a stack trace. */
export class StackError extends Error {
  override name = "StackError";
}

/** A data folder that belongs to this process alone. */
export type DataFolder = Awaited<ReturnType<typeof takeDataFolder>>;

const lockName = "lock";

/**
 * Takes a data folder, made when it is not there. The lock is the kernel's and ends with the process, so a killed stack never
 * leaves one behind. Throws a `StackError` when another stack has the folder.
 */
export async function takeDataFolder(dataDir: string) {
  const path = resolve(dataDir);
  let lock: Deno.FsFile;
  try {
    // Others may pass through, as the user who runs PostgreSQL must, but see nothing: every file in it is private.
    await Deno.mkdir(path, { recursive: true, mode: 0o711 });
    lock = await Deno.open(join(path, lockName), { create: true, write: true, mode: 0o600 });
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new StackError(
        `The data folder ${path} cannot be written to by this user. Use another with --data DIR.`,
      );
    }
    throw error;
  }
  if (!(await lock.tryLock(true))) {
    lock.close();
    const stack = await readStack(path);
    throw new StackError(
      stack
        ? `A stack already runs on ${path}: ${stack.api_url} (process ${stack.pid}). Stop it first, or use another folder with --data DIR.`
        : `Another stack is starting or stopping on ${path}. Try again in a moment.`,
    );
  }
  return {
    path,
    processes: await openProcessRecord(processRecordPath(path)),
    /** Lets the next stack have it. */
    async release(): Promise<void> {
      await removeIfThere(processRecordPath(path));
      await lock.unlock();
      lock.close();
    },
  };
}

/** Stops the function that a killed stack left over; a pid that another process has by now is left alone. */
export async function stopLeftoverFunction(processes: ProcessRecord, log: Log): Promise<void> {
  const leftover = processes.previous.get("function");
  if (!leftover) return;
  if (!(await stopProcess(leftover, ["SIGKILL"], 5_000))) {
    log(`Process ${leftover.pid} of an earlier start does not end.`);
  }
}

/** Empties the folder for a new beginning; what it was locked by stays. */
export async function emptyDataFolder({ path }: DataFolder): Promise<void> {
  await removePostgresHome(path);
  for await (const entry of Deno.readDir(path)) {
    if (entry.name !== lockName) await removeIfThere(join(path, entry.name));
  }
}
