// `npm run drill`: the rehearsed rollback, to modal and back, on a stack of its own.
import { parseArgs } from "node:util";
import { rehearse } from "../operator/drill/rehearsal.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";

const usage =
  `Rehearses docs/qwen-integration/restoration.md on a stack of its own, with the simulator as the provider.

  npm run drill

It clones and speaks with qwen, leaves a finalize and a text behind, switches to modal, looks at what is there, switches
back, and settles what was left. Nothing of the environment or of .env reaches it, and nothing is paid for.

Exit code: 0 every step is as it should be; 1 one is not, which a sentence on standard error tells.`;

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({ args: Deno.args, options: { help: { type: "boolean", short: "h" } } });
    if (values.help) {
      logToStdout(usage);
      return 0;
    }
  } catch (error) {
    logToStderr(messageOf(error));
    return 1;
  }
  return await rehearse({ print: logToStdout, printError: logToStderr, stopped: whenAskedToStop() });
}

Deno.exit(await main());
