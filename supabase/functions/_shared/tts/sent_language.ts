import { type Language, LANGUAGE_CODES, type LanguageCode, type SentLanguage } from "./languages.ts";

/** How much more likely than the next of our languages one must be, on the detector's scale from 0 to 1. */
const LEAST_LEAD = 0.05;

const OURS: readonly LanguageCode[] = Object.values(LANGUAGE_CODES);

/** A script of our languages, by what it is written for; `other` is any that none of them uses. */
type Script = "chinese" | "japanese" | "korean" | "latin" | "cyrillic" | "other";

const SCRIPT_OF: Readonly<Record<LanguageCode, Script>> = {
  zh: "chinese",
  en: "latin",
  de: "latin",
  it: "latin",
  pt: "latin",
  es: "latin",
  ja: "japanese",
  ko: "korean",
  fr: "latin",
  ru: "cyrillic",
};

const SENTENCE_ENDS = /[\s.!?;。．！？；…]+/u;
const HAN = /\p{Script=Han}/gu;
/** The mark of a long vowel belongs to no script alone. */
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}ー]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const WORD = /(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])[\p{L}\p{M}])+/gu;

/** Japanese is kana and Han together: of Chinese a sentence has no such part of kana. */
const LEAST_KANA = 1 / 3;
/** A word of letters weighs as much as one of Han, which has two as a rule. */
const WORD_WEIGHT = 2;
/** How many times as much as all others together the script that leads has to have. */
const LEAST_SCRIPT_LEAD = 2;

const countOf = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

function scriptOfWord(word: string): Script {
  if (/\p{Script=Latin}/u.test(word)) return "latin";
  return /\p{Script=Cyrillic}/u.test(word) ? "cyrillic" : "other";
}

/**
 * Whether a transcript is in the script of a language, give or take a name or a word in another. The detector is
 * certain of mixes: what is in another script does not speak against its first choice.
 */
function isInScriptOf(language: LanguageCode, transcript: string): boolean {
  const weights = new Map<Script, number>();
  const add = (script: Script, weight: number) => weights.set(script, (weights.get(script) ?? 0) + weight);
  for (const sentence of transcript.split(SENTENCE_ENDS)) {
    const [han, kana] = [countOf(sentence, HAN), countOf(sentence, KANA)];
    const isJapanese = kana > (han + kana) * LEAST_KANA;
    add(isJapanese ? "japanese" : "chinese", han);
    add("japanese", kana);
    add("korean", countOf(sentence, HANGUL));
    for (const [word] of sentence.matchAll(WORD)) add(scriptOfWord(word), WORD_WEIGHT);
  }
  const own = weights.get(SCRIPT_OF[language]) ?? 0;
  const all = [...weights.values()].reduce((total, weight) => total + weight, 0);
  return own > (all - own) * LEAST_SCRIPT_LEAD;
}

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
 * The language to send to the provider for a voice: the one asked for, or for `Auto` the transcript's. It is always the same
 * for the same details.
 */
export async function sentLanguage(
  { language, transcript }: { language: Language; transcript: string },
): Promise<SentLanguage> {
  if (language !== "Auto") return { requested: language, sent: LANGUAGE_CODES[language], why: "requested" };
  const sent = await detect(transcript);
  return { requested: language, sent, why: sent === null ? "not_sure" : "detected" };
}
