import { z } from "zod";
import { textLength } from "../../supabase/functions/_shared/tts/text_length.ts";
import { DashScopeError, invalid } from "./dashscope_errors.ts";
import { type Endpoint, isTargetModel, parseParameters, parseRequest } from "./endpoint.ts";
import type { SimulatorState } from "./simulator_state.ts";
import { createSpeech, plainTone, speechSampleRate, toneOf } from "./speech.ts";
import { encodeWav } from "./wav_writer.ts";

export const synthesisPath = "/api/v1/services/aigc/multimodal-generation/generation";

const maximumLength = 600;

/** `Auto` speaks the language the voice was enrolled with. */
const languageCodes = new Map([
  ["Auto", undefined],
  ["Chinese", "zh"],
  ["English", "en"],
  ["German", "de"],
  ["Italian", "it"],
  ["Portuguese", "pt"],
  ["Spanish", "es"],
  ["Japanese", "ja"],
  ["Korean", "ko"],
  ["French", "fr"],
  ["Russian", "ru"],
]);

const inputSchema = z.object({
  text: z.string(),
  voice: z.string().min(1),
  language_type: z.enum([...languageCodes.keys()]).default("Auto"),
});

/**
 * Speaks a text and answers with the URL of its WAV. A text is bounded by the strictest reading of the limit and billed by
 * code points. The code for an unknown voice is not documented: here it is `InvalidParameter`.
 */
export function createSynthesis({ account, results }: Pick<SimulatorState, "account" | "results">): Endpoint {
  const speech = createSpeech();
  return {
    path: synthesisPath,
    actionOf: () => "synthesize",
    async answer(body, origin) {
      const { model, input } = parseRequest(body, isTargetModel);
      const { text, voice: id, language_type: languageType } = parseParameters(inputSchema, input);
      const characters = [...text].length;
      if (characters === 0 || textLength(text) > maximumLength) {
        throw invalid(`Range of input length should be [0, ${maximumLength}]`);
      }
      const voice = account.find(id);
      if (!voice) throw invalid("The voice does not exist.");
      if (voice.targetModel !== model) throw new DashScopeError("BadRequest.VoiceModelMismatch");

      const samples = await speech.speak(text, {
        language: languageCodes.get(languageType) ?? voice.language,
        tone: voice.audio ? toneOf(voice.audio.sha256) : plainTone,
      });
      account.billSpeech(voice.voice, characters);
      const result = results.keep(encodeWav(samples, speechSampleRate), origin);
      return {
        output: {
          finish_reason: "stop",
          audio: { data: "", url: result.url, id: result.id, expires_at: result.expiresAt },
        },
        usage: { characters },
      };
    },
  };
}
