import { type Language, LANGUAGE_CODES, type LanguageCode, type SentLanguage } from "./languages.ts";

/** The least lead over the next supported language, on the detector's scale from 0 to 1. */
const LEAST_LEAD = 0.05;

const OURS: readonly LanguageCode[] = Object.values(LANGUAGE_CODES);

/** The scripts of the supported languages, and any other. */
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
/** With the long vowel mark, which Unicode assigns to no single script. */
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}ー]/gu;
const HANGUL = /\p{Script=Hangul}/gu;
const WORD = /(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}])[\p{L}\p{M}])+/gu;

/** The least share of kana in a Japanese sentence, which mixes kana and Han; Chinese stays below it. */
const LEAST_KANA = 1 / 3;
/** The weight of a word of letters, in Han characters: Chinese words usually have two. */
const WORD_WEIGHT = 2;
/** How many times the weight of all other scripts the leading one needs. */
const LEAST_SCRIPT_LEAD = 2;

const countOf = (text: string, what: RegExp) => text.match(what)?.length ?? 0;

function scriptOfWord(word: string): Script {
  if (/\p{Script=Latin}/u.test(word)) return "latin";
  return /\p{Script=Cyrillic}/u.test(word) ? "cyrillic" : "other";
}

/**
 * Whether a transcript is in the script of a language, except for single names or words. The detector alone reports
 * mixed texts as certain.
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
 * The language of a transcript; null if it is uncertain or not supported. The detector considers all the languages that
 * it knows, so Dutch is not taken for German. It is loaded on demand.
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

/** The language to send: the requested one, or for `Auto` the transcript's. It depends only on the details. */
export async function sentLanguage(
  { language, transcript }: { language: Language; transcript: string },
): Promise<SentLanguage> {
  if (language !== "Auto") return { requested: language, sent: LANGUAGE_CODES[language], why: "requested" };
  const sent = await detect(transcript);
  return { requested: language, sent, why: sent === null ? "not_sure" : "detected" };
}
