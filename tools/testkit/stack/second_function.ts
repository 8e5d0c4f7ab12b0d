import assert from "node:assert/strict";
import { functionEnvironment } from "../../stack/function/function_environment.ts";
import { startFunctionProcess } from "../../stack/function/function_process.ts";
import { createFunctionProxy } from "../../stack/function/function_proxy.ts";
import { entrypoint, type FinalizeStack } from "./finalize_stack.ts";
import { repository } from "../../stack/repository.ts";

/** How long its first answer is waited for, in milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * Starts a process of the function beside the stack's own, as a platform does when there is more to do. Only for a stack
 * whose provider is a stand-in of the caller's.
 */
export async function startSecondFunction({ record, environment, logged }: FinalizeStack) {
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
  const ask = createFunctionProxy({ port: edge.port, patienceMs: PATIENCE_MS });
  const health = await ask(new Request(`${record.supabase_url}/functions/v1/api/health`));
  assert.equal(health.status, 200, await health.text());
  return {
    /** Base URL of its routes. */
    apiUrl: `http://127.0.0.1:${edge.port()}/api`,
    stop: () => edge.stop(),
  };
}
