// `npm run doctor`: looks at a deployment before its users do, and says what to do.
import { type Check, countsOf, isSound, lineOf } from "../operator/doctor/check_result.ts";
import { agreeToPay, atTerminal, parseOptions, usage } from "../operator/doctor/doctor_options.ts";
import { examine } from "../operator/doctor/examine.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";

async function main(): Promise<number> {
  const checks: Check[] = [];
  let asJson = false;
  try {
    const asked = parseOptions(Deno.args);
    if (asked.help) {
      logToStdout(usage);
      return 0;
    }
    if (asked.live && !asked.yes) await agreeToPay(atTerminal);
    asJson = asked.json;
    const stop = new AbortController();
    whenAskedToStop().then((reason) => {
      logToStderr("Stopping, once what was made for the look is removed…");
      stop.abort(new Error(`Stopped: ${reason}.`));
    });
    for await (const check of examine(asked, stop.signal)) {
      checks.push(check);
      if (!asJson) logToStdout(lineOf(check));
    }
    logToStdout(asJson ? JSON.stringify({ ok: isSound(checks), checks }) : countsOf(checks));
    return isSound(checks) ? 0 : 1;
  } catch (error) {
    logToStderr(messageOf(error));
    // Whoever reads one object gets one, with what was looked at until then.
    const why: Check = { status: "failed", name: "doctor", detail: messageOf(error), fix: null };
    if (asJson) logToStdout(JSON.stringify({ ok: false, checks: [...checks, why] }));
    return 1;
  }
}

Deno.exit(await main());
