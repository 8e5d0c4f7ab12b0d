import { type Simulator, startSimulator } from "../simulator/simulator.ts";
import { startStack } from "../stack/embedded_stack.ts";
import type { Environment } from "../stack/function/function_environment.ts";
import { redirectConsole } from "../stack/library_output.ts";
import { repository } from "../stack/repository.ts";
import type { StackRecord } from "../stack/stack_record.ts";
import type { Log } from "../stack/terminal.ts";
import {
  benchEnvironment,
  FUNCTION,
  type MeasuredProcess,
  startMeasuredProcess,
} from "./measured_process.ts";
import { createStorageMeter, type StorageMeter } from "./storage_meter.ts";

/** An embedded project for benches: in this process, except the database and the functions. */
export type BenchStack = {
  record: StackRecord;
  /** Plays the provider; the real one is never called, whatever the environment says. */
  simulator: Simulator;
  /** Counts what functions read of clips. */
  storage: StorageMeter;
  /** Starts the function, or another entrypoint, with variables on top of its usual ones. */
  startFunction(variables?: Environment, entrypoint?: string): Promise<MeasuredProcess>;
  /** Stops whatever was started, functions too, and removes all of it; no function starts after that. */
  stop(): Promise<void>;
};

const simulatorKey = "sk-bench-simulator";
/** More voices than any bench makes. */
const voiceLimit = 1_000_000;

/**
 * Brings up a stack in a temporary folder. `log` takes its lines; functions run on the binary `deno`, the platform's by
 * default.
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
      // Set to nothing, which keeps the stack from starting a simulator of its own.
      environment: { DASHSCOPE_BASE_URL: "" },
      entrypoint: null,
      intercept: storage.intercept,
      log,
    });
    stops.push(stack.stop);
    const { record } = stack;
    const simulator = await startSimulator({ apiKey: simulatorKey, voiceLimit });
    stops.push(simulator.stop);
    const usual = benchEnvironment({
      supabaseUrl: record.supabase_url,
      publishableKey: record.publishable_key,
      secretKey: record.secret_key,
      simulator: { url: simulator.url, apiKey: simulatorKey },
    });
    return {
      record,
      simulator,
      storage,
      async startFunction(variables = {}, entrypoint = FUNCTION) {
        const environment = { ...usual, ...variables };
        const started = await startMeasuredProcess({ deno, entrypoint, environment, ending: ending.signal });
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
