import { z } from "zod";
import type { Speech, SynthesisRequest } from "../provider.ts";
import type { DashScope } from "./dashscope.ts";
import { createQwenResult, type QwenResultOptions } from "./qwen_result.ts";

const GENERATION_PATH = "/api/v1/services/aigc/multimodal-generation/generation";

const generationAnswer = z.object({
  output: z.object({
    finish_reason: z.string().nullish(),
    audio: z.object({ url: z.string().min(1) }),
  }),
  usage: z.object({ characters: z.number().nullish() }).nullish(),
  request_id: z.string().nullish(),
});

/** Logged as an error: the request sends the model that the provider returned, so every text for the voice will fail. */
const MODEL_MISMATCH = "BadRequest.VoiceModelMismatch";

/** Codes about the text or the voice. The code of an unknown voice is not documented for synthesis. */
const REFUSED_BY: ReadonlySet<string> = new Set([
  "InvalidParameter",
  "InvalidParameter.DataInspection",
  "BadRequest.VoiceNotFound",
  MODEL_MISMATCH,
]);

/** The user's sentence. Only the message shows that a text is too long. */
function refusalOf(providerCode: string, message: string): string {
  if (/DataInspection|^CustomRoleBlocked$/.test(providerCode)) {
    return "The text was refused by a content check.";
  }
  if (providerCode === "BadRequest.VoiceNotFound") {
    return "The voice provider no longer has this voice. Clone it again.";
  }
  if (providerCode === MODEL_MISMATCH) {
    return "This voice was made with another model of the voice provider. Clone it again to let it speak.";
  }
  return /input length/i.test(message)
    ? "The text is too long for the voice provider. Shorten it."
    : "The voice provider refused to speak this text with this voice.";
}

/**
 * Synthesizes speech at Qwen, without streaming.
 * @param options.timeoutMs the timeout of each of the two calls, in milliseconds
 */
export function createQwenSynthesis(options: QwenResultOptions & { dashscope: DashScope }) {
  const { fetchResult } = createQwenResult(options);

  return {
    /** Two calls, never repeated: the synthesis, and the fetch of its audio. */
    async synthesize(request: SynthesisRequest): Promise<Speech> {
      const answer = await options.dashscope.post({
        path: GENERATION_PATH,
        body: {
          model: request.targetModel,
          input: { text: request.text, voice: request.providerVoiceId, language_type: request.language },
        },
        answer: generationAnswer,
        timeoutMs: options.timeoutMs,
        signal: request.signal,
        refusedBy: REFUSED_BY,
        alarming: new Set([MODEL_MISMATCH]),
        refusal: refusalOf,
      });
      const requestId = answer.request_id ?? null;
      return {
        bytes: await fetchResult(answer.output.audio.url, { requestId, signal: request.signal }),
        requestId,
        metadata: {
          characters: answer.usage?.characters ?? null,
          finish_reason: answer.output.finish_reason ?? null,
        },
      };
    },
  };
}
