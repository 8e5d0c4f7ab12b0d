import { ApiError, type ErrorCode, standardError } from "../errors.ts";
import type { InspectedObject } from "../storage/objects.ts";
import type { AudioFacts } from "./inspect.ts";

/** The provider takes clips "under 10 MB", read as decimal megabytes (docs/qwen-api.md). */
const SIZE_LIMIT_BYTES = 10_000_000;

/** The types that the bucket takes. Browsers declare many, so the type is not checked further. */
const DECLARED_TYPES = new Set([
  "audio/wav",
  "audio/x-wav",
  "audio/wave",
  "audio/vnd.wave",
  "audio/mpeg",
  "audio/mp3",
  "audio/x-mp3",
  "audio/mp4",
  "audio/x-m4a",
  "audio/m4a",
  "audio/aac",
  "video/mp4",
]);

/** A rule that a clip breaks, with the measured value. */
export type BrokenRule = { code: ErrorCode; limit: number; measured: number; sentence: string };

type Rule = {
  code: ErrorCode;
  limit: number;
  measure: (facts: AudioFacts) => number;
  allows: (measured: number, limit: number, facts: AudioFacts) => boolean;
  sentence: (measured: number, limit: number) => string;
};

/** What encoders add to the length, in seconds: their delay, and padding of the last frame. */
const ENCODER_SECONDS = 0.1;

/** In tenths of a second, rounded away from the limit: 2.96 s must not read as 3. */
const secondsDown = (seconds: number) => Math.floor(seconds * 10) / 10;
const secondsUp = (seconds: number) => Math.ceil(seconds * 10) / 10;
const kilohertz = (hertz: number) => Math.floor(hertz) / 1000;

/** The provider's rules (docs/qwen-api.md, "The reference clip"). */
const RULES: readonly Rule[] = [
  {
    code: "reference_too_short",
    limit: 3,
    measure: (facts) => facts.durationSeconds,
    allows: (seconds, least) => seconds >= least,
    sentence: (seconds, least) =>
      `This clip is ${
        seconds < 0.1 ? "less than 0.1" : secondsDown(seconds)
      } s long; at least ${least} s of speech are needed.`,
  },
  {
    code: "reference_too_long",
    limit: 60,
    measure: (facts) => facts.durationSeconds,
    allows: (seconds, most, { container }) => seconds <= most + (container === "wav" ? 0 : ENCODER_SECONDS),
    sentence: (seconds, most) =>
      `This clip is ${secondsUp(seconds)} s long; at most ${most} s are taken, 10 to 20 s are best.`,
  },
  {
    code: "reference_sample_rate_too_low",
    limit: 24_000,
    measure: (facts) => facts.sampleRate,
    allows: (hertz, least) => hertz >= least,
    sentence: (hertz, least) =>
      `This clip is sampled at ${kilohertz(hertz)} kHz; at least ${kilohertz(least)} kHz are needed.`,
  },
  {
    code: "reference_not_mono",
    limit: 1,
    measure: (facts) => facts.channels,
    allows: (channels, most) => channels <= most,
    sentence: (channels) => `This clip has ${channels} channels; record it in mono, with one.`,
  },
];

/** The rules that a clip breaks, in the order of the report. */
export function brokenRules(facts: AudioFacts): BrokenRule[] {
  return RULES.flatMap(({ code, limit, measure, allows, sentence }) => {
    const measured = measure(facts);
    return allows(measured, limit, facts)
      ? []
      : [{ code, limit, measured, sentence: sentence(measured, limit) }];
  });
}

/** The refusal of a clip: the code of the first broken rule, and the sentences of all. */
export function refusalOf(broken: readonly [BrokenRule, ...BrokenRule[]]): ApiError {
  return new ApiError(broken[0].code, broken.map(({ sentence }) => sentence).join(" "));
}

/**
 * Refuses what no policy allows, before the clip is read.
 * @throws {ApiError} reference_too_large, reference_type_unsupported
 */
export function refuseUnfit(reference: Pick<InspectedObject, "sizeBytes" | "contentType">): void {
  if (reference.sizeBytes >= SIZE_LIMIT_BYTES) {
    throw standardError("reference_too_large");
  }
  if (!DECLARED_TYPES.has(reference.contentType)) {
    throw new ApiError(
      "reference_type_unsupported",
      "This audio type is not supported. Upload WAV, MP3 or M4A.",
    );
  }
}
