import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import type { Remedies } from "./remedies.ts";

type Provider = NonNullable<CheckReport["provider"]>;
type Failure = NonNullable<Provider["here"]["failure"]>;

/** What an account holds (docs/qwen-api.md); creating fails beyond it. */
const MOST_VOICES = 1_000;
const WARN_FROM = 900;
const FAIL_FROM = 990;

/** Codes of an account that was not paid for (docs/qwen-api.md). */
const UNPAID = ["Arrearage", "CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"];

const answered = ({ status, provider_code: code }: Failure) =>
  [status, code].filter((part) => part !== null).join(" ");

/** Whether the provider takes the key, and how many voices may still be made. */
export function providerChecks(
  { provider, configuration, variables }: CheckReport,
  remedies: Remedies,
): Check[] {
  if (provider === null || configuration.qwen === null) {
    return [ok("provider", `Not asked: TTS_PROVIDER_MODE is ${configuration.mode}.`)];
  }
  const { here } = provider;
  if (here.failure) {
    const host = {
      baseUrl: configuration.qwen.base_url,
      isSet: variables.some(({ name, set }) => name === "DASHSCOPE_BASE_URL" && set),
    };
    return [keyFault(provider, here.failure, host, remedies)];
  }
  return [
    ok("provider", `Region ${here.region} takes the key, at ${configuration.qwen.base_url}.`),
    ...(here.voices === null ? [] : [room(here.voices)]),
  ];
}

/** Where the provider is asked, and whether DASHSCOPE_BASE_URL says so rather than the region. */
type Host = { baseUrl: string; isSet: boolean };

function room(voices: number): Check {
  const detail = `${voices} of ${MOST_VOICES.toLocaleString("en")} voices are used up`;
  const fix =
    "Make room: npm run reconcile -- --purge --older-than 1d deletes orphans; what else helps stands in " +
    "docs/operations.md#capacity.";
  if (voices >= FAIL_FROM) return failed("room for voices", `${detail}: creating fails when all are.`, fix);
  return voices >= WARN_FROM
    ? warning("room for voices", `${detail}.`, fix)
    : ok("room for voices", `${detail}.`);
}

function keyFault(
  { here, elsewhere }: Provider,
  failure: Failure,
  host: Host,
  remedies: Remedies,
): Check {
  const { category, provider_code: code, status } = failure;
  if (status === 401) return refusedKey(here.region, elsewhere, failure, host, remedies);
  if (category === "throttled") {
    return warning(
      "provider",
      `It says slow down (${answered(failure)}), so the key is not proved.`,
      "Run this again in a minute.",
    );
  }
  if (code !== null && UNPAID.includes(code)) {
    return failed("provider", `The account is not paid up (${code}).`, "Pay it, in Alibaba's console.");
  }
  if (category === "misconfigured") {
    return failed(
      "provider",
      `The account may not ask for its voices (${answered(failure)}).`,
      "Activate Model Studio for the account in Alibaba's console, and see what the code means in docs/qwen-api.md.",
    );
  }
  return failed(
    "provider",
    `${host.baseUrl} gave no list of voices (${category}${status === null ? "" : `, ${answered(failure)}`}).`,
    "Run this again. If it stays, see the provider's status page, and whether the function may reach that host.",
  );
}

function refusedKey(
  region: string,
  elsewhere: Provider["elsewhere"],
  failure: Failure,
  host: Host,
  remedies: Remedies,
): Check {
  const told = answered(failure);
  const anotherKey = remedies.set("DASHSCOPE_API_KEY", "NEW_KEY");
  if (elsewhere && elsewhere.failure === null) {
    return failed(
      "provider",
      `The key belongs to region ${elsewhere.region}, and DASHSCOPE_REGION is ${region}, which refuses it (${told}).`,
      `First read docs/operations.md#another-region. Then: ${
        host.isSet ? `${remedies.unset("DASHSCOPE_BASE_URL")} And: ` : ""
      }${remedies.set("DASHSCOPE_REGION", elsewhere.region)} ` +
        `Or, with a key of region ${region}: ${anotherKey}`,
    );
  }
  if (elsewhere?.failure?.status === 401) {
    return failed(
      "provider",
      `The key is expired, deleted or mistyped: region ${region} refuses it (${told}), and region ${elsewhere.region} too.`,
      `Make a new one (docs/operations.md#another-key), then: ${anotherKey}`,
    );
  }
  const unknown = elsewhere
    ? `region ${elsewhere.region} could not be asked`
    : `beside a stand-in at ${host.baseUrl} no other region is asked`;
  return failed(
    "provider",
    `Region ${region} refuses the key (${told}): it is expired, deleted, mistyped or of another region (${unknown}).`,
    `With a key of region ${region} (docs/operations.md#another-key): ${anotherKey}`,
  );
}
