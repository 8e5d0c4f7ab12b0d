import { type Simulator, startSimulator } from "../simulator/simulator.ts";
import type { Environment } from "../stack/function/function_environment.ts";
import { redirectConsole } from "../stack/library_output.ts";
import type { Log } from "../stack/terminal.ts";
import { startStack } from "../stack/embedded_stack.ts";
import type { StackRecord } from "../stack/stack_record.ts";
import { benchEnvironment } from "./bench_environment.ts";
import { type MeasuredFunction, startMeasuredFunction } from "./measured_function.ts";
import { createStorageMeter, type StorageMeter } from "./storage_meter.ts";
import { repository } from "../stack/repository.ts";

/** An embedded project for benches: in this process, but for the database and the functions. */
export type BenchStack = {
  record: StackRecord;
  /** Plays the provider; the real one is never asked, whatever the environment says. */
  simulator: Simulator;
  /** Counts what functions read of clips. */
  storage: StorageMeter;
  /**
   * Starts the function, with more variables than it has by itself.
   * @param entrypoint a path from the repository; what is deployed by default
   */
  startFunction(variables?: Environment, entrypoint?: string): Promise<MeasuredFunction>;
  /** Stops what was started, functions too, and removes all of it; none can be started any more. */
  stop(): Promise<void>;
};

const simulatorKey = "sk-bench-simulator";
/** More voices than any bench makes. */
const voiceLimit = 1_000_000;

/**
 * Brings up a stack in a temporary folder. `log` takes what it writes; `deno` is the binary that functions run on, the
 * platform's when left out.
 */
export async function startBenchStack(log: Log, deno?: string): Promise<BenchStack> {
  redirectConsole(log);
  const stops: (() => Promise<void>)[] = [];
  const ending = new AbortController();
  const stop = async () => {
    ending.abort(new Error("The stack of the benches stops."));
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-bench-" });
    stops.push(() => Deno.remove(dataDir, { recursive: true }));
    // PostgreSQL may run as another user, which has to reach its files in there.
    await Deno.chmod(dataDir, 0o711);
    const storage = createStorageMeter();
    const stack = await startStack({
      root: repository,
      dataDir,
      port: 0,
      // Set to nothing: the stack's own simulator is not wanted.
      environment: { DASHSCOPE_BASE_URL: "" },
      entrypoint: null,
      intercept: storage.intercept,
      log,
    });
    stops.push(stack.stop);
    const { record } = stack;
    const simulator = await startSimulator({ apiKey: simulatorKey, voiceLimit });
    stops.push(simulator.stop);

    return {
      record,
      simulator,
      storage,
      async startFunction(variables = {}, entrypoint = "supabase/functions/api/index.ts") {
        const started = await startMeasuredFunction({
          deno,
          root: repository,
          entrypoint,
          ending: ending.signal,
          environment: {
            ...benchEnvironment({
              supabaseUrl: record.supabase_url,
              publishableKey: record.publishable_key,
              secretKey: record.secret_key,
              simulator: { url: simulator.url, apiKey: simulatorKey },
            }),
            ...variables,
          },
        });
        stops.push(started.stop);
        return started;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
