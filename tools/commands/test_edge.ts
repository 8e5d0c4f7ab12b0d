import { join } from "node:path";
import { DETAILS } from "../testkit/harness/reference.ts";
import { takeDeno } from "../stack/function/deno_option.ts";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { redirectConsole } from "../stack/library_output.ts";
import { logLines, logToStderr, logToStdout } from "../stack/terminal.ts";
import { unseenAnswers } from "../checks/openapi/coverage.ts";
import { openApiPath } from "../checks/openapi/document.ts";
import { jsonObject } from "../checks/openapi/json.ts";
import { signal } from "../stack/process/processes.ts";
import { findLeaks, secretsOfLog } from "../checks/secret_scan.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { startStack } from "../stack/embedded_stack.ts";
import { repository } from "../stack/repository.ts";

/**
 * 2.1 has `BroadcastChannel`, which msw needs, behind a flag; a test runs the garbage collector. With `no-legacy-abort`,
 * `request.signal` aborts only for clients that are gone, not after every answer; 2.1 has no such option.
 */
const OPTIONS = {
  platform: ["-A", "--unstable-broadcast-channel", "--v8-flags=--expose-gc"],
  newest: ["-A", "--unstable-no-legacy-abort"],
};

/** Runs the edge tests on their own stack, on the platform's Deno or with `--deno newest`; returns the exit code. */
async function main(): Promise<number> {
  const [which, args] = takeDeno(Deno.args);
  const deno = findDeno(which);
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-edge-" });
  await Deno.chmod(dataDir, 0o711);
  const logPath = join(dataDir, "test.log");
  const functionLogPath = join(dataDir, "function.log");
  await Deno.writeTextFile(functionLogPath, "", { mode: 0o600 });
  const answersPath = join(dataDir, "answers");
  await Deno.writeTextFile(answersPath, "");
  const logFile = await Deno.open(logPath, { create: true, append: true, mode: 0o600 });
  const tee = (show: (line: string) => void) => (line: string) => {
    logFile.writeSync(new TextEncoder().encode(`${line}\n`));
    show(line);
  };
  const [out, err] = [tee(logToStdout), tee(logToStderr)];
  logToStdout(`Edge tests on Deno ${deno.version}.`);
  const asked = whenAskedToStop();
  redirectConsole(tee(() => {}));

  const stack = await startStack({
    root: repository,
    dataDir,
    port: 0,
    environment: {},
    entrypoint: null,
    log: out,
  });
  const paths = args.some((argument) => !argument.startsWith("-") && /\.ts$|\//.test(argument));
  const child = new Deno.Command(deno.binary, {
    args: ["test", ...OPTIONS[which], ...args, ...(paths ? [] : ["supabase/functions/tests"])],
    cwd: repository,
    env: {
      ...(Deno.stdout.isTerminal() ? {} : { NO_COLOR: "1" }),
      TEST_STACK: JSON.stringify(stack.record),
      TEST_LOG: logPath,
      TEST_FUNCTION_LOG: functionLogPath,
      TEST_ANSWERS: answersPath,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  void asked.then(() => signal(child.pid, "SIGTERM"));
  const [status] = await Promise.all([
    child.status,
    logLines(child.stdout, out),
    logLines(child.stderr, err),
  ]);
  await stack.stop();
  logFile.close();

  const seen = (await Deno.readTextFile(answersPath)).split("\n");
  const document = jsonObject.parse(JSON.parse(await Deno.readTextFile(join(repository, openApiPath))));
  const { missing, outOfReach } = unseenAnswers(document, seen);
  const whole = args.length === 0;
  const wrong = seen.filter((line) => line.startsWith("! ")).map((line) => line.slice(2));
  for (const problem of wrong) logToStderr(`Not as ${openApiPath} describes it: ${problem}`);
  if (whole) {
    for (const { answer, reason } of outOfReach) logToStdout(`No test sees ${answer}: ${reason}.`);
    for (const answer of missing) logToStderr(`${openApiPath} describes ${answer}, which no test has seen.`);
  }

  const logs: string[] = [];
  for await (const { name } of Deno.readDir(dataDir)) {
    if (name.endsWith(".log")) logs.push(join(dataDir, name));
    else await Deno.remove(join(dataDir, name), { recursive: true });
  }

  const { secret_key, publishable_key } = stack.record;
  const secrets = secretsOfLog({ keys: [secret_key, publishable_key], transcripts: [DETAILS.transcript] });
  let leaks = 0;
  for (const path of logs) {
    for (const { name, line } of findLeaks(await Deno.readTextFile(path), secrets)) {
      logToStderr(`Line ${line} of ${path} holds ${name}. It must not be logged.`);
      leaks++;
    }
  }
  if (status.success && leaks === 0 && wrong.length === 0 && !(whole && missing.length > 0)) {
    await Deno.remove(dataDir, { recursive: true });
    return 0;
  }
  logToStderr(`The output of this run is in ${logPath}`);
  return status.code || 1;
}

Deno.exit(await main());
