import type { Config } from "../../../supabase/functions/_shared/config.ts";
import { ConfigError } from "../../../supabase/functions/_shared/environment.ts";
import { parseConfig } from "../../../supabase/functions/_shared/config_schema.ts";
import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { type Environment, SIMULATOR_KEY } from "../../stack/function/function_environment.ts";

export type LiveProvider = NonNullable<Config["qwen"]>;

/**
 * The deployment's provider, with the key of the environment and its region and host, if set. A stand-in on this machine
 * gets the simulator's key, never the operator's, unless the environment names its host. Throws a sentence.
 */
export function readLiveProvider(
  { configuration: { mode, qwen, public_url } }: Pick<CheckReport, "configuration">,
  environment: Environment,
): LiveProvider {
  if (qwen === null) throw new Error(`The deployment does not use the provider: its mode is ${mode}.`);
  const { DASHSCOPE_API_KEY: ownKey, DASHSCOPE_BASE_URL: ownHost } = environment;
  const region = environment.DASHSCOPE_REGION || qwen.region;
  const baseUrl = ownHost || (region === qwen.region ? qwen.base_url : undefined);
  const isStandIn = !ownHost && baseUrl !== undefined && isLoopbackHost(new URL(baseUrl).hostname);
  const key = isStandIn ? SIMULATOR_KEY : ownKey;
  if (!key) {
    throw new Error(
      "Set the provider's key in the environment: DASHSCOPE_API_KEY. The deployment does not reveal it.",
    );
  }
  try {
    const { qwen: own } = parseConfig({
      SUPABASE_URL: public_url,
      SUPABASE_SERVICE_ROLE_KEY: "unused",
      SUPABASE_ANON_KEY: "unused",
      DASHSCOPE_API_KEY: key,
      DASHSCOPE_REGION: region,
      ...(baseUrl === undefined ? {} : { DASHSCOPE_BASE_URL: baseUrl }),
      QWEN_VC_TARGET_MODEL: qwen.target_model,
      QWEN_REFERENCE_DELIVERY: qwen.delivery,
      QWEN_SIGNED_URL_TTL_SECONDS: String(qwen.signed_url_ttl_seconds),
      QWEN_TIMEOUT_MS: String(qwen.timeout_ms),
    });
    if (own) return own;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Error(error.problems.map(({ variable, problem }) => `${variable} ${problem}.`).join(" "));
  }
  throw new Error("The provider's variables give no provider.");
}
