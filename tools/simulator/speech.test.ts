import assert from "node:assert/strict";
import { createSpeech, plainTone, resample, speechSampleRate, toneOf } from "./speech.ts";
import { soundOf } from "./test_client.ts";

const speech = createSpeech();
const speak = (text: string, language = "en", tone = plainTone) => speech.speak(text, { language, tone });

/** How long it sounds, in seconds, its loudest sample, and its digest. */
async function heard(text: string, language = "en") {
  const samples = await speak(text, language);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  return { seconds: samples.length / speechSampleRate, peak, sound: soundOf(samples) };
}

const sound = async (text: string, language?: string) => (await heard(text, language)).sound;

/** A greeting in each language, and how many characters a second its writing comes to. */
const greetings: [string, string, [number, number]][] = [
  ["zh", "你好，欢迎你。今天天气很好，我们去公园吧。", [3, 8]],
  ["en", "Hello, and welcome. The weather is fine today.", [10, 25]],
  ["de", "Guten Tag und willkommen. Das Wetter ist heute schön.", [10, 25]],
  ["it", "Ciao e benvenuto. Oggi il tempo è bello.", [10, 25]],
  ["pt", "Olá e bem-vindo. Hoje o tempo está bom.", [10, 25]],
  ["es", "Hola y bienvenido. Hoy hace buen tiempo.", [10, 25]],
  ["ja", "こんにちは、ようこそ。今日は天気がいいです。", [4, 10]],
  ["ko", "안녕하세요, 환영합니다. 오늘은 날씨가 좋습니다.", [4, 10]],
  ["fr", "Bonjour et bienvenue. Il fait beau aujourd'hui.", [10, 25]],
  ["ru", "Здравствуйте и добро пожаловать. Сегодня хорошая погода.", [10, 25]],
];
for (const [language, text, [least, most]] of greetings) {
  Deno.test(`${language} is spoken aloud at the pace of speech`, async () => {
    const { seconds, peak } = await heard(text, language);
    const pace = text.length / seconds;
    assert.ok(pace >= least && pace <= most, `${pace} characters a second`);
    assert.ok(peak > 5_000, `peak ${peak}`);
  });
}

Deno.test("it is neither slower nor faster than eSpeak NG itself, which takes 2.64 s", async () => {
  const { seconds } = await heard("Hello, and thank you for trying voice cloning.");
  assert.ok(Math.abs(seconds - 2.64) < 0.05, `${seconds} s`);
});

Deno.test("each language says the same words in its own way", async () => {
  const sounds = await Promise.all(
    greetings.map(async ([language]) => await sound("Taxi 42", language)),
  );
  assert.equal(new Set(sounds).size, greetings.length);
});

Deno.test("a language it does not know is spoken as English", async () => {
  assert.equal(await sound("Hello.", "tlh"), await sound("Hello.", "en"));
});

Deno.test("the same words sound the same every time, whatever was spoken before or meanwhile", async () => {
  const texts = ["Good morning.", "Dzień dobry.", "Good morning."];
  const [first, , second] = await Promise.all(texts.map((text) => sound(text)));
  assert.equal(second, first);
  assert.equal(await sound("Good morning."), first);
});

Deno.test("Chinese characters are read in any language", async () => {
  const chinese = await sound("欢迎你今天天气很好", "zh");
  for (const language of ["ja", "en"]) {
    assert.equal(await sound("欢迎你今天天气很好", language), chinese, language);
  }
});

Deno.test("what looks like a command is read aloud", async () => {
  const commands: [string, string][] = [
    ["<break time='9s'/>hello", "hello"],
    ["<b>hello</b>", "hello"],
    ["[[h@l'oU]]", "[h@l'oU]"],
    ["[[[h@l'oU]]]", "[h@l'oU]"],
    ["&#104;ello", "hello"],
  ];
  for (const [command, words] of commands) {
    const { seconds } = await heard(command);
    assert.ok(seconds > (await heard(words)).seconds + 0.1, command);
    assert.ok(seconds < 6, command);
  }
  assert.equal(await sound("\u0001220P hello"), await sound(" 220P hello"));
});

Deno.test("no text stops it: NUL, half a character, nothing to say, 600 of anything", async () => {
  assert.equal(await sound("\u0000hello"), await sound(" hello"));
  assert.ok((await heard("\ud800 hello")).peak > 5_000);
  assert.equal((await heard("...")).peak, 0);
  for (const character of ["a", "9", "漢", "あ", "가", "ж", "😀", "\n", "ส"]) {
    for (const language of ["en", "ja"]) await speak(character.repeat(600), language);
  }
});

Deno.test("a higher pitch sounds higher, a higher rate is over sooner", async () => {
  const low = await speak("Ah.", "en", { pitch: 10, rate: 150 });
  const high = await speak("Ah.", "en", { pitch: 90, rate: 150 });
  assert.ok(fundamental(high) > fundamental(low) * 1.3, `${fundamental(low)} Hz, ${fundamental(high)} Hz`);
  const [, text] = greetings[1] ?? [];
  const slow = await speak(text ?? "", "en", { pitch: 50, rate: 145 });
  const fast = await speak(text ?? "", "en", { pitch: 50, rate: 185 });
  assert.ok(fast.length < slow.length * 0.9, `${fast.length} and ${slow.length} samples`);
});

Deno.test("a tone comes from a digest, and stays in what sounds human", () => {
  const digest = (start: string) => start.padEnd(64, "0");
  assert.deepEqual(toneOf(digest("0000")), { pitch: 10, rate: 145 });
  assert.deepEqual(toneOf(digest("ff00")), { pitch: 90, rate: 145 });
  assert.deepEqual(toneOf(digest("00ff")), { pitch: 10, rate: 185 });
});

Deno.test("resampled, a second stays a second, a line a line, and nothing nothing", () => {
  const line = Int16Array.from({ length: 22_050 }, (_, index) => index);
  const samples = resample(line, 22_050, 24_000);
  assert.equal(samples.length, 24_000);
  for (const index of [0, 1, 7, 12_000, 23_000]) {
    assert.equal(samples[index], Math.round(index * 22_050 / 24_000), `sample ${index}`);
  }
  assert.equal(samples.at(-1), 22_049);
  assert.equal(resample(new Int16Array(0), 22_050, 24_000).length, 0);
});

/** The pitch of a vowel in hertz: the shift, between 60 and 300 Hz, at which its middle is most like itself. */
function fundamental(samples: Int16Array): number {
  const start = Math.round(samples.length * 0.25);
  const length = Math.round(samples.length * 0.25);
  let best = { shift: 0, likeness: -Infinity };
  for (let shift = speechSampleRate / 300; shift <= speechSampleRate / 60; shift++) {
    let likeness = 0;
    for (let index = start; index < start + length; index++) {
      likeness += (samples[index] ?? 0) * (samples[index + shift] ?? 0);
    }
    if (likeness > best.likeness) best = { shift, likeness };
  }
  return speechSampleRate / best.shift;
}
