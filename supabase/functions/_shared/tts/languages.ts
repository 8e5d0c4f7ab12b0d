/** The ten languages of voice enrollment with the provider's codes (DashScope, voice enrollment, `language`). */
export const LANGUAGE_CODES = {
  Chinese: "zh",
  English: "en",
  German: "de",
  Italian: "it",
  Portuguese: "pt",
  Spanish: "es",
  Japanese: "ja",
  Korean: "ko",
  French: "fr",
  Russian: "ru",
} as const;

/** A language as it is stored: its English name, or `Auto`. */
export type Language = keyof typeof LANGUAGE_CODES | "Auto";

export type LanguageCode = (typeof LANGUAGE_CODES)[keyof typeof LANGUAGE_CODES];

/** The language that is sent to a provider, and why it is that one: it was asked for, or the transcript shows it, or does not. */
export type SentLanguage = {
  requested: Language;
  /** Null when none is sent. */
  sent: LanguageCode | null;
  why: "requested" | "detected" | "not_sure";
};

/** `Auto` first, then the languages in the provider's order. */
export const LANGUAGES: readonly Language[] = [
  "Auto",
  "Chinese",
  "English",
  "German",
  "Italian",
  "Portuguese",
  "Spanish",
  "Japanese",
  "Korean",
  "French",
  "Russian",
];

/** A language tag with more than its language: script, region and the rest are of one to eight letters or digits each (RFC 5646). */
const LONG_TAG = /^([a-z]{2})(?:-[a-z0-9]{1,8})+$/;

/**
 * The language that a name, a code or a tag (`en-US`, of which the language alone counts) means, in any case; undefined
 * when it is none of ours.
 */
export function parseLanguage(text: string): Language | undefined {
  const whole = text.trim().toLowerCase();
  const wanted = LONG_TAG.exec(whole)?.[1] ?? whole;
  return LANGUAGES.find((name) =>
    name.toLowerCase() === wanted || (name !== "Auto" && LANGUAGE_CODES[name] === wanted)
  );
}
