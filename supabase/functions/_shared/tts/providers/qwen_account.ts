import { ProviderError } from "../provider_error.ts";
import { createDashScope } from "./dashscope.ts";
import { createQwenVoices } from "./qwen_voices.ts";

/** A region of DashScope, with the origin to ask. */
export type QwenRegion = { region: string; baseUrl: string };

/** How the account answered when it was asked for its voices: how many, or how that failed. */
export type AccountLook =
  | { region: string; voices: number; failure: null }
  | { region: string; voices: null; failure: ProviderError };

/**
 * A look at the account that a key opens, for whoever wants to know whether it does.
 * @param options.elsewhere asked as well when `region` does not know the key, for a key belongs to one region
 * (docs/qwen-api.md); null asks nobody
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
    /** Asks for the list, which costs nothing. */
    async look(signal: AbortSignal): Promise<{ here: AccountLook; elsewhere: AccountLook | null }> {
      const here = await look(options, signal);
      const refused = here.failure?.status === 401;
      return { here, elsewhere: refused && options.elsewhere ? await look(options.elsewhere, signal) : null };
    },
  };
}
