import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { isLoopbackHost, isPrivateHost } from "../../../supabase/functions/_shared/hosts.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import type { Told } from "./reach.ts";
import type { Remedies } from "./remedies.ts";

const WARN_SECONDS = 5;
const FAIL_SECONDS = 60;

const hostOf = (url: string) => new URL(url).hostname;

/** Whether the provider can fetch a clip in the way that is configured. */
export function deliveryChecks({ configuration }: CheckReport, remedies: Remedies): Check[] {
  const { qwen, public_url: publicUrl } = configuration;
  if (qwen === null) return [];
  if (qwen.delivery === "data_url") {
    return [ok("delivery", "Clips are sent to the provider themselves, as data URLs.")];
  }
  if (isPrivateHost(hostOf(publicUrl)) && !isLoopbackHost(hostOf(qwen.base_url))) {
    return [
      failed(
        "delivery",
        `Clips are signed at ${publicUrl}, which the provider at ${qwen.base_url} cannot reach.`,
        `Either: ${remedies.set("PUBLIC_SUPABASE_URL", "https://YOUR_PROJECT.supabase.co")} Or: ` +
          remedies.set("QWEN_REFERENCE_DELIVERY", "data_url"),
      ),
    ];
  }
  return [ok("delivery", `Clips are signed at ${publicUrl}; that the provider gets there, --live tells.`)];
}

/** Whether any web page may call the API in a browser. */
export function corsCheck({ configuration }: CheckReport, remedies: Remedies): Check {
  const { allowed_origins: origins, public_url: publicUrl } = configuration;
  return origins.includes("*") && !isLoopbackHost(hostOf(publicUrl))
    ? warning(
      "CORS",
      "Pages of any origin may call the API.",
      remedies.set("CORS_ALLOWED_ORIGINS", "https://YOUR_APP.example"),
    )
    : ok("CORS", `Allowed origins: ${origins.join(", ")}.`);
}

/** Whether the function runs on the Deno that its tests run on. `tested` is that one's version. */
export function runtimeCheck({ runtime }: Pick<CheckReport, "runtime">, tested: string): Check {
  const version = /\bDeno\/(\d+\.\d+\.\d+)/.exec(runtime)?.[1];
  return version === tested ? ok("runtime", `Deno ${version} (the platform's).`) : warning(
    "runtime",
    version
      ? `The function runs on Deno ${version}, and this checkout is tested for the platform's ${tested}.`
      : `The function does not tell its Deno ("${runtime}"); this checkout is tested for ${tested}.`,
    'If the platform has moved on: set "deno-platform" in package.json to its version, and run npm test.',
  );
}

/** Milliseconds that a span lies outside of another; ahead is positive. What lies within may be right. */
function apart(of: { from: number; to: number }, within: { from: number; to: number }): number {
  if (of.from < within.from) return of.from - within.from;
  return Math.max(0, of.to - within.to);
}

function clockCheck(whose: string, against: string, skewMs: number, fix: string): Check {
  const name = `clock of ${whose}`;
  const seconds = Math.abs(skewMs) / 1_000;
  if (seconds <= WARN_SECONDS) return ok(name, `It agrees with that of ${against}.`);
  const detail = `It is ${Math.round(seconds)} s ${skewMs > 0 ? "ahead of" : "behind"} that of ${against}.`;
  return (seconds > FAIL_SECONDS ? failed : warning)(name, detail, fix);
}

/**
 * Whether function, database and this machine agree on the time: leases, signatures and ages rest on it. The time a
 * request took is the uncertainty, and is in nobody's disfavour.
 */
export function clockChecks({ report, askedAt, answeredAt }: Told): Check[] {
  const { clock, database } = report;
  const inFunction = { from: Date.parse(clock.asked_at), to: Date.parse(clock.answered_at) };
  const here = { from: askedAt, to: answeredAt };
  const checks = [
    clockCheck(
      "the function",
      "this machine",
      apart(inFunction, here),
      "Set this machine's clock by NTP. If it is right, and on a host of your own: set the function's.",
    ),
  ];
  if (database.facts) {
    const moment = Date.parse(database.facts.now);
    checks.push(clockCheck(
      "the database",
      "the function",
      apart({ from: moment, to: moment }, inFunction),
      "Set the clocks of both hosts by NTP; on a hosted project, tell Supabase's support.",
    ));
  }
  return checks;
}
