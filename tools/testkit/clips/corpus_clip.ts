import type { AudioFacts } from "../../../supabase/functions/_shared/audio/inspect.ts";
import type { ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import type { Bytes } from "./binary.ts";

type ExpectedFacts = Omit<AudioFacts, "contentType">;

/** A clip of the corpus with its expected verdict. */
export type Clip = {
  name: string;
  /** The type it is uploaded as, whatever it is. */
  contentType: "audio/wav" | "audio/mpeg" | "audio/mp4";
  /** Made on demand, the same every time. */
  bytes: () => Bytes;
  /** Null where the clip cannot be read, has an unsupported format, or is not inspected. */
  facts: ExpectedFacts | null;
  /** How far the measured duration may be from the expected one, in seconds: a frame, where readers differ. */
  toleranceSeconds: number;
  /** The code of the refusal; null for an accepted clip. */
  code: ErrorCode | null;
};

/** What a row of the corpus says of its clip where it is not 10 s, 24 kHz, mono and accepted. */
export type Expected = Partial<ExpectedFacts> & { toleranceSeconds?: number; code?: ErrorCode };

export const REFUSED = {
  tooShort: { code: "reference_too_short" },
  tooLong: { code: "reference_too_long" },
  tooLarge: { code: "reference_too_large" },
  rateTooLow: { code: "reference_sample_rate_too_low" },
  notMono: { code: "reference_not_mono" },
} as const satisfies Record<string, Expected>;

const FORMATS = {
  wav: { contentType: "audio/wav", container: "wav", codec: "pcm-s16" },
  mp3: { contentType: "audio/mpeg", container: "mp3", codec: "mp3" },
  m4a: { contentType: "audio/mp4", container: "m4a", codec: "aac" },
} as const;
type Format = keyof typeof FORMATS;

/** A clip that can be read, by the name of its file without the format. */
export function readable(format: Format, name: string, bytes: Clip["bytes"], expected: Expected = {}): Clip {
  const { contentType, container, codec } = FORMATS[format];
  const { toleranceSeconds = 0, code = null, ...facts } = expected;
  return {
    name: `${name}.${format}`,
    contentType,
    bytes,
    facts: { container, codec, durationSeconds: 10, sampleRate: 24_000, channels: 1, ...facts },
    toleranceSeconds,
    code,
  };
}

/** Makes rows for files uploaded as one format and refused with one code, before any facts are known. */
export const refusedAs =
  (format: Format, code: ErrorCode, prefix: string) => (name: string, bytes: Clip["bytes"]): Clip => ({
    name: `${prefix}-${name}.${format}`,
    contentType: FORMATS[format].contentType,
    bytes,
    facts: null,
    toleranceSeconds: 0,
    code,
  });
