import type { TtsProvider } from "../provider.ts";
import { createDashScope } from "./dashscope.ts";
import { createQwenCustomization, type QwenCustomizationOptions } from "./qwen_customization.ts";
import { createQwenSynthesis } from "./qwen_synthesis.ts";
import { createQwenVoices } from "./qwen_voices.ts";

/** What one call of a synthesis may take when nothing else is said: the default of `QWEN_TIMEOUT_MS`. */
const SYNTHESIS_TIMEOUT_MS = 60_000;

export type QwenOptions = Omit<QwenCustomizationOptions, "dashscope"> & {
  apiKey: string;
  /** DashScope's origin, proved to belong to the region. */
  baseUrl: string;
  /** Milliseconds that each call of a synthesis may take, 60,000 by default. A create is given its own. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  /** Gives a signal that aborts after so many milliseconds; the runtime's own by default. */
  timeout?: (ms: number) => AbortSignal;
};

/** Alibaba's Qwen as a provider of voices and of speech. */
export function createQwen(options: QwenOptions): TtsProvider {
  const dashscope = createDashScope(options);
  return {
    name: "qwen",
    region: options.region,
    ...createQwenCustomization({ ...options, dashscope }),
    ...createQwenSynthesis({ ...options, dashscope, timeoutMs: options.timeoutMs ?? SYNTHESIS_TIMEOUT_MS }),
    ...createQwenVoices({ ...options, dashscope }),
  };
}
