import type { ListeningProcess } from "../stack/function/function_command.ts";
import { machineEnvironment } from "../stack/function/function_environment.ts";
import { createKeysOf } from "../testkit/signing_keys.ts";
import type { RunOptions } from "./bench_run.ts";
import { createLauncher, startMeasuredProcess } from "./measured_process.ts";
import { GATHER_PATH, STAND_IN_VARIABLE, type StandInOptions } from "./stand_in.ts";

/** A project and a provider that answer at once, or after a set delay, and a user of that project. */
export type StandIn = Pick<ListeningProcess, "pid" | "url"> & {
  /** Headers of the user's requests, with a body in JSON. */
  headers: { authorization: string; "content-type": string };
  /** From now on the provider waits for this many creates before it begins with any. */
  gather(creates: number): Promise<void>;
  /** Starts a file in its own process as the function of this project, which has the keys of its tokens. */
  start: ReturnType<typeof createLauncher>["start"];
};

/**
 * Runs `use` with a stand-in in its own process, then stops that and all it started; `ending` ends them at once. By default
 * the stand-in answers at once.
 */
export async function withStandIn<Result>(
  { projectMs = 0, providerMs = 0, ending, deno }:
    & Partial<StandInOptions>
    & Pick<RunOptions, "ending" | "deno">,
  use: (standIn: StandIn) => Promise<Result>,
): Promise<Result> {
  const server = await startMeasuredProcess({
    deno: Deno.execPath(),
    entrypoint: "tools/bench/entrypoints/stand_in_server.ts",
    environment: {
      ...machineEnvironment(),
      [STAND_IN_VARIABLE]: JSON.stringify({ projectMs, providerMs } satisfies StandInOptions),
    },
    ending,
  });
  await using stops = new AsyncDisposableStack();
  stops.defer(server.stop);
  const { pid, url } = server;
  const keys = await createKeysOf(url);
  const launcher = stops.use(createLauncher({
    deno,
    ending,
    variables: { SUPABASE_JWKS: keys.jwks },
    supabaseUrl: url,
    publishableKey: "sb_publishable_bench",
    secretKey: "sb_secret_bench",
    simulator: { url, apiKey: "sk-bench-stand-in" },
  }));
  return await use({
    pid,
    url,
    headers: {
      authorization: `Bearer ${await keys.sign(crypto.randomUUID())}`,
      "content-type": "application/json",
    },
    async gather(creates) {
      await (await fetch(url + GATHER_PATH, { method: "POST", body: `${creates}` })).body?.cancel();
    },
    start: launcher.start,
  });
}
