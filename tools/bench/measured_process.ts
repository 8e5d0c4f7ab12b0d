import { findDeno } from "../stack/function/deno_binaries.mjs";
import { type ListeningProcess, startListening } from "../stack/function/function_command.ts";
import {
  type Environment,
  functionEnvironment,
  machineEnvironment,
} from "../stack/function/function_environment.ts";
import { repository } from "../stack/repository.ts";

/** The file that is deployed. */
export const FUNCTION = "supabase/functions/api/index.ts";
/** A process of the same framework that does nothing: the baseline of starts and of throughput. */
export const BARE = "tools/bench/entrypoints/bare_hono.ts";

/** More voices and uploads than any bench asks for. */
const LIMITS = {
  CLONE_ATTEMPTS_PER_HOUR: "1000000",
  CLONE_LIMIT_PER_HOUR: "1000000",
  CLONE_LIMIT_PER_DAY: "1000000",
  UPLOAD_URL_LIMIT_PER_HOUR: "1000000",
};

type Started = {
  entrypoint: string;
  environment: Environment;
  deno?: string | undefined;
  ending: AbortSignal;
};

/**
 * Starts a file of the repository as the function is started, on the platform's Deno by default; `ending` ends it, whether it
 * listens by then or not.
 */
export async function startMeasuredProcess({ entrypoint, environment, deno, ending }: Started) {
  ending.throwIfAborted();
  const binary = deno ?? findDeno("platform").binary;
  return await startListening({ deno: binary, root: repository, entrypoint, environment, signal: ending });
}

type Project = Omit<Parameters<typeof functionEnvironment>[0], "environment">;

/** Starts processes with the function's variables for a project and a provider, and ends all of them when it is disposed. */
export function createLauncher({ deno, ending, variables: own, ...project }: Project & {
  deno: string | undefined;
  ending?: AbortSignal;
  /** More variables of each process. */
  variables?: Environment;
}) {
  const disposed = new AbortController();
  const signal = AbortSignal.any([disposed.signal, ...(ending ? [ending] : [])]);
  const usual = functionEnvironment({ environment: { ...machineEnvironment(), ...LIMITS }, ...project });
  const started: ListeningProcess[] = [];
  return {
    async start(entrypoint: string, variables?: Environment): Promise<ListeningProcess> {
      const environment = { ...usual, ...own, ...variables };
      const process = await startMeasuredProcess({ deno, entrypoint, environment, ending: signal });
      started.push(process);
      return process;
    },
    async [Symbol.asyncDispose]() {
      disposed.abort(new Error("The benches stop."));
      for (const process of started) await process.stop();
    },
  };
}
