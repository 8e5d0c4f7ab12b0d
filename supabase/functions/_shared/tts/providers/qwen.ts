import type { TtsProvider } from "../provider.ts";
import { createDashScope } from "./dashscope.ts";
import { createQwenCustomization, type QwenCustomizationOptions } from "./qwen_customization.ts";
import { createQwenVoices } from "./qwen_voices.ts";

export type QwenOptions = Omit<QwenCustomizationOptions, "dashscope"> & {
  apiKey: string;
  /** DashScope's origin, proved to belong to the region. */
  baseUrl: string;
  fetch?: typeof fetch;
  /** Gives a signal that aborts after so many milliseconds; the runtime's own by default. */
  timeout?: (ms: number) => AbortSignal;
};

/** Alibaba's Qwen as a provider of voices. */
export function createQwen(options: QwenOptions): TtsProvider {
  const dashscope = createDashScope(options);
  return {
    name: "qwen",
    region: options.region,
    ...createQwenCustomization({ ...options, dashscope }),
    ...createQwenVoices({ ...options, dashscope }),
  };
}
