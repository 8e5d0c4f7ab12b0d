import { z } from "zod";
import { DashScopeError } from "./errors.ts";
import { loadState, saveState } from "./state_file.ts";
import { type NewVoice, type Voice, voiceSchema } from "./voice.ts";
import { DOCUMENTED_SHAPE, type IdShape, voiceIdOf } from "./voice_ids.ts";

const stateSchema = z.object({
  /** In the order of their making. */
  voices: z.array(voiceSchema),
  /** Paid creations for each preferred_name, voices deleted since included. */
  creations: z.record(z.string(), z.number().int()),
  /** What each voice spoke, voices deleted since included. */
  speech: z.record(z.string(), z.object({ syntheses: z.number().int(), characters: z.number().int() }))
    .default({}),
});

/** How often something was spoken, and of how many characters. */
export interface SpeechBill {
  readonly syntheses: number;
  readonly characters: number;
}

/** What the account would be charged for, whether or not the answers arrived. */
export interface Bill extends SpeechBill {
  /** One for every creation that succeeded. */
  readonly total: number;
  readonly byPreferredName: Readonly<Record<string, number>>;
  /** By the provider's id of the voice. */
  readonly byVoice: Readonly<Record<string, SpeechBill>>;
}

/** The provider voices of one simulated account. */
export interface Account {
  /** Throws the 400 `Throttling.AllocationQuota` when the account holds as many voices as it may. */
  checkRoom(): void;
  /** Makes and bills a voice. Throws as `checkRoom` does. */
  create(details: NewVoice): Voice;
  /** Puts voices there without billing and beyond the limit; `at` is their time, now by default. */
  seed(details: readonly NewVoice[], at?: Date): Voice[];
  /** Throws `BadRequest.VoiceNotFound`. */
  delete(voice: string): void;
  /** The voice of this id, if the account has it. */
  find(voice: string): Voice | undefined;
  /** Newest first. */
  voices(): Voice[];
  /** Bills a text of that many characters, spoken with a voice. */
  billSpeech(voice: string, characters: number): void;
  bill(): Bill;
  setVoiceLimit(limit: number): void;
  /** How the ids of new voices are built, and how `gmt_create` is told; as documented unless it was set. */
  idShape(): IdShape;
  setIdShape(shape: IdShape): void;
  /** Forgets every voice and the bill. */
  reset(): void;
}

/** Opens the account kept in `stateFile` (in memory only without one). Throws when the file does not parse. */
export function createAccount(
  options: { stateFile?: string; voiceLimit: number; now: () => Date },
): Account {
  const { stateFile, now } = options;
  let limit = options.voiceLimit;
  let shape = DOCUMENTED_SHAPE;
  let state = (stateFile ? loadState(stateFile, stateSchema) : undefined) ?? nothing();
  const save = () => stateFile && saveState(stateFile, state);

  function add(details: NewVoice, at: Date): Voice {
    const newId = () => voiceIdOf(shape, details.preferredName, { at: at.getTime(), suffix: randomSuffix() });
    let id = newId();
    while (state.voices.some(({ voice }) => voice === id)) id = newId();
    const voice = { ...details, voice: id, createdAt: at.toISOString() };
    state.voices.push(voice);
    return voice;
  }

  function checkRoom(): void {
    if (state.voices.length >= limit) throw new DashScopeError("Throttling.AllocationQuota", { status: 400 });
  }

  return {
    checkRoom,
    create(details) {
      checkRoom();
      const voice = add(details, now());
      state.creations[details.preferredName] = (state.creations[details.preferredName] ?? 0) + 1;
      save();
      return voice;
    },
    seed(details, at = now()) {
      const voices = details.map((one) => add(one, at));
      save();
      return voices;
    },
    delete(id) {
      const kept = state.voices.filter(({ voice }) => voice !== id);
      if (kept.length === state.voices.length) throw new DashScopeError("BadRequest.VoiceNotFound");
      state.voices = kept;
      save();
    },
    find: (id) => structuredClone(state.voices.find(({ voice }) => voice === id)),
    voices() {
      return state.voices
        .map((voice, index) => ({ voice, index }))
        .sort((a, b) => b.voice.createdAt.localeCompare(a.voice.createdAt) || b.index - a.index)
        .map(({ voice }) => structuredClone(voice));
    },
    billSpeech(voice, characters) {
      const before = state.speech[voice] ?? { syntheses: 0, characters: 0 };
      state.speech[voice] = {
        syntheses: before.syntheses + 1,
        characters: before.characters + characters,
      };
      save();
    },
    bill: () => ({
      total: sum(Object.values(state.creations)),
      byPreferredName: { ...state.creations },
      syntheses: sum(Object.values(state.speech).map(({ syntheses }) => syntheses)),
      characters: sum(Object.values(state.speech).map(({ characters }) => characters)),
      byVoice: structuredClone(state.speech),
    }),
    setVoiceLimit(value) {
      limit = value;
    },
    idShape: () => shape,
    setIdShape(value) {
      shape = value;
    },
    reset() {
      state = nothing();
      save();
    },
  };
}

/** Four hex digits, as in the documented example. */
function randomSuffix(): string {
  const [random = 0] = crypto.getRandomValues(new Uint16Array(1));
  return random.toString(16).padStart(4, "0");
}

function nothing(): z.infer<typeof stateSchema> {
  return { voices: [], creations: {}, speech: {} };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
