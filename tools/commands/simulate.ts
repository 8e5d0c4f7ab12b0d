import { parseArgs } from "node:util";
import { MUTATIONS } from "../testkit/simulation/mutations.ts";
import { runSchedule } from "../testkit/simulation/schedule.ts";
import { createStatistics } from "../testkit/simulation/statistics.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";

const usage =
  `Runs finalize and reconcile through schedules of failures in virtual time, and checks the invariants.

  npm run simulate -- [options]

  --seeds N        how many schedules (2000)
  --from S         the first seed (1)
  --seed S         one schedule, with everything that happens in it
  --mutation NAME  with a rule broken on purpose: ${Object.keys(MUTATIONS).join(" | ")}
  --help           this text`;

/** Ends the command: what was asked for cannot be done. */
function refuse(sentence: string): never {
  logToStderr(sentence);
  Deno.exit(2);
}

function readOptions() {
  try {
    return parseArgs({
      args: Deno.args,
      options: {
        seeds: { type: "string", default: "2000" },
        from: { type: "string", default: "1" },
        seed: { type: "string" },
        mutation: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    return refuse(messageOf(error));
  }
}

const wholeNumber = (option: string, text: string): number =>
  /^\d{1,9}$/.test(text) ? Number(text) : refuse(`--${option} must be a whole number.`);

const values = readOptions();

if (values.help) {
  logToStdout(usage);
  Deno.exit(0);
}
const mutation = values.mutation === undefined ? undefined : MUTATIONS[values.mutation];
if (values.mutation !== undefined && !mutation) {
  refuse(`There is no mutation "${values.mutation}". See --help.`);
}

const single = values.seed !== undefined;
const first = wholeNumber(single ? "seed" : "from", values.seed ?? values.from);
const count = single ? 1 : wholeNumber("seeds", values.seeds);
const statistics = createStatistics();

for (let seed = first; seed < first + count; seed++) {
  const outcome = await runSchedule(seed, mutation);
  statistics.add(outcome);
  if (single || outcome.broken.length > 0) logToStdout(outcome.trace.join("\n"));
  if (outcome.broken.length > 0) {
    logToStderr(
      `Seed ${seed} breaks:\n  ${
        outcome.broken.join("\n  ")
      }\nReplay it with: npm run simulate -- --seed ${seed}${
        values.mutation ? ` --mutation "${values.mutation}"` : ""
      }`,
    );
    Deno.exit(1);
  }
  if (!single && (seed - first + 1) % 10_000 === 0) logToStderr(`${seed - first + 1} of ${count}`);
}
logToStdout(statistics.report());
