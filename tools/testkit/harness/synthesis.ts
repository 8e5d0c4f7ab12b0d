import assert from "node:assert/strict";
import { http } from "msw";
import { setupServer } from "msw/node";
import { z } from "zod";
import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import type { SynthesisRequest } from "../../../supabase/functions/_shared/tts/provider.ts";
import { createQwen, type QwenOptions } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import type { ProviderAnswer } from "./dashscope.ts";
import { refuseUnstubbed } from "./unstubbed.ts";

/** The provider's one address for synthesis, in the region `intl`. */
export const GENERATION_URL =
  "https://dashscope-intl.aliyuncs.com/api/v1/services/aigc/multimodal-generation/generation";

/** What opens the speech to anyone; nobody may be told. */
export const SIGNATURE = "c2lnbmVkLWZvci1hLWRheQ";

/** Where the provider puts the speech: a bucket of Alibaba's object storage, told without TLS. */
export const RESULT_URL =
  `http://dashscope-result-sgp.oss-ap-southeast-1.aliyuncs.com/1d/speech.wav?Expires=1795435200&Signature=${SIGNATURE}`;

export const SPEECH = new TextEncoder().encode("RIFF what stands for speech");

export const SYNTHESIS = {
  text: "Good evening, said the lighthouse keeper.",
  language: "English",
  providerVoiceId: "qwen-tts-vc-grace_0123456789-voice-20261122120000000-1a2b",
  targetModel: "qwen3-tts-vc-2026-01-22",
} as const;

const generationBody = z.looseObject({ model: z.string(), input: z.looseObject({}) });

export type SynthesisCall = {
  headers: Record<string, string>;
  body: z.output<typeof generationBody>;
};

/** 200 with speech at `RESULT_URL`. */
export function speechMade(audio: Record<string, unknown> = {}): ProviderAnswer {
  return () =>
    Response.json({
      output: {
        finish_reason: "stop",
        audio: { data: "", url: RESULT_URL, id: "audio_f0e1d2c3", expires_at: 1795435200, ...audio },
      },
      usage: { characters: 41 },
      request_id: "f0e1d2c3-speak",
    });
}

/**
 * Stands in for synthesis at DashScope, and for the storage that keeps its results, while `use` runs. The calls must
 * come in the order of `answers`, all of them and no more, and nothing else may leave this machine: each is a failure of
 * the test. The answers are those of `dashscope.ts`; they are told the action `synthesize`, which the request has not.
 */
export async function withSynthesis(
  answers: ProviderAnswer[],
  use: (calls: SynthesisCall[], fetched: Request[]) => Promise<void>,
): Promise<void> {
  const calls: SynthesisCall[] = [];
  const fetched: Request[] = [];
  const unexpected: string[] = [];
  const waiting = [...answers];
  const server = setupServer(
    http.post(GENERATION_URL, async ({ request }) => {
      const headers = Object.fromEntries(request.headers);
      const body = generationBody.parse(await request.json());
      calls.push({ headers, body });
      const answer = waiting.shift();
      if (answer) {
        return await answer({ headers, body: { ...body, input: { ...body.input, action: "synthesize" } } });
      }
      unexpected.push("a synthesis too many");
      return Response.error();
    }),
    http.get(RESULT_URL.replace(/^http:(.*)\?.*$/, "https:$1"), ({ request }) => {
      fetched.push(request.clone());
      return new Response(SPEECH, { headers: { "Content-Type": "audio/wav" } });
    }),
  );
  server.listen(refuseUnstubbed(unexpected));
  try {
    await use(calls, fetched);
  } finally {
    server.close();
  }
  if (unexpected.length > 0) throw new Error(unexpected.join("; "));
  if (waiting.length > 0) throw new Error(`${waiting.length} stubbed provider answers were never asked for`);
}

/** Has Qwen, with these options, speak `SYNTHESIS` or what is given in its place. */
export function createSpeaker(options: Partial<QwenOptions> & { apiKey: string }) {
  const provider = createQwen({
    baseUrl: "https://dashscope-intl.aliyuncs.com",
    region: "intl",
    targetModel: "qwen3-tts-vc-configured",
    delivery: "signed_url",
    signedUrlTtlSeconds: 300,
    ...options,
  });
  return async (other: Partial<SynthesisRequest> = {}) => {
    assert(provider.synthesize);
    return await provider.synthesize({ ...SYNTHESIS, signal: new AbortController().signal, ...other });
  };
}

/** The ProviderError that this ends in. */
export async function failureOf(work: Promise<unknown>): Promise<ProviderError> {
  try {
    await work;
  } catch (error) {
    assert(error instanceof ProviderError, Deno.inspect(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it did not fail" });
}
