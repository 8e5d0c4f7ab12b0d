// What a cold start waits for, import by import.
import { join } from "node:path";
import { z } from "zod";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { type Bench, compared, type Row, type RunOptions } from "./bench.ts";
import { machineEnvironment } from "./bench_environment.ts";
import { median } from "./timing.ts";
import { repository } from "../stack/repository.ts";

const FULL = { warmUps: 2, processes: 21 };
const ONCE = { warmUps: 0, processes: 1 };

const printed = z.array(z.tuple([z.string(), z.number()]));

/** One fresh process's steps, with their milliseconds. */
async function stepsOfOne(
  { ending, deno }: Pick<RunOptions, "ending" | "deno">,
): Promise<[string, number][]> {
  ending.throwIfAborted();
  const { success, stdout, stderr } = await new Deno.Command(deno ?? findDeno("platform").binary, {
    args: [
      "run",
      "--no-prompt",
      "--config",
      join(repository, "deno.json"),
      join(repository, "tools/bench/import_steps.ts"),
    ],
    cwd: repository,
    clearEnv: true,
    env: { ...machineEnvironment(), NO_COLOR: "1" },
    signal: ending,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return printed.parse(JSON.parse(new TextDecoder().decode(stdout)));
}

/** Imports of fresh processes, each beside that of Hono. Deno's caches are warm. */
export const imports = {
  name: "imports",
  async run(_stack: unknown, { quick, ...run }: RunOptions): Promise<Row[]> {
    const { warmUps, processes } = quick ? ONCE : FULL;
    const taken = new Map<string, number[]>();
    for (let turn = 0; turn < warmUps + processes; turn++) {
      for (const [what, ms] of await stepsOfOne(run)) {
        if (turn >= warmUps) taken.set(what, [...taken.get(what) ?? [], ms]);
      }
    }
    const [[, hono] = ["", []], ...others] = taken;
    return others.map(([what, ms]) =>
      compared({ what, value: median(ms), unit: "ms", baseline: median(hono), against: "import of Hono" })
    );
  },
} satisfies Bench;
