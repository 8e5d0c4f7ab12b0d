// `npm run test:deploy`: the tests of the deploy. What they start and make goes with them, also when they are stopped.
import { repository } from "../stack/repository.ts";
import { logToStderr } from "../stack/terminal.ts";
import { signal } from "../stack/process/processes.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { removeTestFolder } from "../checks/deploy/test_folder.ts";

/** Runs the tests in a process of their own, with a temporary folder of their own, and gives their exit code. */
async function main(): Promise<number> {
  const asked = whenAskedToStop();
  const temporary = await Deno.makeTempDir({ prefix: "voice-clone-api-deploy-" });
  // The user who runs PostgreSQL passes through.
  await Deno.chmod(temporary, 0o711);
  try {
    const paths = Deno.args.some((argument) => !argument.startsWith("-") && /\.ts$|\//.test(argument));
    const tests = new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        ...Deno.args,
        ...(paths ? [] : ["tools/checks/deploy", "tools/commands/test_deploy.test.ts"]),
      ],
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
    await removeTestFolder(temporary);
  }
}

Deno.exit(await main());
