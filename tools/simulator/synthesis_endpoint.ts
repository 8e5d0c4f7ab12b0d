import { z } from "zod";
import { textLength } from "../../supabase/functions/_shared/tts/text_length.ts";
import type { Account } from "./account.ts";
import { DashScopeError } from "./dashscope_errors.ts";
import { type Endpoint, isTargetModel, parseParameters, parseRequest } from "./endpoint.ts";
import type { Results } from "./results.ts";
import { plainTone, type Speech, speechSampleRate, toneOf } from "./speech.ts";
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
 * Speaks a text with a voice of the account and answers where the WAV can be fetched. A text is too long by the strictest
 * reading of the limit, and billed by its code points. A voice that the account does not have is `InvalidParameter` here,
 * for its code is not documented.
 */
export function createSynthesis(
  { account, speech, results }: { account: Account; speech: Speech; results: Results },
): Endpoint {
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

function invalid(message: string): DashScopeError {
  return new DashScopeError("InvalidParameter", { message });
}
