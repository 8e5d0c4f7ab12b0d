import { join } from "node:path";
import { findDeno } from "../../stack/function/deno_binaries.mjs";
import { messageOf } from "../../stack/terminal.ts";
import { repository } from "../../stack/repository.ts";
import { findTarget, readSettings } from "../target.ts";
import { probeBucket } from "./bucket_probe.ts";
import catalog from "./catalog.json" with { type: "json" };
import { type Check, checkNamed, isSound } from "./check_result.ts";
import { databaseChecks } from "./database_checks.ts";
import type { DoctorOptions } from "./doctor_options.ts";
import { type Expected, readMade } from "./expected_database.ts";
import { liveChecks } from "./live_checks.ts";
import { type LiveProvider, readLiveProvider } from "./live_provider.ts";
import { providerChecks } from "./provider_checks.ts";
import { type Deployment, reach, type TimedReport } from "./reach.ts";
import { REMEDIES } from "./remedies.ts";
import { clockChecks, corsCheck, deliveryChecks, runtimeCheck } from "./settings_checks.ts";

/**
 * Runs the checks of `npm run doctor`, and yields each when it is done.
 * @throws the signal's reason when it aborts, after the test objects are removed
 */
export async function* examine(options: DoctorOptions, signal: AbortSignal): AsyncGenerator<Check, void> {
  const remedies = options.api === undefined ? REMEDIES.stack : REMEDIES.hosted;
  const deployment: Deployment = { ...await findTarget(options), signal, remedies };
  const made = await readMade(join(repository, "supabase", "migrations"));
  const { checks, timed } = await reach(deployment);
  yield* checks;
  if (timed) {
    for await (const check of freeChecks(deployment, timed, { ...made, catalog })) {
      checks.push(check);
      yield check;
    }
  }
  if (!options.live) return;
  const { warning, failed } = checkNamed("live");
  if (timed === null || !isSound(checks)) {
    yield warning("Not tried, and nothing was paid.", "Fix what failed first.");
    return;
  }
  const { supabase_url: supabaseUrl, public_url: publicUrl } = timed.report.configuration;
  let qwen: LiveProvider;
  try {
    qwen = readLiveProvider(timed.report, await readSettings(options));
  } catch (error) {
    yield failed(messageOf(error), "Nothing was paid. Fix it, and run this again.");
    return;
  }
  yield* liveChecks(deployment, { qwen, supabaseUrl, publicUrl });
}

/** The checks that cost nothing. */
async function* freeChecks(
  deployment: Deployment,
  timed: TimedReport,
  expected: Expected,
): AsyncGenerator<Check> {
  const { remedies } = deployment;
  const { report, report: { configuration, database: { facts } } } = timed;
  yield runtimeCheck(report, findDeno("platform").version);
  yield* providerChecks(report, remedies);
  yield* databaseChecks(report, expected, remedies);
  for (const bucket of expected.buckets.keys()) {
    // A missing bucket is reported already.
    if (facts && !facts.buckets.some(({ id }) => id === bucket)) continue;
    const { supabase_url: supabaseUrl, public_url: publicUrl } = configuration;
    yield* await probeBucket(deployment, { bucket, supabaseUrl, publicUrl });
  }
  yield* deliveryChecks(report, remedies);
  yield corsCheck(report, remedies);
  yield* clockChecks(timed);
}
