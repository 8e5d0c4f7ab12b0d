import { join } from "node:path";
import { StackError } from "../stack/data_folder.ts";
import { readEnvironment, standaloneEnvironment } from "../stack/function/function_environment.ts";
import { startFunctionProcess } from "../stack/function/function_process.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { parsePort } from "../stack/process/ports.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { repository } from "../stack/repository.ts";

// Beside the embedded stack's 54321, so that both can run at once.
const defaultPort = 8_000;

/** Runs the function alone, against the Supabase project that the environment or `.env` names. */
async function main(): Promise<void> {
  const environment = await readEnvironment(join(repository, ".env"));
  if (!environment["SUPABASE_URL"]) {
    throw new StackError(
      "Set SUPABASE_URL and the project's keys first, in the environment or in .env; .env.example explains them.",
    );
  }
  const port = parsePort(environment["PORT"], defaultPort);
  const asked = whenAskedToStop();
  const edge = startFunctionProcess({
    root: repository,
    entrypoint: join(repository, "supabase", "functions", "api", "index.ts"),
    environment: standaloneEnvironment(environment),
    port,
    log: logToStdout,
  });
  logToStdout(`The function is at http://127.0.0.1:${port}/api (PORT moves it). Ctrl-C stops it.`);
  await asked;
  await edge.stop();
}

try {
  await main();
  Deno.exit(0);
} catch (error) {
  logToStderr(messageOf(error));
  Deno.exit(1);
}
