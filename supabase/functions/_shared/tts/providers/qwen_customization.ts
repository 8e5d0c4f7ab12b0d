import { z } from "zod";
import { ApiError } from "../../errors.ts";
import type { CloneRequest, PreparedClone, Reference } from "../provider.ts";
import type { DashScope } from "./dashscope.ts";
import { DataUrl } from "./data_url.ts";
import { createSlots } from "./slots.ts";

/** Where voices are created, listed and deleted, with the model that does it. */
export const CUSTOMIZATION_PATH = "/api/v1/services/audio/tts/customization";
export const ENROLLMENT_MODEL = "qwen-voice-enrollment";
/** What the voices are: cloned from speech, not designed from words. */
export const VOICE_KIND = "vc";

/** The encoded text must be under 10 MB, so the clip is smaller by a third (docs/qwen-api.md). */
const DATA_URL_LIMIT_BYTES = 7_499_900;

/** A clip that is sent itself is in memory several times over, and a worker has 256 MB (npm run bench -- memory). */
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

/** Up to five letters of the voice's name for whoever reads the provider's console, and the token that finds it. */
export function preferredName(name: string, token: string): string {
  const letters = name.normalize("NFD").replace(/[^A-Za-z]/g, "").slice(0, 5).toLowerCase() || "voice";
  return `${letters}_${token}`;
}

/** Our own sentence for a clip or transcript that the provider refused. */
function refusalOf(providerCode: string): string {
  return REFUSALS[providerCode] ??
    "The audio could not be used. Record 10 to 20 seconds of one clear voice, without music or noise, reading exactly the transcript.";
}

/** Enrollment at Qwen: creating a voice from a reference. */
export function createQwenCustomization(options: QwenCustomizationOptions) {
  const { dashscope, region, targetModel } = options;
  const sendsDataUrls = options.delivery === "data_url";
  const inTurn = createSlots(DATA_URLS_AT_ONCE);

  return {
    keepsVoices: true,

    /** Of clips that are sent themselves, one is on its way at a time. */
    async inTurn<Result>(
      reference: Reference,
      signal: AbortSignal,
      work: () => Promise<Result>,
    ): Promise<Result> {
      if (!sendsDataUrls) return await work();
      refuseTooLargeForDataUrl(reference);
      return await inTurn(signal, work);
    },

    /** Signs a URL of the reference, or reads it. */
    async prepareClone(
      { reference, details, language, token, ...request }: CloneRequest,
    ): Promise<PreparedClone> {
      const data = sendsDataUrls
        ? new DataUrl(reference.contentType, await reference.read())
        : await reference.sign(options.signedUrlTtlSeconds);

      return {
        /** @throws {ProviderError} */
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

function refuseTooLargeForDataUrl(reference: Reference): void {
  if (reference.sizeBytes > DATA_URL_LIMIT_BYTES) {
    throw new ApiError(
      "reference_too_large",
      "Reference audio must be under 7.4MB when it is sent directly.",
    );
  }
}
