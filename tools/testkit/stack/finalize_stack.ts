import { join } from "node:path";
import { openDatabase } from "../../stack/postgres/database.ts";
import type { Intercept } from "../../stack/supabase/gateway.ts";
import { redirectConsole } from "../../stack/library_output.ts";
import { signal } from "../../stack/processes.ts";
import { type Stack, startStack } from "../../stack/stack.ts";
import { eventually, killNow, processOf } from "./launch.ts";
import { repository } from "../../stack/repository.ts";

/** The function's file. */
export const entrypoint = join(repository, "supabase", "functions", "api", "index.ts");

/** The whole stack in this process: database, gateway, simulator, and the function as a process of its own. */
export async function startFinalizeStack(
  options: { environment?: Record<string, string>; intercept?: Intercept } = {},
) {
  const logged: string[] = [];
  redirectConsole((line) => logged.push(line));
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-finalize-" });
  // PostgreSQL may run as another user, which has to reach its files in there.
  await Deno.chmod(dataDir, 0o711);
  const environment = {
    ...ofThisMachine(),
    CLONE_ATTEMPTS_PER_HOUR: "100000",
    CLONE_LIMIT_PER_HOUR: "100000",
    CLONE_LIMIT_PER_DAY: "100000",
    ...options.environment,
  };
  const started = await startStack({
    root: repository,
    dataDir,
    port: 0,
    environment,
    entrypoint,
    functionRestartDelaysMs: [0],
    intercept: options.intercept,
    log: (line) => logged.push(line),
  }).catch(async (error) => {
    await Deno.remove(dataDir, { recursive: true });
    throw error;
  });
  const { reconfigure } = started;
  return { ...withParts(started, dataDir), reconfigure, dataDir, environment, logged };
}

export type FinalizeStack = Awaited<ReturnType<typeof startFinalizeStack>>;

function withParts(stack: Stack, dataDir: string) {
  const sql = openDatabase(stack.record.database_url);
  return {
    record: stack.record,
    /** A pool as the database's owner. */
    sql,
    /** Kills a process of the stack as `kill -9` does, and resolves once it is gone; the stack starts it again. */
    async kill(name: "function" | "postgres"): Promise<void> {
      const killed = await recorded(dataDir, name);
      killNow(killed);
      const isGone = () => processOf(dataDir, name).then(({ pid }) => pid !== killed.pid, () => true);
      if (!(await eventually(isGone))) throw new Error(`The ${name} does not end.`);
    },
    /** Suspends the function where it is, and gives what wakes it again. */
    async suspendFunction(): Promise<() => void> {
      const { pid } = await recorded(dataDir, "function");
      signal(pid, "SIGSTOP");
      return () => signal(pid, "SIGCONT");
    },
    async stop(): Promise<void> {
      await sql.end({ timeout: 1 });
      await stack.stop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** A process is recorded a moment after it was started. */
async function recorded(dataDir: string, name: "function" | "postgres") {
  await eventually(() => processOf(dataDir, name).then(() => true, () => false));
  return await processOf(dataDir, name);
}

/** What Deno needs; nothing that would choose another provider. */
function ofThisMachine(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) => /^(PATH|HOME|DENO_.*)$/.test(name)),
  );
}
