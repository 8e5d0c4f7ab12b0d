import { ApiError } from "../errors.ts";

const WANTED = "upload WAV, MP3 or M4A";

/** The signatures of other files: of audio with its `name`, of anything else with what it is. */
const BEGINNINGS: readonly { at: number; text: string; name?: string; what?: string }[] = [
  { at: 8, text: "AIFF", name: "AIFF" },
  { at: 8, text: "AIFC", name: "AIFF" },
  { at: 0, text: "#!AMR", name: "AMR" },
  { at: 0, text: "caff", name: "CAF" },
  { at: 0, text: "\x30\x26\xb2\x75\x8e\x66\xcf\x11", name: "WMA" },
  { at: 0, text: ".snd", name: "AU" },
  { at: 0, text: "MThd", name: "MIDI" },
  { at: 0, text: "RIFX", name: "RIFX" },
  { at: 0, text: "BW64", name: "BW64" },
  { at: 0, text: "riff\x2e\x91", name: "W64" },
  { at: 8, text: "AVI ", name: "AVI" },
  { at: 0, text: "\x89PNG", what: "a picture" },
  { at: 0, text: "\xff\xd8\xff", what: "a picture" },
  { at: 0, text: "GIF8", what: "a picture" },
  { at: 8, text: "WEBP", what: "a picture" },
  { at: 0, text: "%PDF", what: "a PDF" },
  { at: 0, text: "PK\x03\x04", what: "an archive" },
];

/** HTML, XML and JSON, which browsers save if a recording is missing. */
const PAGE = /^(?:\xef\xbb\xbf)?\s*(?:<(?:!doctype|html|head|body|\?xml|!--)|[{[]\s*["\]}])/i;

export function formatRefused(name: string): ApiError {
  return new ApiError("reference_type_unsupported", `This is ${name} audio; ${WANTED}.`);
}

export function codecRefused(sentence: string): ApiError {
  return new ApiError("reference_type_unsupported", sentence);
}

/** Not audio, or damaged. */
export function unreadable(cause?: unknown): ApiError {
  return new ApiError("reference_unreadable", `This file could not be read as audio; ${WANTED}.`, { cause });
}

export function cutShort(): ApiError {
  return new ApiError("reference_unreadable", "This file is cut short; record or upload it again.");
}

/** The refusal of a file with a known signature; null for any other. */
export function knownRefused(firstBytes: Uint8Array): ApiError | null {
  const text = String.fromCharCode(...firstBytes.subarray(0, 256));
  const known = BEGINNINGS.find((one) => text.startsWith(one.text, one.at));
  if (known?.name) return formatRefused(known.name);
  const what = known?.what ?? (PAGE.test(text) ? "a web page or a text" : undefined);
  return what === undefined
    ? null
    : new ApiError("reference_unreadable", `This is ${what}, not audio; ${WANTED}.`);
}
