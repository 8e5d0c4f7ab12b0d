import { join, resolve } from "node:path";
import { readEnvironment } from "../../stack/function/function_environment.ts";
import { redirectConsole } from "../../stack/library_output.ts";
import type { Log } from "../../stack/terminal.ts";
import { startStack } from "../../stack/embedded_stack.ts";
import { readStack } from "../../stack/stack_record.ts";
import type { OwnStack, RunningStack } from "./target.ts";
import { repository } from "../../stack/repository.ts";

/** The living stack on a data folder, `.local` of the repository by default, or null. */
export async function runningStack(
  dataDir: string | undefined,
  callerFolder: string,
): Promise<RunningStack | null> {
  return await readStack(dataDir === undefined ? join(repository, ".local") : resolve(callerFolder, dataDir));
}

/** The provider that the environment, or the `.env` file, asks for by name. */
export async function wantedProvider(): Promise<string | undefined> {
  return (await readEnvironment(join(repository, ".env")))["TTS_PROVIDER_MODE"] || undefined;
}

/**
 * Brings up a stack on a free port, with its data in a temporary folder that goes with it. `log` takes what the stack
 * and the function write.
 */
export async function startOwnStack(log: Log): Promise<OwnStack> {
  redirectConsole(log);
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-smoke-" });
  // PostgreSQL may run as another user, which has to reach its files in there.
  await Deno.chmod(dataDir, 0o711);
  const remove = () => Deno.remove(dataDir, { recursive: true });
  try {
    const { record, stop } = await startStack({
      root: repository,
      dataDir,
      port: 0,
      environment: await readEnvironment(join(repository, ".env")),
      entrypoint: join(repository, "supabase", "functions", "api", "index.ts"),
      log,
    });
    return { record, stop: () => stop().finally(remove) };
  } catch (error) {
    await remove();
    throw error;
  }
}
