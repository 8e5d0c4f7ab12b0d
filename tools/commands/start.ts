import { parseArgs } from "node:util";
import { join, resolve } from "node:path";
import { z } from "zod";
import { StackError } from "../stack/data_folder.ts";
import { chooseProvider, readEnvironment } from "../stack/function/function_environment.ts";
import { redirectConsole } from "../stack/library_output.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { parsePort } from "../stack/process/ports.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { type Stack, startStack } from "../stack/embedded_stack.ts";
import type { StackRecord } from "../stack/stack_record.ts";
import { repository } from "../stack/repository.ts";

const languages = z.object({ provider: z.enum(["qwen", "modal"]) });

const usage = `Runs Supabase, the function and a simulator of the speech provider on this machine.

  npm start [-- options]

  --data DIR    keep everything in DIR instead of .local
  --fresh       delete what is there and start over
  --help        this text

As root, where PostgreSQL's own user cannot enter this folder, the database lies under /var/tmp and the data folder links
to it; --fresh removes it there as well.

PORT moves the gateway (54321). The variables in .env.example configure the function.`;

/** Who plays the provider, by the function itself, which alone knows its configuration; null when that is not valid. */
async function providerOf(
  { supabase_url, simulator_url }: StackRecord,
  { simulate }: { simulate: boolean },
): Promise<string | null> {
  const signal = AbortSignal.timeout(5_000);
  const response = await fetch(`${supabase_url}/api/languages`, { signal }).catch(() => null);
  const body = languages.safeParse(await response?.json().catch(() => null)).data;
  if (!response?.ok || !body) return null;
  if (body.provider === "modal") return "modal, which keeps no voices (TTS_PROVIDER_MODE)";
  const player = simulate ? "the simulator" : "a stand-in of yours";
  return simulator_url ? `qwen, by ${player} at ${simulator_url}` : "qwen at Alibaba Cloud, for real money";
}

function banner(
  { api_url, supabase_url, publishable_key }: StackRecord,
  seconds: string,
  provider: string | null,
): string {
  const played = provider ?? "none: the configuration is not valid; the line config.invalid says why";
  const tryIt = provider === null ? "Only /health answers, until you correct it and start again." : `Try it:
  curl ${supabase_url}/api/health
  curl ${supabase_url}/api/languages
  npm run smoke          in another terminal: clones a voice and has it speak`;
  return `
Ready in ${seconds} s. Ctrl-C stops everything.

  API        ${api_url}   (short: ${supabase_url}/api)
  Supabase   ${supabase_url}
  Key        ${publishable_key}   (publishable; send it as "apikey")
  Provider   ${played}

${tryIt}
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
  const environment = await readEnvironment(join(repository, ".env"));
  const asked = whenAskedToStop();
  let stopping = false;
  void asked.then(() => stopping = true);
  redirectConsole((line) => logToStderr(`supabase: ${line}`));
  const stack: Stack | null = await startStack({
    root: repository,
    // npm runs scripts in the repository's folder; a relative path means the caller's.
    dataDir: resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), values.data ?? join(repository, ".local")),
    port: parsePort(environment["PORT"], 54_321),
    fresh: values.fresh ?? false,
    environment,
    entrypoint: join(repository, "supabase", "functions", "api", "index.ts"),
    log: logToStdout,
  }).catch((error) => {
    // Ctrl-C reaches what is being set up as well, and its complaints are no news.
    if (stopping) return null;
    throw error;
  });
  if (!stack) {
    logToStdout("Stopped before it was up.");
    return 130;
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  logToStdout(banner(stack.record, seconds, await providerOf(stack.record, chooseProvider(environment))));
  await asked;
  logToStdout("Stopping.");
  await stack.stop();
  return 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  const isForPerson = error instanceof StackError || (error instanceof TypeError && "code" in error);
  logToStderr(!isForPerson && error instanceof Error ? error.stack ?? error.message : messageOf(error));
  Deno.exit(1);
}
