import { join } from "node:path";
import { stopLeftoverFunction, takeDataFolder } from "../../stack/data_folder.ts";
import { logToStderr } from "../../stack/terminal.ts";
import { stopLeftoverPostgres } from "../../stack/postgres/postgres.ts";
import { removePostgresHome } from "../../stack/postgres/postgres_home.ts";
import { signal } from "../../stack/process/processes.ts";
import { whenAskedToStop } from "../../stack/process/stop_signals.ts";
import { repository } from "../../stack/repository.ts";
import { processRecordPath } from "../../stack/stack_record.ts";

const TESTS = ["tools/checks/deploy", "tools/commands/test_deploy.test.ts"];

/**
 * Runs the tests of the deploy, or those that the arguments of `deno test` name, and returns their exit code. What they
 * start and make goes with them, also when the run is stopped.
 */
export async function runDeployTests(args: readonly string[]): Promise<number> {
  const asked = whenAskedToStop();
  const temporary = await Deno.makeTempDir({ prefix: "voice-clone-api-deploy-" });
  // The user who runs PostgreSQL passes through.
  await Deno.chmod(temporary, 0o711);
  try {
    const namesTests = args.some((argument) => !argument.startsWith("-") && /\.ts$|\//.test(argument));
    const tests = new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", ...args, ...(namesTests ? [] : TESTS)],
      cwd: repository,
      env: { TMPDIR: temporary },
      stdin: "null",
      // A group of its own: Ctrl-C reaches this process alone, and the whole group can be ended at once.
      detached: true,
    }).spawn();
    const ended = await Promise.race([tests.status, asked]);
    if (typeof ended !== "string") return ended.code;
    logToStderr(`Stopped: ${ended}.`);
    signal(-tests.pid, "SIGKILL");
    await tests.status;
    return 1;
  } finally {
    await removeStacksIn(temporary);
  }
}

/** Removes a folder, after ending what stacks whose process is gone left running on data folders right below it. */
async function removeStacksIn(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (!(await Deno.stat(processRecordPath(path)).then(() => true, () => false))) continue;
    const data = await takeDataFolder(path);
    await stopLeftoverFunction(data.processes, logToStderr);
    await stopLeftoverPostgres(join(path, "postgres"), () => {});
    await removePostgresHome(path);
    await data.release();
  }
  await Deno.remove(folder, { recursive: true });
}
