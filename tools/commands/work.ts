// `npm run work`: has the tasks taken up that nobody is working on, run by run until none is left.
import { runOperatorCommand } from "../operator/operator_command.ts";
import { operatorUsage, parseOperatorOptions } from "../operator/operator_options.ts";
import { inShort, summarize, workRuns } from "../operator/work_runs.ts";

const usage = `Speaks the texts that are left: of processes that died, and those that were put back.

  npm run work                    until no task is left that may be taken up
  npm run work -- [options]

${operatorUsage("work")}

Exit code: 0, or 1 when a run failed or there was no end. A task that failed is reported to its user, and
does not fail the run.`;

await runOperatorCommand({
  usage,
  parse: parseOperatorOptions,
  route: () => workRuns,
  doing: "Working",
  inShort,
  summarize,
});
