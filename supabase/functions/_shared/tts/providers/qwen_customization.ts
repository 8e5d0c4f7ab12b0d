import { z } from "zod";
import { ApiError } from "../../errors.ts";
import type { CloneRequest, PreparedClone, Reference } from "../provider.ts";
import type { DashScope } from "./dashscope.ts";
import { DataUrl } from "./data_url.ts";
import { createSlots } from "./slots.ts";

/** The path and the model to create, list and delete voices. */
export const CUSTOMIZATION_PATH = "/api/v1/services/audio/tts/customization";
export const ENROLLMENT_MODEL = "qwen-voice-enrollment";
/** Cloned voices, as opposed to designed ones. */
export const VOICE_KIND = "vc";

/** Base64 adds a third, and the data URL must be under 10 MB (docs/qwen-api.md). */
const DATA_URL_LIMIT_BYTES = 7_499_900;

/** A clip sent as a data URL is in memory several times, and a worker has 256 MB (npm run bench -- memory). */
const DATA_URLS_AT_ONCE = 1;

const REFUSED_CONTENT = "The audio or its transcript was refused by a content check.";

const REFUSALS: Readonly<Record<string, string>> = {
  "Audio.DecoderError": "The audio could not be decoded. Upload a WAV, MP3 or M4A recording.",
  "Audio.AudioRateError": "The audio's sample rate is too low. Record at 24 kHz or more.",
  "Audio.DurationLimitError": "The audio's length is not accepted. Record 10 to 20 seconds, at most 60.",
  "Audio.AudioSilentError":
    "The audio is silent, or nearly so. Check the microphone, and record 10 to 20 seconds of speech.",
  "Audio.AudioShortError":
    "The audio holds too little speech. Record 10 to 20 seconds, speaking without long pauses.",
  "Audio.FileSizeExceed": "The audio file is too large. Upload a recording under 10 MB.",
  "BadRequest.UnsupportedFileFormat":
    "The audio's format is not supported. Upload a WAV, MP3 or M4A recording.",
  DataInspectionFailed: REFUSED_CONTENT,
  CustomRoleBlocked: REFUSED_CONTENT,
};

const createAnswer = z.object({
  output: z.object({
    voice: z.string().min(1),
    target_model: z.string().min(1),
    fallback_mode: z.boolean().nullish(),
    fallback_reason: z.string().nullish(),
  }),
  usage: z.record(z.string(), z.unknown()).nullish(),
  request_id: z.string().nullish(),
});

export type QwenCustomizationOptions = {
  dashscope: DashScope;
  region: string;
  targetModel: string;
  delivery: "signed_url" | "data_url";
  signedUrlTtlSeconds: number;
};

/** Up to five letters of the voice's name, to recognize it in the provider's console, and its token. */
export function preferredName(name: string, token: string): string {
  const letters = name.normalize("NFD").replace(/[^A-Za-z]/g, "").slice(0, 5).toLowerCase() || "voice";
  return `${letters}_${token}`;
}

function refusalOf(providerCode: string): string {
  return REFUSALS[providerCode] ??
    "The audio could not be used. Record 10 to 20 seconds of one clear voice, without music or noise, reading exactly the transcript.";
}

/** Creates voices at Qwen. */
export function createQwenCustomization(options: QwenCustomizationOptions) {
  const { dashscope, region, targetModel } = options;
  const sendsDataUrls = options.delivery === "data_url";
  const inTurn = createSlots(DATA_URLS_AT_ONCE);

  return {
    keepsVoices: true,

    async inTurn<Result>({ sizeBytes }: Reference, signal: AbortSignal, work: () => Promise<Result>) {
      if (!sendsDataUrls) return await work();
      if (sizeBytes > DATA_URL_LIMIT_BYTES) {
        throw new ApiError(
          "reference_too_large",
          "Reference audio must be under 7.4MB when it is sent directly.",
        );
      }
      return await inTurn(signal, work);
    },

    async prepareClone(
      { reference, details, language, token, ...request }: CloneRequest,
    ): Promise<PreparedClone> {
      const data = sendsDataUrls
        ? new DataUrl(reference.contentType, await reference.read())
        : await reference.sign(options.signedUrlTtlSeconds);

      return {
        async cloneVoice(timeoutMs) {
          const answer = await dashscope.post({
            path: CUSTOMIZATION_PATH,
            body: {
              model: ENROLLMENT_MODEL,
              input: {
                action: "create",
                target_model: targetModel,
                preferred_name: preferredName(details.name, token),
                audio: { data },
                text: details.transcript,
                ...(language.sent === null ? {} : { language: language.sent }),
              },
            },
            answer: createAnswer,
            timeoutMs,
            signal: request.signal,
            refusal: refusalOf,
          });
          return {
            provider: "qwen",
            voice: {
              providerVoiceId: answer.output.voice,
              targetModel: answer.output.target_model,
              kind: VOICE_KIND,
              region,
              requestId: answer.request_id ?? null,
              metadata: {
                usage: answer.usage ?? null,
                fallback_mode: answer.output.fallback_mode ?? false,
                fallback_reason: answer.output.fallback_reason ?? null,
                language,
                reference: request.referenceMetadata,
              },
            },
          };
        },
      };
    },
  };
}
