/** How a provider may build a voice id from `preferred_name`; only the first is documented, by one example. */
const ID_SHAPES = {
  "17 digits": (name, { digits, suffix }) => `qwen-tts-vc-${name}-voice-${digits}-${suffix}`,
  "14 digits": (name, { digits, suffix }) => `qwen-tts-vc-${name}-voice-${digits.slice(0, 14)}-${suffix}`,
  "capitals": (name, { digits, suffix }) => `QWEN3-TTS-VC-${name.toUpperCase()}-${digits}${suffix}`,
  "run together": (name, { digits, suffix }) => `vc${suffix}${name}${digits}`,
  "name last": (name, { digits, suffix }) => `v2.${suffix}.${digits}.${name}`,
  "without the token": (_, { digits, suffix }) => `voice-${digits}-${suffix}`,
} as const satisfies Record<string, (name: string, made: { digits: string; suffix: string }) => string>;

export type IdShape = keyof typeof ID_SHAPES;

export const DOCUMENTED_SHAPE: IdShape = "17 digits";

/** The shapes that carry the token, which is in `preferred_name`. */
export const TRACEABLE_SHAPES = ["17 digits", "14 digits", "capitals", "run together", "name last"] as const;

export const ID_SHAPE_NAMES: readonly IdShape[] = [...TRACEABLE_SHAPES, "without the token"];

/** The id of a voice made `at` milliseconds since the epoch; `suffix` is unique among those. */
export function voiceIdOf(
  shape: IdShape,
  preferredName: string,
  made: { at: number; suffix: string },
): string {
  const digits = new Date(made.at).toISOString().replace(/\D/g, "");
  return ID_SHAPES[shape](preferredName, { digits, suffix: made.suffix });
}

/** `gmt_create` in the list of a provider with such ids: the documented form has no zone. */
export function gmtCreateOf(shape: IdShape, at: number): string | number {
  const iso = new Date(at).toISOString();
  switch (shape) {
    case "14 digits":
      return iso;
    case "capitals":
      return at;
    case "run together":
      return Math.floor(at / 1000);
    case "name last":
      return `${iso.slice(0, 23).replace("T", " ")}+00:00`;
    default:
      return iso.slice(0, 19).replace("T", " ");
  }
}
