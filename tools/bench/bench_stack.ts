import { startSimulator } from "../simulator/simulator.ts";
import type { Environment } from "../stack/function/function_environment.ts";
import { redirectConsole } from "../stack/library_output.ts";
import { startTemporaryStack } from "../stack/temporary_stack.ts";
import type { Log } from "../stack/terminal.ts";
import { createLauncher, FUNCTION } from "./measured_process.ts";
import { createStorageMeter } from "./storage_meter.ts";

const SIMULATOR_KEY = "sk-bench-simulator";
/** More voices than any bench makes. */
const VOICE_LIMIT = 1_000_000;

export type BenchStack = Awaited<ReturnType<typeof startBenchStack>>;

/**
 * Brings up an embedded project: in this process, except the database and the functions. Its lines go to `log`; functions run
 * on the binary `deno`, the platform's by default.
 */
export async function startBenchStack(log: Log, deno?: string) {
  redirectConsole(log);
  await using stops = new AsyncDisposableStack();
  const storage = createStorageMeter();
  // Set to nothing, the address keeps the stack from starting a simulator of its own.
  const environment = { DASHSCOPE_BASE_URL: "" };
  const { record, ...stack } = await startTemporaryStack({ environment, intercept: storage.intercept, log });
  stops.defer(stack.stop);
  const simulator = await startSimulator({ apiKey: SIMULATOR_KEY, voiceLimit: VOICE_LIMIT });
  stops.defer(simulator.stop);
  const launcher = createLauncher({
    deno,
    supabaseUrl: record.supabase_url,
    publishableKey: record.publishable_key,
    secretKey: record.secret_key,
    simulator: { url: simulator.url, apiKey: SIMULATOR_KEY },
  });
  stops.use(launcher);
  const started = stops.move();
  return {
    record,
    /** Plays the provider; the real one is never called, whatever the environment says. */
    simulator,
    /** Counts what functions read of clips. */
    storage,
    /** Starts the function, or another entrypoint, with variables on top of its usual ones. */
    startFunction: (variables: Environment = {}, entrypoint = FUNCTION) =>
      launcher.start(entrypoint, variables),
    /** Stops whatever was started, functions too, and removes all of it; no function starts after that. */
    stop: () => started.disposeAsync(),
  };
}
