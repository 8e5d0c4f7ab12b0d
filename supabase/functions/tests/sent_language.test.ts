import assert from "node:assert/strict";
import { type Language, LANGUAGE_CODES, LANGUAGES } from "../_shared/tts/languages.ts";
import { sentLanguage } from "../_shared/tts/sent_language.ts";

const TOLD: Record<keyof typeof LANGUAGE_CODES, string> = {
  Chinese: "你好，感谢您试用语音克隆。这段录音以平静均匀的语速朗读。",
  English: "Hello, and thank you for trying voice cloning.",
  German: "Guten Tag, ich heiße Anna und wohne seit zwei Jahren in München.",
  Italian: "Buongiorno, mi chiamo Luca e oggi vi racconto una storia breve.",
  Portuguese: "Olá, o meu nome é João e gosto muito de ouvir música à noite.",
  Spanish: "Hola, me llamo Carmen y hoy quiero contarles una historia corta.",
  Japanese: "こんにちは。今日はとても天気がいいですね。",
  Korean: "안녕하세요, 저는 음성 복제를 시험하고 있습니다.",
  French: "Bonjour, je m'appelle Claire et j'habite à Lyon depuis dix ans.",
  Russian: "Здравствуйте, меня зовут Иван, и я живу в Москве.",
};

const NOT_TOLD = {
  "Dutch, which is none of ours": "Goedemorgen, ik ben blij dat je er bent vandaag.",
  "Ukrainian, which is none of ours": "Доброго дня, мене звати Олена, я живу у Києві.",
  "Polish, which is none of ours": "Dzień dobry, nazywam się Ania i mieszkam w Krakowie.",
  "Arabic, which is none of ours": "مرحبا بكم في هذا التسجيل القصير",
  "two words of Spanish that could be Portuguese": "Hola amigo",
  "a word too short to tell": "ok",
  "numbers": "12345 67 !!!",
  "letters that are no words": "asdf qwer zxcv",
};

for (const language of LANGUAGES) {
  if (language === "Auto") continue;
  const code = LANGUAGE_CODES[language];
  Deno.test(`a transcript in ${language} is told as ${code}`, async () => {
    const transcript = TOLD[language];
    assert.deepEqual(await sentLanguage({ language: "Auto", transcript }), {
      requested: "Auto",
      sent: code,
      why: "detected",
    });
  });
}

for (const [what, transcript] of Object.entries(NOT_TOLD)) {
  Deno.test(`${what}: no language is told`, async () => {
    assert.deepEqual(await sentLanguage({ language: "Auto", transcript }), {
      requested: "Auto",
      sent: null,
      why: "not_sure",
    });
  });
}

Deno.test("a language that was asked for is told, whatever the transcript is in", async () => {
  const asked: [Language, string][] = [["German", "de"], ["Japanese", "ja"]];
  for (const [language, sent] of asked) {
    assert.deepEqual(await sentLanguage({ language, transcript: TOLD.English }), {
      requested: language,
      sent,
      why: "requested",
    });
  }
});
