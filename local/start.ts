import { parseArgs } from "node:util";
import { dirname, join, resolve } from "node:path";
import { StackError } from "./data_folder.ts";
import { readEnvironment } from "./function_environment.ts";
import { redirectConsole } from "./library_output.ts";
import { logToStderr, logToStdout, messageOf } from "./log.ts";
import { parsePort } from "./port.ts";
import { whenAskedToStop } from "./signals.ts";
import { type Stack, startStack } from "./stack.ts";
import type { StackRecord } from "./stack_record.ts";

const usage = `Runs Supabase, the function and a simulator of the speech provider on this machine.

  npm start [-- options]

  --data DIR    keep everything in DIR instead of .local
  --fresh       throw away what is there and begin anew
  --help        this text

PORT moves the gateway (54321). The variables in .env.example configure the function.`;

function banner(
  { api_url, supabase_url, publishable_key, simulator_url }: StackRecord,
  seconds: string,
): string {
  const provider = simulator_url ? `a stand-in at ${simulator_url}` : "Alibaba Cloud, for real money";
  return `
Ready in ${seconds} s. Ctrl-C stops everything.

  API        ${api_url}   (short: ${supabase_url}/api)
  Supabase   ${supabase_url}
  Key        ${publishable_key}   (publishable; send it as "apikey")
  Provider   ${provider}

Try it:
  curl ${supabase_url}/api/health
  curl ${supabase_url}/api/languages
  npm run smoke          in another terminal: clones a voice from end to end
`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { data: { type: "string" }, fresh: { type: "boolean" }, help: { type: "boolean" } },
  });
  if (values.help) {
    logToStdout(usage);
    return 0;
  }
  const started = performance.now();
  const root = dirname(import.meta.dirname ?? ".");
  const environment = await readEnvironment(join(root, ".env"));
  const asked = whenAskedToStop();
  redirectConsole(logToStderr);
  const stack: Stack = await startStack({
    root,
    // npm runs scripts in the repository's folder; a relative path means the caller's.
    dataDir: resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), values.data ?? join(root, ".local")),
    port: parsePort(environment["PORT"], 54_321),
    fresh: values.fresh ?? false,
    environment,
    entrypoint: join(root, "supabase", "functions", "api", "index.ts"),
    log: logToStdout,
  });
  logToStdout(banner(stack.record, ((performance.now() - started) / 1_000).toFixed(1)));
  await asked;
  logToStdout("Stopping.");
  await stack.stop();
  return 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  if (error instanceof StackError || error instanceof TypeError && "code" in error) {
    logToStderr(messageOf(error));
  } else {
    logToStderr(error instanceof Error ? error.stack ?? error.message : String(error));
  }
  Deno.exit(1);
}
