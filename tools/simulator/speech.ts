import { Buffer } from "node:buffer";
import type { Samples } from "../../supabase/functions/_shared/bytes.ts";

/** How a voice sounds: pitch from 0 to 99, rate in English words a minute. */
export type Tone = { pitch: number; rate: number };

/** The provider's, in hertz. */
export const speechSampleRate = 24_000;

export const plainTone: Tone = { pitch: 50, rate: 175 };

/** The tone of a voice, from the SHA-256 of its reference in hexadecimal. */
export function toneOf(sha256: string): Tone {
  const digest = Buffer.from(sha256, "hex");
  const [pitch, rate] = [digest.readUInt8(0), digest.readUInt8(1)];
  return { pitch: 10 + Math.round(pitch / 255 * 80), rate: 145 + Math.round(rate / 255 * 40) };
}

/** What we use of eSpeak NG: the package has no types. */
type Espeak = {
  eSpeakNGWorker: new () => {
    get_samplerate(): number;
    /** 0 when there is such a voice. */
    set_voice(name: string): number;
    set_pitch(pitch: number): void;
    set_rate(rate: number): void;
    /** Hands the samples over piece by piece, until `take` returns true. */
    synthesize(text: string, take: (samples: Samples) => boolean): void;
  };
};

const chinese = "cmn";
const hanCharacters = /(\p{Script=Han}+)/u;

/** Speaks with eSpeak NG, some 24 MB, loaded at the first text. */
export function createSpeech() {
  let loaded: Promise<() => Promise<Espeak>> | undefined;
  return {
    /** 16-bit mono samples at `speechSampleRate`, the same for the same arguments. `language` is a provider's code. */
    async speak(text: string, { language, tone }: { language: string; tone: Tone }): Promise<Samples> {
      const espeak = await (loaded ??= load());
      // A new engine for each text (10 ms): a used one makes other noise of the same words.
      const engine = new (await espeak()).eSpeakNGWorker();
      const pieces: Samples[] = [];
      for (const { voice, words } of passages(text, language === "zh" ? chinese : language)) {
        if (engine.set_voice(voice) !== 0) engine.set_voice("en");
        engine.set_pitch(tone.pitch);
        engine.set_rate(tone.rate);
        engine.synthesize(withoutCommands(words), (samples) => {
          pieces.push(samples);
          return false;
        });
      }
      const samples = new Int16Array(await new Blob(pieces).arrayBuffer());
      return resample(samples, engine.get_samplerate(), speechSampleRate);
    },
  };
}

/** Engines get their data handed, so that they load nothing themselves. */
async function load(): Promise<() => Promise<Espeak>> {
  const module = import.meta.resolve("@echogarden/espeak-ng-emscripten");
  const { default: instantiate } = await import("@echogarden/espeak-ng-emscripten");
  const { buffer } = await Deno.readFile(new URL("espeak-ng.data", module));
  return () => instantiate({ getPreloadedPackage: () => buffer, print: () => {}, printErr: () => {} });
}

/** Only the Chinese voice reads Han characters; the others, Japanese too, say "Chinese letter" for each. */
function passages(text: string, voice: string): { voice: string; words: string }[] {
  if (voice === chinese) return [{ voice, words: text }];
  return text.split(hanCharacters).filter((words) => words !== "").map((words) => ({
    voice: hanCharacters.test(words) ? chinese : voice,
    words,
  }));
}

/** Without eSpeak NG's commands: SSML, `[[phonemes]]` and control characters. */
function withoutCommands(text: string): string {
  return text.replace(/\p{Cc}/gu, " ").replace(/\[(?=\[)/g, "[ ")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** Linear interpolation from one sample rate to another, in hertz. */
export function resample(samples: Int16Array, from: number, to: number): Samples {
  const step = from / to;
  return new Int16Array(Math.round(samples.length / step)).map((_, index) => {
    const position = index * step;
    const before = Math.floor(position);
    const left = samples[before] ?? 0;
    const right = samples[before + 1] ?? left;
    return Math.round(left + (right - left) * (position - before));
  });
}
