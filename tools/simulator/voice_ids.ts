/** How a provider may build a voice id from `preferred_name`; only the first is documented, by one example. */
const ID_SHAPES = {
  "17 digits": (name: string, made: Made) => `qwen-tts-vc-${name}-voice-${made.digits}-${made.suffix}`,
  "14 digits": (name: string, made: Made) =>
    `qwen-tts-vc-${name}-voice-${made.digits.slice(0, 14)}-${made.suffix}`,
  "capitals": (name: string, made: Made) => `QWEN3-TTS-VC-${name.toUpperCase()}-${made.digits}${made.suffix}`,
  "run together": (name: string, made: Made) => `vc${made.suffix}${name}${made.digits}`,
  "name last": (name: string, made: Made) => `v2.${made.suffix}.${made.digits}.${name}`,
} as const;

type Made = { digits: string; suffix: string };

export type IdShape = keyof typeof ID_SHAPES | "without the token";

/** The documented one. */
export const DOCUMENTED_SHAPE: IdShape = "17 digits";

/** Every shape that carries the token, which is in `preferred_name`. */
export const TRACEABLE_SHAPES: readonly IdShape[] = [
  "17 digits",
  "14 digits",
  "capitals",
  "run together",
  "name last",
];

/** Every shape there is. */
export const ID_SHAPE_NAMES: readonly IdShape[] = [...TRACEABLE_SHAPES, "without the token"];

/**
 * The id of a new voice.
 * @param made.at milliseconds since the epoch
 * @param made.suffix what no other voice of the same time has
 */
export function voiceIdOf(
  shape: IdShape,
  preferredName: string,
  made: { at: number; suffix: string },
): string {
  const digits = new Date(made.at).toISOString().replace(/\D/g, "");
  const { suffix } = made;
  if (shape === "without the token") return `voice-${digits}-${suffix}`;
  return ID_SHAPES[shape](preferredName, { digits, suffix });
}

/** `gmt_create` of a voice, as the list of a provider with such ids tells it: the documented form has no zone. */
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
