import { type Language, LANGUAGE_CODES, type LanguageCode, type SentLanguage } from "./languages.ts";
import { isInScriptOf } from "./scripts.ts";

/** How much more likely than the next of our languages one must be, on the detector's scale from 0 to 1. */
const LEAST_LEAD = 0.05;

const OURS: readonly LanguageCode[] = Object.values(LANGUAGE_CODES);

/**
 * The language that a transcript is in; null when that is not certain, or it is none of ours. The detector looks for
 * every language it knows, so that Dutch is not taken for German because German is all there is. Loaded on demand.
 */
async function detect(transcript: string): Promise<LanguageCode | null> {
  const { eld } = await import("eld/small");
  const detected = eld.detect(transcript);
  const language = OURS.find((code) => code === detected.language);
  if (language === undefined || !detected.isReliable() || !isInScriptOf(language, transcript)) return null;
  const scores = detected.getScores();
  const next = Math.max(0, ...OURS.filter((code) => code !== language).map((code) => scores[code] ?? 0));
  return (scores[language] ?? 0) - next >= LEAST_LEAD ? language : null;
}

/**
 * The language to tell the provider for a voice: the one asked for, or for `Auto` the transcript's. It is always the same
 * for the same details.
 */
export async function sentLanguage(
  { language, transcript }: { language: Language; transcript: string },
): Promise<SentLanguage> {
  if (language !== "Auto") return { requested: language, sent: LANGUAGE_CODES[language], why: "requested" };
  const sent = await detect(transcript);
  return { requested: language, sent, why: sent === null ? "not_sure" : "detected" };
}
