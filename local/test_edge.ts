import { dirname, join } from "node:path";
import { redirectConsole } from "./library_output.ts";
import { logLines, logToStderr, logToStdout } from "./log.ts";
import { signal } from "./processes.ts";
import { whenAskedToStop } from "./signals.ts";
import { startStack } from "./stack.ts";

/** Runs the edge tests with the arguments of this command against a stack of their own, and gives their exit code. */
async function main(): Promise<number> {
  const root = dirname(import.meta.dirname ?? ".");
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-edge-" });
  await Deno.chmod(dataDir, 0o711);
  const logFile = await Deno.open(join(dataDir, "test.log"), { create: true, append: true, mode: 0o600 });
  const encoder = new TextEncoder();
  const tee = (show: (line: string) => void) => (line: string) => {
    logFile.writeSync(encoder.encode(`${line}\n`));
    show(line);
  };
  const [out, err] = [tee(logToStdout), tee(logToStderr)];
  const asked = whenAskedToStop();
  redirectConsole(err);

  const stack = await startStack({ root, dataDir, port: 0, environment: {}, entrypoint: null, log: out });
  const paths = Deno.args.some((argument) => !argument.startsWith("-") && /\.ts$|\//.test(argument));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...Deno.args, ...(paths ? [] : ["supabase/functions/tests"])],
    cwd: root,
    env: { TEST_STACK: JSON.stringify(stack.record), TEST_LOG: join(dataDir, "test.log") },
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
  if (status.success) await Deno.remove(dataDir, { recursive: true });
  else logToStderr(`What the run printed is kept in ${join(dataDir, "test.log")}`);
  return status.code;
}

Deno.exit(await main());
