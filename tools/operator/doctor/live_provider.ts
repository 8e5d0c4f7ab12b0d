import type { Config } from "../../../supabase/functions/_shared/config.ts";
import { ConfigError } from "../../../supabase/functions/_shared/environment.ts";
import { parseConfig } from "../../../supabase/functions/_shared/config_schema.ts";
import type { CheckReport } from "../../../supabase/functions/_shared/contract_check.ts";
import { isLoopbackHost } from "../../../supabase/functions/_shared/hosts.ts";
import { type Environment, SIMULATOR_KEY } from "../../stack/function/function_environment.ts";

/** How the provider is asked. */
export type LiveProvider = NonNullable<Config["qwen"]>;

/**
 * The provider as the deployment asks it, with the key of the environment: the deployment tells nobody its own. Region and
 * host of the environment come before the deployment's. A stand-in on this machine is given the simulator's key, never
 * the operator's, unless the environment names it.
 * @throws {Error} with a sentence, when it cannot be asked so
 */
export function readLiveProvider(
  { configuration }: Pick<CheckReport, "configuration">,
  environment: Environment,
): LiveProvider {
  const { qwen, public_url: publicUrl } = configuration;
  if (qwen === null) {
    throw new Error(`The deployment does not ask the provider: its mode is ${configuration.mode}.`);
  }
  const { DASHSCOPE_API_KEY: ownKey, DASHSCOPE_REGION: region, DASHSCOPE_BASE_URL: ownHost } = environment;
  const moved = region !== undefined && region !== "" && region !== qwen.region;
  const baseUrl = ownHost || (moved ? undefined : qwen.base_url);
  const standIn = !ownHost && baseUrl !== undefined && isLoopbackHost(new URL(baseUrl).hostname);
  const key = standIn ? SIMULATOR_KEY : ownKey;
  if (!key) {
    throw new Error(
      "The provider's key must be in the environment: DASHSCOPE_API_KEY. The deployment tells nobody.",
    );
  }
  try {
    const { qwen: own } = parseConfig({
      SUPABASE_URL: publicUrl,
      SUPABASE_SERVICE_ROLE_KEY: "unused",
      SUPABASE_ANON_KEY: "unused",
      DASHSCOPE_API_KEY: key,
      DASHSCOPE_REGION: region || qwen.region,
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
