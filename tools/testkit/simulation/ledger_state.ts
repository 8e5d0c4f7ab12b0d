import type { Rejection } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import type { VoiceDetails } from "../../../supabase/functions/_shared/tts/provider.ts";

/** One row of private.voice_enrollments. Times are milliseconds since the epoch. */
export type Entry = {
  userId: string;
  voiceId: string;
  attemptId: string;
  token: string;
  state: "claimed" | "sending" | "created" | "finalized" | "rejected";
  leaseExpiresAt: number;
  unresolvedSince: number | null;
  sendingSince: number | null;
  region: string;
  details: VoiceDetails | null;
  fingerprint: string;
  providerVoiceId: string | null;
  targetModel: string | null;
  error: Rejection | null;
};

/** One row of public.voices. */
export type Row = {
  id: string;
  userId: string;
  details: VoiceDetails;
  provider: "qwen" | "modal";
  region: string | null;
  providerVoiceId: string | null;
  targetModel: string | null;
  deleted: boolean;
  createdAt: number;
};

/** One row of private.orphaned_voices. */
export type Orphan = {
  region: string;
  providerVoiceId: string;
  userId: string;
  voiceId: string;
  reason: string;
  seenAt: number;
  purgingAt: number | null;
  purgedAt: number | null;
};

/** One row of private.clone_sendings. */
export type Sending = {
  attemptId: string;
  userId: string;
  sentAt: number;
  creates: number;
  possible: number;
};

export function createLedgerState(users: string[]) {
  return {
    users: new Set(users),
    entries: new Map<string, Entry>(),
    rows: new Map<string, Row>(),
    orphans: new Map<string, Orphan>(),
    sendings: new Map<string, Sending>(),
    /** Regions whose voice ids do not carry the token. */
    idsWithoutToken: new Set<string>(),
    /** When reconcile kept a list, by region; and when a voice was first in one. */
    voiceLists: [] as { region: string; listedAt: number }[],
    listedVoices: new Map<string, number>(),
    /** Enrollments that were ended because lists proved that their creates made nothing; for the simulation's checks. */
    provedAbsent: [] as { token: string; at: number }[],
    /** Voices whose insert is refused, as a constraint would. */
    refusedInserts: new Set<string>(),
  };
}

/** The tables behind the ledger's functions. */
export type LedgerState = ReturnType<typeof createLedgerState>;

/** An enrollment of which nothing is known yet. */
export const newEntry = (known: Omit<Entry, keyof typeof UNKNOWN> & Partial<Entry>): Entry => ({
  ...UNKNOWN,
  ...known,
});

const UNKNOWN = {
  unresolvedSince: null,
  sendingSince: null,
  details: null,
  providerVoiceId: null,
  targetModel: null,
  error: null,
} satisfies Partial<Entry>;

/** Records an orphan, unless it is recorded already. */
export function recordOrphan(
  { orphans }: LedgerState,
  orphan: Omit<Orphan, "purgingAt" | "purgedAt">,
): void {
  const id = key(orphan.region, orphan.providerVoiceId);
  if (!orphans.has(id)) orphans.set(id, { ...orphan, purgingAt: null, purgedAt: null });
}

/** The primary key of an enrollment, and of an orphan. */
export const key = (first: string, second: string): string => `${first}/${second}`;

/** The key of a voice's clip. */
export const referenceKey = (userId: string, voiceId: string): string => `${userId}/${voiceId}/reference.wav`;

/** What the SQL function of this name computes, up to the hash. */
export function fingerprint({ name, language, transcript, description }: VoiceDetails): string {
  return JSON.stringify([name, language, transcript, description]);
}
