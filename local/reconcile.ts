// `npm run reconcile`: the provider's list against rows and ledger, batch by batch until nothing is left to do.
import { resolve } from "node:path";
import { logToStderr, logToStdout, messageOf } from "./log.ts";
import { reconcileAll } from "./reconcile/batches.ts";
import { parseOptions, type ReconcileOptions, usage } from "./reconcile/options.ts";
import { startProgress } from "./reconcile/progress.ts";
import { exitCode, summarize } from "./reconcile/summary.ts";
import { readStack } from "./stack_record.ts";

const root = resolve(import.meta.dirname ?? ".", "..");
// npm runs scripts in the repository's folder; a relative path means the caller's.
const callerFolder = Deno.env.get("INIT_CWD") ?? Deno.cwd();

async function findTarget(asked: ReconcileOptions): Promise<{ api: string; key: string }> {
  if (asked.api !== undefined) {
    const key = Deno.env.get("SUPABASE_SECRET_KEY");
    if (!key) {
      throw new Error("--api needs the project's secret key in the environment: SUPABASE_SECRET_KEY.");
    }
    return { api: asked.api, key };
  }
  const folder = asked.dataDir === undefined ? resolve(root, ".local") : resolve(callerFolder, asked.dataDir);
  const stack = await readStack(folder);
  if (!stack) {
    throw new Error(`No stack runs on ${folder}. Start one with npm start, or name an API with --api.`);
  }
  return { api: stack.api_url, key: stack.secret_key };
}

async function main(): Promise<number> {
  try {
    const asked = parseOptions(Deno.args);
    if (asked.help) {
      logToStdout(usage);
      return 0;
    }
    const target = await findTarget(asked);
    const progress = startProgress({ print: logToStderr, atOnce: Deno.stderr.isTerminal() });
    const report = await reconcileAll({ ...target, request: asked.request, onBatch: progress.batch })
      .finally(progress.stop);
    logToStdout(asked.json ? JSON.stringify(report) : summarize(report, asked.request));
    return exitCode(report, asked.request);
  } catch (error) {
    logToStderr(messageOf(error));
    return 1;
  }
}

Deno.exit(await main());
