import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { isLoopbackHost, isPrivateHost } from "../../../supabase/functions/_shared/hosts.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { TimedReport } from "./reach.ts";
import type { Remedies } from "./remedies.ts";

const WARN_SECONDS = 5;
const FAIL_SECONDS = 60;

const hostOf = (url: string) => new URL(url).hostname;

/** Whether the provider can get clips as configured. */
export function deliveryChecks({ configuration }: CheckReport, { set }: Remedies): Check[] {
  const { ok, failed } = checkNamed("delivery");
  const { qwen, public_url: publicUrl } = configuration;
  if (qwen === null) return [];
  if (qwen.delivery === "data_url") return [ok("Clips are sent to the provider as data URLs.")];
  if (isPrivateHost(hostOf(publicUrl)) && !isLoopbackHost(hostOf(qwen.base_url))) {
    return [failed(
      `Clips are signed at ${publicUrl}, which the provider at ${qwen.base_url} cannot reach.`,
      `Either: ${set("PUBLIC_SUPABASE_URL", "https://YOUR_PROJECT.supabase.co")} Or: ` +
        set("QWEN_REFERENCE_DELIVERY", "data_url"),
    )];
  }
  return [ok(`Clips are signed at ${publicUrl}; --live checks that the provider can fetch them.`)];
}

/** Whether any web page may call the API in a browser. */
export function corsCheck({ configuration }: CheckReport, { set }: Remedies): Check {
  const { ok, warning } = checkNamed("CORS");
  const { allowed_origins: origins, public_url: publicUrl } = configuration;
  if (!origins.includes("*") || isLoopbackHost(hostOf(publicUrl))) {
    return ok(`Allowed origins: ${origins.join(", ")}.`);
  }
  const fix = set("CORS_ALLOWED_ORIGINS", "https://YOUR_APP.example");
  return warning("Pages of any origin may call the API.", fix);
}

/** Whether the function runs on the Deno version that is `tested`. */
export function runtimeCheck({ runtime }: Pick<CheckReport, "runtime">, tested: string): Check {
  const { ok, warning } = checkNamed("runtime");
  const version = /\bDeno\/(\d+\.\d+\.\d+)/.exec(runtime)?.[1];
  if (version === tested) return ok(`Deno ${version} (the platform's).`);
  return warning(
    version
      ? `The function runs on Deno ${version}, and this checkout is tested for the platform's ${tested}.`
      : `The function does not report its Deno version ("${runtime}"); this checkout is tested for ${tested}.`,
    'If the platform has moved on: set "deno-platform" in package.json to its version, and run npm test.',
  );
}

/** In milliseconds since the epoch. */
type Span = { from: number; to: number };

function clockCheck(
  [whose, of]: [name: string, span: Span],
  [against, within]: [name: string, span: Span],
  fix: string,
): Check {
  const { ok, warning, failed } = checkNamed(`clock of ${whose}`);
  // A time within the other's span may be right.
  const aheadMs = of.from < within.from ? of.from - within.from : Math.max(0, of.to - within.to);
  const seconds = Math.abs(aheadMs) / 1_000;
  if (seconds <= WARN_SECONDS) return ok(`It agrees with that of ${against}.`);
  const detail = `It is ${Math.round(seconds)} s ${aheadMs > 0 ? "ahead of" : "behind"} that of ${against}.`;
  return (seconds > FAIL_SECONDS ? failed : warning)(detail, fix);
}

/** Compares clocks: leases, signatures and ages rely on them. The duration of the request is tolerated. */
export function clockChecks({ report: { clock, database }, askedAt, answeredAt }: TimedReport): Check[] {
  const inFunction = { from: Date.parse(clock.asked_at), to: Date.parse(clock.answered_at) };
  const checks = [clockCheck(
    ["the function", inFunction],
    ["this machine", { from: askedAt, to: answeredAt }],
    "Set this machine's clock by NTP. If it is right, and on a host of your own: set the function's.",
  )];
  if (database.facts) {
    const now = Date.parse(database.facts.now);
    checks.push(clockCheck(
      ["the database", { from: now, to: now }],
      ["the function", inFunction],
      "Set the clocks of both hosts by NTP; on a hosted project, contact Supabase support.",
    ));
  }
  return checks;
}
