import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Remedies } from "./remedies.ts";

type Provider = NonNullable<CheckReport["provider"]>;
type Failure = NonNullable<Provider["here"]["failure"]>;

/** The most voices of an account (docs/qwen-api.md). */
const MOST_VOICES = 1_000;
const WARN_FROM = 900;
const FAIL_FROM = 990;

/** Codes of an unpaid account (docs/qwen-api.md). */
const UNPAID = ["Arrearage", "CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"];

const { ok, warning, failed } = checkNamed("provider");

/** Whether the provider takes the key, and how much room for voices is left. */
export function providerChecks(report: CheckReport, remedies: Remedies): Check[] {
  const { provider, configuration: { mode, qwen }, variables } = report;
  if (provider === null || qwen === null) return [ok(`Not asked: TTS_PROVIDER_MODE is ${mode}.`)];
  const { region, voices, failure } = provider.here;
  if (failure) {
    const isHostSet = variables.some(({ name, set }) => name === "DASHSCOPE_BASE_URL" && set);
    return [failureCheck(provider, failure, { baseUrl: qwen.base_url, isHostSet, remedies })];
  }
  const accepted = ok(`Region ${region} takes the key, at ${qwen.base_url}.`);
  return voices === null ? [accepted] : [accepted, roomCheck(voices)];
}

function roomCheck(voices: number): Check {
  const { ok, warning, failed } = checkNamed("room for voices");
  const detail = `${voices} of ${MOST_VOICES.toLocaleString("en")} voices are used up`;
  const fix = "Make room: npm run reconcile -- --purge --older-than 1d deletes orphans; see also " +
    "docs/operations.md#capacity.";
  if (voices >= FAIL_FROM) return failed(`${detail}: creating fails when all are.`, fix);
  return voices >= WARN_FROM ? warning(`${detail}.`, fix) : ok(`${detail}.`);
}

/** `isHostSet`: DASHSCOPE_BASE_URL overrides the region's host. */
type Asked = { baseUrl: string; isHostSet: boolean; remedies: Remedies };

function failureCheck(provider: Provider, failure: Failure, asked: Asked): Check {
  const { category, provider_code: code, status } = failure;
  const answer = [status, code].filter((part) => part !== null).join(" ");
  if (status === 401) return refusedKeyCheck(provider, answer, asked);
  if (category === "throttled") {
    return warning(
      `It says slow down (${answer}), so the key is not confirmed.`,
      "Run this again in a minute.",
    );
  }
  if (code !== null && UNPAID.includes(code)) {
    return failed(`The account is not paid up (${code}).`, "Pay it, in Alibaba's console.");
  }
  if (category === "misconfigured") {
    return failed(
      `The account may not ask for its voices (${answer}).`,
      "Activate Model Studio for the account in Alibaba's console, and see what the code means in docs/qwen-api.md.",
    );
  }
  return failed(
    `${asked.baseUrl} gave no list of voices (${category}${status === null ? "" : `, ${answer}`}).`,
    "Run this again. If it stays, see the provider's status page, and whether the function may reach that host.",
  );
}

function refusedKeyCheck(
  { here: { region }, elsewhere }: Provider,
  answer: string,
  { baseUrl, isHostSet, remedies: { set, unset } }: Asked,
): Check {
  const anotherKey = set("DASHSCOPE_API_KEY", "NEW_KEY");
  if (elsewhere && elsewhere.failure === null) {
    const freeHost = isHostSet ? `${unset("DASHSCOPE_BASE_URL")} And: ` : "";
    return failed(
      `The key belongs to region ${elsewhere.region}, and DASHSCOPE_REGION is ${region}, which refuses it (${answer}).`,
      `First read docs/operations.md#another-region. Then: ${freeHost}${
        set("DASHSCOPE_REGION", elsewhere.region)
      } Or, with a key of region ${region}: ${anotherKey}`,
    );
  }
  if (elsewhere?.failure?.status === 401) {
    return failed(
      `The key is expired, deleted or mistyped: region ${region} refuses it (${answer}), and region ${elsewhere.region} too.`,
      `Make a new one (docs/operations.md#another-key), then: ${anotherKey}`,
    );
  }
  const unknown = elsewhere
    ? `region ${elsewhere.region} could not be asked`
    : `beside a stand-in at ${baseUrl} no other region is asked`;
  return failed(
    `Region ${region} refuses the key (${answer}): it is expired, deleted, mistyped or of another region (${unknown}).`,
    `With a key of region ${region} (docs/operations.md#another-key): ${anotherKey}`,
  );
}
