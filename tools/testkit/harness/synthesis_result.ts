import assert from "node:assert/strict";
import type { ProviderErrorCategory } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import { PROVIDER_KEY } from "./api.ts";
import { createVirtualClock, type VirtualClock } from "./clock.ts";
import { createSpeaker, failureOf, SIGNATURE, SPEECH } from "./synthesis.ts";

/** DashScope where the simulator has it. */
export const LOOPBACK_URL = "http://127.0.0.1:4010";

const generated = (url: string) =>
  Response.json({ output: { audio: { url } }, request_id: "f0e1d2c3-speak" });

/** A synthesis whose result is told to lie at `url`, and every request that was made for it. */
export async function speakFrom(
  url: string,
  options: {
    baseUrl?: string;
    result?: (init: RequestInit) => Response | Promise<Response>;
    clock?: VirtualClock;
    signal?: AbortSignal;
  } = {},
) {
  const fetched: { url: string; init: RequestInit }[] = [];
  const speak = createSpeaker({
    apiKey: PROVIDER_KEY,
    timeout: (options.clock ?? createVirtualClock()).timeout,
    timeoutMs: 45_000,
    ...(options.baseUrl ? { baseUrl: options.baseUrl } : {}),
    fetch: async (input, init: RequestInit = {}) => {
      if (init.method === "POST") return generated(url);
      fetched.push({ url: String(input), init });
      return await (options.result?.(init) ?? new Response(SPEECH));
    },
  });
  const outcome = await speak({ signal: options.signal ?? new AbortController().signal }).then(
    ({ bytes }) => ({ bytes }),
    async (error) => ({ error: await failureOf(Promise.reject(error)) }),
  );
  return { fetched, outcome };
}

/** The category of the failure, which carries the provider's request id and tells nothing of the URL. */
export function failed(
  outcome: Awaited<ReturnType<typeof speakFrom>>["outcome"],
  url: string,
): ProviderErrorCategory {
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
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { origin, pathname } = new URL(request.url);
    if (request.method === "POST") {
      await request.text();
      return generated(`${origin}/results/speech.wav?Signature=${SIGNATURE}`);
    }
    asked.push({ path: pathname, headers: request.headers });
    return await result(request);
  });
  const baseUrl = `http://127.0.0.1:${server.addr.port}`;
  return {
    asked,
    url: `${baseUrl}/results/speech.wav`,
    speak: createSpeaker({ apiKey: PROVIDER_KEY, baseUrl }),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
