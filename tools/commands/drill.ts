// `npm run drill`: the rehearsed rollback, to modal and back, on a stack of its own.
import { parseArgs } from "node:util";
import { rehearse } from "../operator/drill/rehearsal.ts";
import { rejectsWhenAskedToStop, runAndExit } from "../stack/command_line.ts";
import { logToStderr, logToStdout } from "../stack/terminal.ts";

const usage =
  `Rehearses docs/qwen-integration/restoration.md on a stack of its own, with the simulator as the provider.

  npm run drill

It clones and speaks with qwen, leaves a finalize and a text behind, switches to modal, looks at what is there, switches
back, and settles what was left. Nothing of the environment or of .env reaches it, and nothing is paid for.

Exit code: 0 when every step is as it should be; 1 when one is not: a sentence on standard error says why.`;

await runAndExit({
  usage,
  parse: (args) =>
    parseArgs({ args, options: { help: { type: "boolean", short: "h", default: false } } }).values,
  run: () => rehearse({ print: logToStdout, printError: logToStderr, stopped: rejectsWhenAskedToStop() }),
});
