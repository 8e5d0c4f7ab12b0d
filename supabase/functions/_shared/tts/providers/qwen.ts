import type { TtsProvider } from "../provider.ts";
import { createDashScope } from "./dashscope.ts";
import { createQwenCustomization, type QwenCustomizationOptions } from "./qwen_customization.ts";
import { createQwenSynthesis } from "./qwen_synthesis.ts";
import { createQwenVoices } from "./qwen_voices.ts";

/** The default of `QWEN_TIMEOUT_MS`. */
const SYNTHESIS_TIMEOUT_MS = 60_000;

export type QwenOptions = Omit<QwenCustomizationOptions, "dashscope"> & {
  apiKey: string;
  /** An origin of DashScope in the region. */
  baseUrl: string;
  /** The timeout of each call of a synthesis, by default 60,000 ms. */
  timeoutMs?: number;
  fetch?: typeof fetch;
  timeout?: (ms: number) => AbortSignal;
};

/** Alibaba's Qwen. */
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
