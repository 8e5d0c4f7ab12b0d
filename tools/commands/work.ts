// `npm run work`: has the tasks taken up that nobody is working on, run by run until none is left.
import { runCommand } from "../operator/command.ts";
import { operatorUsage, parseOperatorOptions } from "../operator/options.ts";
import { workAll } from "../operator/work/runs.ts";
import { soFarInShort, summarize } from "../operator/work/summary.ts";

const usage = `Speaks the texts that are left: of processes that died, and those that were put back.

  npm run work                    until no task is left that may be taken up
  npm run work -- [options]

${operatorUsage("work")}

Exit code: 0, or 1 when a run failed or there was no end. A task that failed is told to its user, and is
no failure of the run.`;

Deno.exit(
  await runCommand({
    usage,
    parse: parseOperatorOptions,
    run: (target, _asked, onProgress) => workAll({ ...target, onProgress }),
    doing: "Working",
    tell: soFarInShort,
    summarize,
  }),
);
