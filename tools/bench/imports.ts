import { machineEnvironment } from "../stack/function/function_environment.ts";
import { join } from "node:path";
import { z } from "zod";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { repository } from "../stack/repository.ts";
import type { Bench, RunOptions } from "./bench_run.ts";
import { compared } from "./figures.ts";
import { median } from "./turns.ts";

const FULL = { warmUps: 2, processes: 21 };
const ONCE = { warmUps: 0, processes: 1 };

const printed = z.array(z.tuple([z.string(), z.number()]));

/** The steps of one fresh process, with their milliseconds. */
async function stepsOfOne({ ending, deno = findDeno("platform").binary }: RunOptions) {
  ending.throwIfAborted();
  const steps = join(repository, "tools/bench/entrypoints/import_steps.ts");
  const { success, stdout, stderr } = await new Deno.Command(deno, {
    args: ["run", "--no-prompt", "--config", join(repository, "deno.json"), steps],
    cwd: repository,
    clearEnv: true,
    env: { ...machineEnvironment(), NO_COLOR: "1" },
    signal: ending,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return printed.parse(JSON.parse(new TextDecoder().decode(stdout)));
}

/** What a cold start waits for: imports of fresh processes, each beside that of Hono. Deno's caches are warm. */
export const imports = {
  name: "imports",
  async run(options: RunOptions) {
    const { warmUps, processes } = options.quick ? ONCE : FULL;
    const taken = new Map<string, number[]>();
    for (let turn = 0; turn < warmUps + processes; turn++) {
      for (const [what, ms] of await stepsOfOne(options)) {
        if (turn >= warmUps) taken.set(what, [...taken.get(what) ?? [], ms]);
      }
    }
    const [[, hono] = ["", []], ...others] = taken;
    return others.map(([what, ms]) =>
      compared({ what, unit: "ms", against: "import of Hono" }, median(ms), median(hono))
    );
  },
} satisfies Bench;
