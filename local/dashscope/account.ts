import { z } from "zod";
import { DashScopeError } from "./errors.ts";
import { loadState, saveState } from "./state_file.ts";
import { type NewVoice, type Voice, voiceId, voiceSchema } from "./voice.ts";

const stateSchema = z.object({
  /** In the order of their making. */
  voices: z.array(voiceSchema),
  /** Paid creations for each preferred_name, voices deleted since included. */
  creations: z.record(z.string(), z.number().int()),
});

/** What the account would be charged for: one for every creation that succeeded, whether or not its answer arrived. */
export interface Bill {
  readonly total: number;
  readonly byPreferredName: Readonly<Record<string, number>>;
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
  /** Newest first. */
  voices(): Voice[];
  bill(): Bill;
  setVoiceLimit(limit: number): void;
  /** Forgets every voice and the bill. */
  reset(): void;
}

/** Opens the account kept in `stateFile` (in memory only without one). Throws when the file does not parse. */
export function createAccount(
  options: { stateFile?: string; voiceLimit: number; now: () => Date },
): Account {
  const { stateFile, now } = options;
  let limit = options.voiceLimit;
  let state = (stateFile ? loadState(stateFile, stateSchema) : undefined) ?? { voices: [], creations: {} };
  const save = () => stateFile && saveState(stateFile, state);

  function add(details: NewVoice, at: Date): Voice {
    let id = voiceId(details.preferredName, at);
    while (state.voices.some(({ voice }) => voice === id)) id = voiceId(details.preferredName, at);
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
    voices() {
      return state.voices
        .map((voice, index) => ({ voice, index }))
        .sort((a, b) => b.voice.createdAt.localeCompare(a.voice.createdAt) || b.index - a.index)
        .map(({ voice }) => structuredClone(voice));
    },
    bill: () => ({
      total: Object.values(state.creations).reduce((sum, count) => sum + count, 0),
      byPreferredName: { ...state.creations },
    }),
    setVoiceLimit(value) {
      limit = value;
    },
    reset() {
      state = { voices: [], creations: {} };
      save();
    },
  };
}
