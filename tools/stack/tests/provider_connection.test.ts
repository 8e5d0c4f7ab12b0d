// Over a real socket: what the runtime does with a connection that breaks is not ours, and no stub shows it.
import assert from "node:assert/strict";
import { z } from "zod";
import { createDashScope } from "../../../supabase/functions/_shared/tts/providers/dashscope.ts";
import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import { createQwen } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import { startSimulator } from "../../simulator/simulator.ts";
import { wav } from "../../simulator/test_client.ts";

const apiKey = "sk-simulated";
const FIRST = "first00000";
const SECOND = "second0000";

/** The provider of the function against a simulator; `clone` gives the voice it would save. */
async function started() {
  const simulator = await startSimulator({ apiKey });
  const provider = createQwen({
    apiKey,
    baseUrl: simulator.url,
    region: "intl",
    targetModel: "qwen3-tts-vc-2026-01-22",
    delivery: "data_url",
    signedUrlTtlSeconds: 300,
  });
  const clip = wav({ seconds: 3 });
  return {
    simulator,
    provider,
    async clone(token: string) {
      const prepared = await provider.prepareClone({
        details: { name: "Grace", language: "English", transcript: "Hello.", description: null },
        token,
        language: { requested: "English", sent: "en", why: "requested" },
        reference: {
          contentType: "audio/wav",
          sizeBytes: clip.byteLength,
          sign: () => Promise.reject(new Error("nothing is signed here")),
          read: () => Promise.resolve(clip.slice()),
        },
        referenceMetadata: {},
        signal: new AbortController().signal,
      });
      return await prepared.cloneVoice(5_000);
    },
    [Symbol.asyncDispose]: () => simulator.stop(),
  };
}

/** How many paid creations a token has on the account's bill. */
function paid(simulator: Awaited<ReturnType<typeof startSimulator>>, token: string): number | undefined {
  return simulator.bill().byPreferredName[`grace_${token}`];
}

Deno.test("a create whose connection breaks after the voice was made is not sent again", async () => {
  await using one = await started();
  await one.clone(FIRST);
  one.simulator.addFaults({ action: "create", answer: { kind: "cut", when: "after" } });
  await assert.rejects(one.clone(SECOND), (error) => {
    assert(error instanceof ProviderError);
    return error.category === "no_answer" && error.outcomeUnknown;
  });
  assert.deepEqual([paid(one.simulator, FIRST), paid(one.simulator, SECOND)], [1, 1]);
  assert.equal(one.simulator.calls().length, 2);
  const found = await one.provider.findVoice(SECOND, new AbortController().signal);
  assert.match(found?.providerVoiceId ?? "", new RegExp(`^qwen-tts-vc-grace_${SECOND}-voice-`));
});

Deno.test("nor is it after speech was fetched from the same host, or a text whose connection breaks", async () => {
  await using one = await started();
  const saved = await one.clone(FIRST);
  assert(saved.provider === "qwen" && one.provider.synthesize);
  const asked = {
    text: "Hello.",
    language: "English" as const,
    providerVoiceId: saved.voice.providerVoiceId,
    targetModel: saved.voice.targetModel,
    signal: new AbortController().signal,
  };
  await one.provider.synthesize(asked);
  one.simulator.addFaults({ action: "create", answer: { kind: "cut", when: "after" } });
  await assert.rejects(one.clone(SECOND), { name: "ProviderError", category: "no_answer" });
  assert.equal(paid(one.simulator, SECOND), 1);

  await one.provider.synthesize(asked);
  one.simulator.addFaults({ action: "synthesize", answer: { kind: "cut", when: "after" } });
  await assert.rejects(one.provider.synthesize(asked), { name: "ProviderError", category: "no_answer" });
  assert.equal(one.simulator.bill().syntheses, 3);
});

Deno.test("a provider that nobody listens for gives no answer", async () => {
  const simulator = await startSimulator({ apiKey });
  await simulator.stop();
  const dashscope = createDashScope({ apiKey, baseUrl: simulator.url });
  await assert.rejects(
    dashscope.post({
      path: "/",
      body: {},
      answer: z.unknown(),
      timeoutMs: 5_000,
      signal: new AbortController().signal,
    }),
    { name: "ProviderError", category: "no_answer" },
  );
});
