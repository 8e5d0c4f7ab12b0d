import { dirname } from "node:path";
import { z } from "zod";
import { DashScopeError } from "./dashscope_errors.ts";
import { type IdShape, voiceIdOf } from "./voice_id_shapes.ts";

const voiceSchema = z.object({
  voice: z.string(),
  targetModel: z.string(),
  preferredName: z.string(),
  language: z.string(),
  /** Characters of the transcript; the transcript itself is not kept. */
  textLength: z.number().int(),
  /** Null for a seeded voice. */
  audio: z.object({
    sha256: z.string(),
    bytes: z.number().int(),
    delivery: z.enum(["signed_url", "data_url"]),
  }).nullable(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
});

/** A provider voice, with what tests ask about its creation. */
export type Voice = z.infer<typeof voiceSchema>;
export type NewVoice = Omit<Voice, "voice" | "createdAt">;

const stateSchema = z.object({
  /** In the order of creation. */
  voices: z.array(voiceSchema),
  /** Paid creations by `preferred_name`, deleted voices included. */
  creations: z.record(z.string(), z.number().int()),
  /** By voice, deleted voices included. */
  speech: z.record(z.string(), z.object({ syntheses: z.number().int(), characters: z.number().int() }))
    .default({}),
});

/** What `POST /control/settings` changes of an account. */
export type AccountSettings = {
  voiceLimit: number;
  /** How the ids of new voices are built, and how `gmt_create` is written. */
  idShape: IdShape;
};

export type Account = ReturnType<typeof createAccount>;

/** The voices and the bill of one account, kept in `stateFile` if given. Throws when that does not parse. */
export function createAccount(
  { stateFile, settings, now }: { stateFile?: string; settings: AccountSettings; now: () => Date },
) {
  const nothing = (): z.infer<typeof stateSchema> => ({ voices: [], creations: {}, speech: {} });
  let state = (stateFile ? loadState(stateFile) : undefined) ?? nothing();
  const save = () => stateFile && saveState(stateFile, state);

  function add(details: NewVoice, at: Date): Voice {
    const newId = () =>
      voiceIdOf(settings.idShape, details.preferredName, { at: at.getTime(), suffix: randomSuffix() });
    let id = newId();
    while (state.voices.some(({ voice }) => voice === id)) id = newId();
    const voice = { ...details, voice: id, createdAt: at.toISOString() };
    state.voices.push(voice);
    return voice;
  }

  /** Throws the 400 `Throttling.AllocationQuota` when the account holds as many voices as it may. */
  function checkRoom(): void {
    if (state.voices.length < settings.voiceLimit) return;
    throw new DashScopeError("Throttling.AllocationQuota", { status: 400 });
  }

  return {
    checkRoom,
    /** Creates and bills a voice. Throws as `checkRoom`. */
    create(details: NewVoice): Voice {
      checkRoom();
      const voice = add(details, now());
      state.creations[details.preferredName] = (state.creations[details.preferredName] ?? 0) + 1;
      save();
      return voice;
    },
    /** Adds voices without billing, beyond the limit too. */
    seed(details: readonly NewVoice[], at = now()): Voice[] {
      const voices = details.map((one) => add(one, at));
      save();
      return voices;
    },
    delete(id: string): void {
      const kept = state.voices.filter(({ voice }) => voice !== id);
      if (kept.length === state.voices.length) throw new DashScopeError("BadRequest.VoiceNotFound");
      state.voices = kept;
      save();
    },
    find: (id: string) => structuredClone(state.voices.find(({ voice }) => voice === id)),
    /** Newest first. */
    voices: (): Voice[] =>
      structuredClone(state.voices).reverse().sort((a, b) => b.createdAt.localeCompare(a.createdAt)),
    billSpeech(voice: string, characters: number): void {
      const before = state.speech[voice] ?? { syntheses: 0, characters: 0 };
      state.speech[voice] = {
        syntheses: before.syntheses + 1,
        characters: before.characters + characters,
      };
      save();
    },
    /** Paid creations and syntheses, whether or not their answers arrived. */
    bill() {
      const speech = Object.values(state.speech);
      return {
        total: sum(Object.values(state.creations)),
        byPreferredName: { ...state.creations },
        syntheses: sum(speech.map(({ syntheses }) => syntheses)),
        characters: sum(speech.map(({ characters }) => characters)),
        byVoice: structuredClone(state.speech),
      };
    },
    reset(): void {
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

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

function loadState(path: string) {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `The simulator cannot read its state in ${path}. Remove the file to start over.`;
    throw new Error(message, { cause });
  }
}

/** Replaces the file at once, readable by its owner only. */
function saveState(path: string, state: unknown): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${Deno.pid}.tmp`;
  Deno.writeTextFileSync(temporary, JSON.stringify(state), { mode: 0o600 });
  Deno.renameSync(temporary, path);
}
