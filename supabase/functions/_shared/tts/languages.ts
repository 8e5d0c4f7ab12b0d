/** The languages of voice enrollment, with the provider's codes (DashScope, voice enrollment, `language`). */
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

/** A language as stored: its English name, or `Auto`. */
export type Language = keyof typeof LANGUAGE_CODES | "Auto";

export type LanguageCode = (typeof LANGUAGE_CODES)[keyof typeof LANGUAGE_CODES];

/** The language sent to a provider: as requested, or as detected in the transcript. */
export type SentLanguage = {
  requested: Language;
  /** Null if none is sent. */
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

/** A language tag with subtags of one to eight letters or digits (RFC 5646). */
const LONG_TAG = /^([a-z]{2})(?:-[a-z0-9]{1,8})+$/;

/** The language of a name, a code or a tag such as `en-US`, in any case; undefined if it is not supported. */
export function parseLanguage(text: string): Language | undefined {
  const whole = text.trim().toLowerCase();
  const wanted = LONG_TAG.exec(whole)?.[1] ?? whole;
  return LANGUAGES.find((name) =>
    name.toLowerCase() === wanted || (name !== "Auto" && LANGUAGE_CODES[name] === wanted)
  );
}
