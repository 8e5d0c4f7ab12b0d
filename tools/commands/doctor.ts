import { type Check, countsOf, isSound, lineOf } from "../operator/doctor/check_result.ts";
import { agreeToPay, atTerminal, parseOptions, usage } from "../operator/doctor/doctor_options.ts";
import { examine } from "../operator/doctor/examine.ts";
import { runAndExit } from "../stack/command_line.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";

await runAndExit({
  usage,
  parse: parseOptions,
  async run(options) {
    if (options.live && !options.yes) await agreeToPay(atTerminal);
    const stop = new AbortController();
    whenAskedToStop().then((reason) => {
      logToStderr("Stopping once the test objects are removed…");
      stop.abort(new Error(`Stopped: ${reason}.`));
    });
    const checks: Check[] = [];
    try {
      for await (const check of examine(options, stop.signal)) {
        checks.push(check);
        if (!options.json) logToStdout(lineOf(check));
      }
    } catch (error) {
      // `--json` always prints one object, with the checks until then.
      const why: Check = { status: "failed", name: "doctor", detail: messageOf(error), fix: null };
      if (options.json) logToStdout(JSON.stringify({ ok: false, checks: [...checks, why] }));
      throw error;
    }
    logToStdout(options.json ? JSON.stringify({ ok: isSound(checks), checks }) : countsOf(checks));
    return isSound(checks) ? 0 : 1;
  },
});
