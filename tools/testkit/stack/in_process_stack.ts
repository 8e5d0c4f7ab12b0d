import assert from "node:assert/strict";
import { join } from "node:path";
import { functionEnvironment, machineEnvironment } from "../../stack/function/function_environment.ts";
import { startFunctionProcess } from "../../stack/function/function_process.ts";
import { createFunctionProxy } from "../../stack/function/function_proxy.ts";
import { redirectConsole } from "../../stack/library_output.ts";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { signal } from "../../stack/process/processes.ts";
import { repository } from "../../stack/repository.ts";
import { startTemporaryStack } from "../../stack/temporary_stack.ts";
import type { Intercept } from "../../stack/supabase/gateway.ts";
import { eventually, killNow, processOf } from "./launched_stack.ts";

const entrypoint = join(repository, "supabase", "functions", "api", "index.ts");

export type InProcessStack = Awaited<ReturnType<typeof startInProcessStack>>;

/** The whole stack in this process: database, gateway, simulator, and the function as a process of its own. */
export async function startInProcessStack(
  options: { environment?: Record<string, string>; intercept?: Intercept } = {},
) {
  const logged: string[] = [];
  const log = (line: string) => void logged.push(line);
  redirectConsole(log);
  const environment = {
    ...machineEnvironment(),
    CLONE_ATTEMPTS_PER_HOUR: "100000",
    CLONE_LIMIT_PER_HOUR: "100000",
    CLONE_LIMIT_PER_DAY: "100000",
    ...options.environment,
  };
  const { intercept } = options;
  const { record, dataDir, reconfigure, stop } = await startTemporaryStack({
    environment,
    entrypoint,
    intercept,
    log,
    functionRestartDelaysMs: [0],
  });
  const sql = openDatabase(record.database_url);

  /** A process is recorded a moment after it was started. */
  async function recorded(name: "function" | "postgres") {
    await eventually(() => processOf(dataDir, name).then(() => true, () => false));
    return await processOf(dataDir, name);
  }

  return {
    record,
    dataDir,
    reconfigure,
    sql,
    environment,
    logged,
    /** Kills a process of the stack as `kill -9` does, and resolves once it is gone; the stack starts it again. */
    async kill(name: "function" | "postgres"): Promise<void> {
      const killed = await recorded(name);
      killNow(killed);
      const isGone = () => processOf(dataDir, name).then(({ pid }) => pid !== killed.pid, () => true);
      if (!(await eventually(isGone))) throw new Error(`The ${name} does not end.`);
    },
    /** Suspends the function where it is; the result wakes it. */
    async suspendFunction(): Promise<() => void> {
      const { pid } = await recorded("function");
      signal(pid, "SIGSTOP");
      return () => signal(pid, "SIGCONT");
    },
    async stop(): Promise<void> {
      await sql.end({ timeout: 1 });
      await stop();
    },
  };
}

/**
 * Starts a process of the function beside the stack's own, as a platform does under load. Only for a stack whose provider
 * is a stand-in of the caller's.
 */
export async function startSecondFunction({ record, environment, logged }: InProcessStack) {
  const edge = startFunctionProcess({
    root: repository,
    entrypoint,
    environment: functionEnvironment({
      environment,
      supabaseUrl: record.supabase_url,
      publishableKey: record.publishable_key,
      secretKey: record.secret_key,
      simulator: null,
    }),
    restartDelaysMs: [0],
    log: (line) => logged.push(line),
  });
  const ask = createFunctionProxy({ port: edge.port, patienceMs: 30_000 });
  const health = await ask(new Request(`${record.supabase_url}/functions/v1/api/health`));
  assert.equal(health.status, 200, await health.text());
  return {
    apiUrl: `http://127.0.0.1:${edge.port()}/api`,
    stop: () => edge.stop(),
  };
}
