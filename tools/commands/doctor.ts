// `npm run doctor`: looks at a deployment before its users do, and says what to do.
import { join } from "node:path";
import { agreeToPay, ownTerminal } from "../operator/doctor/agreement.ts";
import { readCatalog } from "../operator/doctor/catalog.ts";
import { type Check, failed, warning } from "../operator/doctor/check.ts";
import { examine } from "../operator/doctor/examine.ts";
import { readMade } from "../operator/doctor/expected.ts";
import { examineLive } from "../operator/doctor/live.ts";
import { type LiveProvider, readLiveProvider } from "../operator/doctor/live_provider.ts";
import { type DoctorOptions, parseOptions, usage } from "../operator/doctor/options.ts";
import type { Deployment } from "../operator/doctor/reach.ts";
import { createRemedies } from "../operator/doctor/remedies.ts";
import { countsOf, isSound, lineOf } from "../operator/doctor/summary.ts";
import { readEnvironment } from "../stack/function/function_environment.ts";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { findTarget } from "../operator/target.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { repository } from "../stack/repository.ts";

/** The environment, and for a stack of this checkout what is in its `.env` as well. */
function environmentOf(asked: DoctorOptions) {
  return asked.api === undefined ? readEnvironment(join(repository, ".env")) : Deno.env.toObject();
}

async function look(asked: DoctorOptions, give: (check: Check) => void): Promise<void> {
  const stop = new AbortController();
  whenAskedToStop().then((reason) => {
    logToStderr("Stopping, once what was made for the look is removed…");
    stop.abort(new Error(`Stopped: ${reason}.`));
  });
  const deployment: Deployment = {
    ...await findTarget(asked),
    signal: stop.signal,
    remedies: createRemedies({ local: asked.api === undefined }),
  };
  let sound = true;
  const told = await examine(deployment, {
    expected: {
      ...await readMade(join(repository, "supabase", "migrations")),
      catalog: await readCatalog(repository),
    },
    give(check) {
      sound &&= check.status !== "failed";
      give(check);
    },
  });
  if (!asked.live) return;
  if (told === null || !sound) {
    give(warning("live", "Not tried, and nothing was paid.", "Mend what failed first."));
    return;
  }
  const { report } = told;
  const { supabase_url: supabaseUrl, public_url: publicUrl } = report.configuration;
  let qwen: LiveProvider;
  try {
    qwen = readLiveProvider(report, await environmentOf(asked));
  } catch (error) {
    give(failed("live", messageOf(error), "Nothing was paid. Mend it, and run this again."));
    return;
  }
  await examineLive(deployment, { qwen, supabaseUrl, publicUrl, give });
}

async function main(): Promise<number> {
  const checks: Check[] = [];
  let asJson = false;
  try {
    const asked = parseOptions(Deno.args);
    if (asked.help) {
      logToStdout(usage);
      return 0;
    }
    if (asked.live && !asked.yes) await agreeToPay(ownTerminal(logToStderr));
    asJson = asked.json;
    await look(asked, (check) => {
      checks.push(check);
      if (!asked.json) logToStdout(lineOf(check));
    });
    logToStdout(asked.json ? JSON.stringify({ ok: isSound(checks), checks }) : countsOf(checks));
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
