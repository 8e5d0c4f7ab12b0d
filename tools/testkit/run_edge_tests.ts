import { join } from "node:path";
import { unseenAnswers } from "../checks/openapi/coverage.ts";
import { openApiPath } from "../checks/openapi/document.ts";
import { jsonObject } from "../checks/openapi/json_object.ts";
import { findLeaks, secretsOfLog } from "../checks/secret_scan.ts";
import { startStack } from "../stack/embedded_stack.ts";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { redirectConsole } from "../stack/library_output.ts";
import { signal } from "../stack/process/processes.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { repository } from "../stack/repository.ts";
import { logLines, logToStderr, logToStdout } from "../stack/terminal.ts";
import { DETAILS } from "./harness/reference.ts";

/**
 * What each Deno needs. With `no-legacy-abort`, `request.signal` fires for clients that are gone, and not for all that were
 * answered; 2.1 does not know it. msw needs `BroadcastChannel`, which 2.1 has behind a flag, and a test the garbage
 * collector.
 */
const OPTIONS = {
  platform: ["-A", "--unstable-broadcast-channel", "--v8-flags=--expose-gc"],
  newest: ["-A", "--unstable-no-legacy-abort"],
};

/**
 * Runs the edge tests on one of the Denos against a stack of their own, and returns the exit code. It is not 0 either when
 * an answer was not as the OpenAPI document describes it, when a log holds a secret, or when a whole run did not see every
 * answer.
 * @param args of `deno test`; none for a whole run
 */
export async function runEdgeTests(which: "platform" | "newest", args: readonly string[]): Promise<number> {
  const deno = findDeno(which);
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-edge-" });
  await Deno.chmod(dataDir, 0o711);
  const [logPath, functionLogPath] = [join(dataDir, "test.log"), join(dataDir, "function.log")];
  const answersPath = join(dataDir, "answers");
  await Deno.writeTextFile(functionLogPath, "", { mode: 0o600 });
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
    ...{ root: repository, dataDir, port: 0, environment: {}, entrypoint: null, log: out },
  });
  const namesTests = args.some((argument) => !argument.startsWith("-") && /\.ts$|\//.test(argument));
  const child = new Deno.Command(deno.binary, {
    args: ["test", ...OPTIONS[which], ...args, ...(namesTests ? [] : ["supabase/functions/tests"])],
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

  const problems = await answerProblems(answersPath, args.length === 0);
  const { secret_key, publishable_key } = stack.record;
  const secrets = secretsOfLog({ keys: [secret_key, publishable_key], transcripts: [DETAILS.transcript] });
  for await (const { name } of Deno.readDir(dataDir)) {
    const path = join(dataDir, name);
    if (!name.endsWith(".log")) await Deno.remove(path, { recursive: true });
    else {
      for (const leak of findLeaks(await Deno.readTextFile(path), secrets)) {
        problems.push(`Line ${leak.line} of ${path} holds ${leak.name}. Nothing of the kind may be logged.`);
      }
    }
  }
  for (const problem of problems) logToStderr(problem);
  if (status.success && problems.length === 0) {
    await Deno.remove(dataDir, { recursive: true });
    return 0;
  }
  logToStderr(`What the run printed is kept in ${logPath}`);
  return status.code || 1;
}

/** How the answers that the tests saw differ from the OpenAPI document; of a whole run, also which they did not see. */
async function answerProblems(answersPath: string, isWhole: boolean): Promise<string[]> {
  const seen = (await Deno.readTextFile(answersPath)).split("\n");
  const wrong = seen.filter((line) => line.startsWith("! "))
    .map((line) => `Not as ${openApiPath} has it: ${line.slice(2)}`);
  if (!isWhole) return wrong;
  const document = jsonObject.parse(JSON.parse(await Deno.readTextFile(join(repository, openApiPath))));
  const { missing, outOfReach } = unseenAnswers(document, seen);
  for (const { answer, reason } of outOfReach) logToStdout(`No test sees ${answer}: ${reason}.`);
  return [
    ...wrong,
    ...missing.map((answer) => `${openApiPath} describes ${answer}, and no test has seen it.`),
  ];
}
