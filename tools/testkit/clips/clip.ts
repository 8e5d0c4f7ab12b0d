import type { AudioFacts } from "../../../supabase/functions/_shared/audio/inspect.ts";
import type { ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import type { Bytes } from "./bytes.ts";

/** What a look into a clip is to find. */
export type ExpectedFacts = Omit<AudioFacts, "contentType">;

/** A clip of the corpus, and what is to become of it. */
export type Clip = {
  /** The name of its file. */
  name: string;
  /** The type it is uploaded as, whatever it is. */
  contentType: "audio/wav" | "audio/mpeg" | "audio/mp4";
  /** Made when it is asked for, the same every time. */
  bytes: () => Bytes;
  /** Null where the clip cannot be read, is of a format that is not taken, or is not looked into. */
  facts: ExpectedFacts | null;
  /** How far from the expected duration the measured one may be, in seconds: a frame, where readers differ. */
  toleranceSeconds: number;
  /** The code of the refusal; null for a clip that is fit. */
  code: ErrorCode | null;
};

/** What a table of clips says of one: facts that are not the usual ones, and the code of a refusal. */
export type Expected = Partial<ExpectedFacts> & { toleranceSeconds?: number; code?: ErrorCode };

/** A clip that can be read: 10 s, 24 kHz, mono, where nothing else is said. */
export function readable(
  name: string,
  bytes: () => Bytes,
  usual: Pick<Clip, "contentType"> & Pick<ExpectedFacts, "container" | "codec">,
  expected: Expected = {},
): Clip {
  const { contentType, container, codec } = usual;
  const { toleranceSeconds = 0, code = null, ...facts } = expected;
  return {
    name,
    contentType,
    bytes,
    facts: { container, codec, durationSeconds: 10, sampleRate: 24_000, channels: 1, ...facts },
    toleranceSeconds,
    code,
  };
}

/** A clip of which nothing but the refusal is told. */
export function refused(
  name: string,
  bytes: () => Bytes,
  contentType: Clip["contentType"],
  code: ErrorCode,
): Clip {
  return { name, contentType, bytes, facts: null, toleranceSeconds: 0, code };
}
