import { ProviderError } from "../provider_error.ts";
import { createDashScope } from "./dashscope.ts";
import { createQwenVoices } from "./qwen_voices.ts";

export type QwenRegion = { region: string; baseUrl: string };

/** The number of the account's voices, or why listing them failed. */
export type AccountLook =
  | { region: string; voices: number; failure: null }
  | { region: string; voices: null; failure: ProviderError };

/**
 * Checks that a key opens an account.
 * @param options.elsewhere the other region, checked if `region` refuses the key: a key belongs to one region
 * (docs/qwen-api.md)
 */
export function createQwenAccount(
  options: QwenRegion & {
    apiKey: string;
    targetModel: string;
    elsewhere: QwenRegion | null;
    fetch?: typeof fetch;
    timeout?: (ms: number) => AbortSignal;
  },
) {
  const look = async ({ region, baseUrl }: QwenRegion, signal: AbortSignal): Promise<AccountLook> => {
    const dashscope = createDashScope({ ...options, baseUrl });
    const { listVoices } = createQwenVoices({ dashscope, region, targetModel: options.targetModel });
    try {
      return { region, voices: (await listVoices(signal)).length, failure: null };
    } catch (error) {
      if (error instanceof ProviderError) return { region, voices: null, failure: error };
      throw error;
    }
  };

  return {
    /** Lists the voices, which is free. */
    async look(signal: AbortSignal): Promise<{ here: AccountLook; elsewhere: AccountLook | null }> {
      const here = await look(options, signal);
      const refused = here.failure?.status === 401;
      return { here, elsewhere: refused && options.elsewhere ? await look(options.elsewhere, signal) : null };
    },
  };
}
