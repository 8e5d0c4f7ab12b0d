import assert from "node:assert/strict";
import { type Language, LANGUAGE_CODES, LANGUAGES } from "../_shared/tts/languages.ts";
import { sentLanguage } from "../_shared/tts/sent_language.ts";

const CERTAIN: Record<keyof typeof LANGUAGE_CODES, string> = {
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

const UNCERTAIN = {
  "Dutch, which is none of ours": "Goedemorgen, ik ben blij dat je er bent vandaag.",
  "Ukrainian, which is none of ours": "Доброго дня, мене звати Олена, я живу у Києві.",
  "Polish, which is none of ours": "Dzień dobry, nazywam się Ania i mieszkam w Krakowie.",
  "Arabic, which is none of ours": "مرحبا بكم في هذا التسجيل القصير",
  "two words of Spanish that could be Portuguese": "Hola amigo",
  "a word too short to tell": "ok",
  "numbers": "12345 67 !!!",
  "letters that are no words": "asdf qwer zxcv",
};

/** Of two scripts, with neither far ahead. */
const MIXED = {
  "Chinese and Japanese": "你好，很高兴认识你。こんにちは、はじめまして。",
  "much Chinese and some Japanese":
    "大家好，今天我想给大家介绍一下我的家乡。私の名前は田中です。東京に住んでいます。",
  "Chinese and Japanese without a full stop": "大家好欢迎收听今天的节目 みなさんこんにちは",
  "Chinese with a Japanese word": "我今天去吃ラーメン然后回家",
  "Chinese with much Japanese in a sentence": "今天我们学习日本語の勉強をして很有意思",
  "Chinese and Korean": "我是韩国人 안녕하세요",
  "Korean and Japanese": "안녕하세요 저는 학생입니다. こんにちは、私は学生です。",
  "English and Japanese": "Hello everyone, welcome back to my channel. 今日はラーメンを食べます。",
  "English and Russian": "Hello my friends, how are you today? Здравствуйте, меня зовут Иван.",
};

/** One script leads: names, brands and a word of another do not count. */
const LED: [what: string, code: string, transcript: string][] = [
  ["Chinese with two brands", "zh", "我在用 iPhone 拍照，然后发到 WeChat 上。"],
  ["Chinese with a Japanese letter", "zh", "欢迎来到优の良品，今天我们有很多新鲜的水果。"],
  ["Chinese with a Korean word", "zh", "今天天气很好，我们去公园玩吧。좋아요"],
  ["traditional Chinese", "zh", "大家好，歡迎收聽今天的節目。"],
  [
    "Japanese of the news",
    "ja",
    "政府は昨日、新しい経済対策を閣議決定し、来年度の予算案に盛り込む方針を明らかにした。",
  ],
  ["Japanese of loanwords", "ja", "コンピューターのプログラミングは楽しいです。"],
  ["Korean with its name in Chinese letters", "ko", "대한민국(大韓民國)의 수도는 서울이며, 한강이 흐른다."],
  ["Korean with brands", "ko", "저는 매일 YouTube 영상을 보고 Netflix 드라마를 봅니다."],
  ["English with a name in Chinese letters", "en", "My name is 王小明 and I live in Beijing with my family."],
];

/** What is sent for Auto: this code, or no language. */
function testAuto(what: string, transcript: string, sent: string | null): void {
  Deno.test(`${what}: ${sent ?? "no language"} is sent`, async () => {
    const why = sent === null ? "not_sure" : "detected";
    assert.deepEqual(await sentLanguage({ language: "Auto", transcript }), { requested: "Auto", sent, why });
  });
}

for (const [what, transcript] of Object.entries(MIXED)) testAuto(`a mix of ${what}`, transcript, null);
for (const [what, transcript] of Object.entries(UNCERTAIN)) testAuto(what, transcript, null);
for (const [what, code, transcript] of LED) testAuto(what, transcript, code);
for (const language of LANGUAGES) {
  if (language === "Auto") continue;
  testAuto(`a transcript in ${language}`, CERTAIN[language], LANGUAGE_CODES[language]);
}

Deno.test("a language that was asked for is sent, whatever the transcript is in", async () => {
  const asked: [Language, string][] = [["German", "de"], ["Japanese", "ja"]];
  for (const [language, sent] of asked) {
    const decided = await sentLanguage({ language, transcript: CERTAIN.English });
    assert.deepEqual(decided, { requested: language, sent, why: "requested" });
  }
});
