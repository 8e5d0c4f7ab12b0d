import { findDeno } from "../../stack/function/deno_binaries.mjs";
import type { Check } from "./check.ts";
import { databaseChecks } from "./database.ts";
import type { Expected } from "./expected.ts";
import { probeBucket } from "./probe.ts";
import { providerChecks } from "./provider.ts";
import { type Deployment, reach, type Told } from "./reach.ts";
import { clockChecks, corsCheck, deliveryChecks, runtimeCheck } from "./settings.ts";
import { voiceIdChecks } from "./voice_ids.ts";

/**
 * Looks at a deployment from outside, and has it look at itself. Each check is given as soon as it is done. Answers what
 * the deployment told, null when it told nothing.
 * @throws the signal's reason when it aborts; what was stored for a probe is removed by then
 */
export async function examine(
  deployment: Deployment,
  options: { expected: Expected; give: (check: Check) => void },
): Promise<Told | null> {
  const { expected } = options;
  const { remedies } = deployment;
  const give = (checks: Check[]) => checks.forEach(options.give);

  const { checks, told } = await reach(deployment);
  give(checks);
  if (told === null) return null;
  const { report } = told;
  const { supabase_url: supabaseUrl, public_url: publicUrl } = report.configuration;
  give([runtimeCheck(report, findDeno("platform").version)]);
  give(providerChecks(report, remedies));
  give(databaseChecks(report, expected, remedies));
  give(voiceIdChecks(report, remedies));
  for (const bucket of expected.buckets.keys()) {
    const { facts } = report.database;
    // A bucket that is not there has been named.
    if (facts && !facts.buckets.some(({ id }) => id === bucket)) continue;
    give(await probeBucket(deployment, { bucket, supabaseUrl, publicUrl }));
  }
  give(deliveryChecks(report, remedies));
  give([corsCheck(report, remedies)]);
  give(clockChecks(told));
  return told;
}
