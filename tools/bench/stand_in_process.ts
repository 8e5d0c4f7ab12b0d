import type { Environment } from "../stack/function/function_environment.ts";
import type { RunOptions } from "./bench.ts";
import { benchEnvironment, machineEnvironment } from "./bench_environment.ts";
import { type DenoProcess, startDenoProcess } from "./deno_process.ts";
import { createSigner } from "./signer.ts";
import { GATHER_PATH, type StandInOptions } from "./stand_in.ts";
import { repository } from "../stack/repository.ts";

/** The variable that tells the stand-in's process how slow to be. */
export const STAND_IN_VARIABLE = "STAND_IN";

/** A project and a provider that answer at once, or as late as was asked, and a user of that project. */
export type StandIn = Pick<DenoProcess, "pid" | "url"> & {
  /** Those of a request of the user, with a body in JSON. */
  headers: { authorization: string; "content-type": string };
  /** From now on the provider begins with no create before it has so many. */
  gather(creates: number): Promise<void>;
  /**
   * Starts a file in a process of its own, as the function of this project: with the keys of its tokens, too.
   * @param entrypoint a path from the repository
   */
  start(entrypoint: string, variables?: Environment): Promise<DenoProcess>;
};

/**
 * Runs `use` with a stand-in in a process of its own, then stops that and all it started; `ending` ends them at once. Without
 * other options the stand-in answers at once.
 */
export async function withStandIn<Result>(
  { projectMs = 0, providerMs = 0, ending, deno }:
    & Partial<StandInOptions>
    & Pick<RunOptions, "ending" | "deno">,
  use: (standIn: StandIn) => Promise<Result>,
): Promise<Result> {
  const started: DenoProcess[] = [];
  const start = async (deno: string | undefined, entrypoint: string, environment: Environment) => {
    const process = await startDenoProcess({ deno, root: repository, entrypoint, environment, ending });
    started.push(process);
    return process;
  };
  try {
    const { pid, url } = await start(Deno.execPath(), "tools/bench/stand_in_server.ts", {
      ...machineEnvironment(),
      [STAND_IN_VARIABLE]: JSON.stringify({ projectMs, providerMs } satisfies StandInOptions),
    });
    const signer = await createSigner(url);
    const environment = {
      ...benchEnvironment({
        supabaseUrl: url,
        publishableKey: "sb_publishable_bench",
        secretKey: "sb_secret_bench",
        simulator: { url, apiKey: "sk-bench-stand-in" },
      }),
      SUPABASE_JWKS: signer.jwks,
    };
    return await use({
      pid,
      url,
      headers: {
        authorization: `Bearer ${await signer.sign(crypto.randomUUID())}`,
        "content-type": "application/json",
      },
      async gather(creates) {
        await (await fetch(url + GATHER_PATH, { method: "POST", body: `${creates}` })).body?.cancel();
      },
      start: (entrypoint, variables = {}) => start(deno, entrypoint, { ...environment, ...variables }),
    });
  } finally {
    for (const process of started.reverse()) await process.stop();
  }
}
