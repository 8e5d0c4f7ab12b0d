// The provider's synthesis without the rest of the function: what it fetches, and how it fails.
import assert from "node:assert/strict";
import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import type { SynthesisRequest } from "../../../supabase/functions/_shared/tts/provider.ts";
import type { QwenOptions } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import { serveLocally } from "./api.ts";
import { qwen, SIGNATURE, SPEECH, TARGET_MODEL } from "./dashscope.ts";
import { createVirtualClock, type VirtualClock } from "./virtual_clocks.ts";

/** DashScope where the simulator has it. */
export const LOOPBACK_URL = "http://127.0.0.1:4010";

export const SYNTHESIS = {
  text: "Good evening, said the lighthouse keeper.",
  language: "English",
  providerVoiceId: "qwen-tts-vc-grace_0123456789-voice-20261122120000000-1a2b",
  targetModel: TARGET_MODEL,
} as const;

/** Has Qwen, with these options, speak `SYNTHESIS` or what is given in its place. */
export function createSpeaker(options: Partial<QwenOptions> = {}) {
  const provider = qwen({ targetModel: "qwen3-tts-vc-configured", ...options });
  return async (other: Partial<SynthesisRequest> = {}) => {
    assert(provider.synthesize);
    return await provider.synthesize({ ...SYNTHESIS, signal: new AbortController().signal, ...other });
  };
}

export async function failureOf(work: Promise<unknown>): Promise<ProviderError> {
  try {
    await work;
  } catch (error) {
    assert(error instanceof ProviderError, Deno.inspect(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it did not fail" });
}

const generated = (url: string) =>
  Response.json({ output: { audio: { url } }, request_id: "f0e1d2c3-speak" });

/** A synthesis whose result lies at `url` by its answer, and every request that was made for it. */
export async function speakFrom(
  url: string,
  options: {
    baseUrl?: string | undefined;
    result?: (init: RequestInit) => Response | Promise<Response>;
    clock?: VirtualClock;
    signal?: AbortSignal;
  } = {},
) {
  const fetched: { url: string; init: RequestInit }[] = [];
  const speak = createSpeaker({
    timeout: (options.clock ?? createVirtualClock()).timeout,
    timeoutMs: 45_000,
    ...(options.baseUrl ? { baseUrl: options.baseUrl } : {}),
    fetch: async (input, init: RequestInit = {}) => {
      if (init.method === "POST") return generated(url);
      fetched.push({ url: String(input), init });
      return await (options.result?.(init) ?? new Response(SPEECH));
    },
  });
  const outcome = await speak(options.signal ? { signal: options.signal } : {}).then(
    ({ bytes }) => ({ bytes }),
    async (error) => ({ error: await failureOf(Promise.reject(error)) }),
  );
  return { fetched, outcome };
}

/** The category of the failure, which carries the provider's request id and nothing of the URL. */
export function failed(outcome: Awaited<ReturnType<typeof speakFrom>>["outcome"], url: string) {
  assert("error" in outcome, "it did not fail");
  const { error } = outcome;
  assert.equal(error.providerRequestId, "f0e1d2c3-speak");
  const seen = Deno.inspect(error, { depth: 10 });
  const parts = URL.parse(url);
  for (const secret of [url, SIGNATURE, parts?.host, parts?.pathname.slice(1)]) {
    assert(!secret || !seen.includes(secret), `${secret} was told: ${seen}`);
  }
  return error.category;
}

/** A provider on loopback, with everything that was asked of it by GET. */
export function startProvider(result: (request: Request) => Response | Promise<Response>) {
  const asked: { path: string; headers: Headers }[] = [];
  const { url: baseUrl, ...server } = serveLocally(async (request) => {
    const { origin, pathname } = new URL(request.url);
    if (request.method === "POST") {
      await request.text();
      return generated(`${origin}/results/speech.wav?Signature=${SIGNATURE}`);
    }
    asked.push({ path: pathname, headers: request.headers });
    return await result(request);
  });
  const url = `${baseUrl}/results/speech.wav`;
  return { asked, url, failure: () => failureOf(createSpeaker({ baseUrl })()), ...server };
}
