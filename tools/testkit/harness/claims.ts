import type postgres from "postgres";
import { z } from "zod";
import { withDatabase } from "./database.ts";
import { signUp } from "./users.ts";

const answer = z.looseObject({ outcome: z.string(), seconds: z.number().optional() });

/** What one ledger call answered. */
export type LedgerAnswer = z.output<typeof answer>;

export const LEDGER_DETAILS = {
  name: "Grace",
  language: "English",
  transcript: "Hello.",
  description: null,
};

type Limits = { attemptsPerHour: number; perHour: number; perDay: number };
type SentCreates = { creates: number; possible: number };
type Details = { name: string; language: string; transcript: string; description: string | null };

/** A voice as the provider made it, in the form `clone_complete` takes. */
export function madeVoice(providerVoiceId: string, region = "intl") {
  return {
    tts_provider: "qwen",
    provider_voice_id: providerVoiceId,
    provider_target_model: "qwen3-tts-vc-2026-01-22",
    provider_voice_kind: "vc",
    provider_region: region,
    provider_request_id: `request of ${providerVoiceId}`,
    provider_metadata: { usage: { count: 1 } },
  };
}

/** One attempt of a user at a voice, calling the database functions themselves. */
export function createAttempt(
  sql: postgres.Sql,
  userId: string,
  options: { voiceId?: string; attemptId?: string; details?: Partial<Details> } = {},
) {
  const voiceId = options.voiceId ?? crypto.randomUUID();
  const attemptId = options.attemptId ?? crypto.randomUUID();
  const details = { ...LEDGER_DETAILS, ...options.details };
  const key = `${userId}/${voiceId}/reference.wav`;
  const read = ([row]: postgres.RowList<postgres.Row[]>): LedgerAnswer => answer.parse(row?.answer);

  return {
    userId,
    voiceId,
    attemptId,
    /** Another attempt at the same voice. */
    next: (other: { attemptId?: string; details?: Partial<Details> } = {}) =>
      createAttempt(sql, userId, { voiceId, details: options.details, ...other }),
    claim: async (asked: { provider?: string; region?: string } & Partial<Limits> = {}) =>
      read(
        await sql`
          select public.clone_claim(${userId}, ${voiceId}, ${attemptId}, 'tokentoken', ${
          asked.region ?? "intl"
        },
            ${sql.json(details)}, ${asked.provider ?? "qwen"}, ${asked.perHour ?? 1000}, ${
          asked.perDay ?? 1000
        }, ${asked.attemptsPerHour ?? 1000})
            as answer`,
      ),
    sending: async (
      sent: SentCreates = { creates: 1, possible: 1 },
      asked: { region?: string } & Partial<Limits> = {},
    ) =>
      read(
        await sql`
          select public.clone_sending(${userId}, ${voiceId}, ${attemptId}, ${asked.region ?? "intl"}, ${
          sql.json(details)
        }, 150, ${sent.creates}, ${sent.possible}, ${asked.perHour ?? 1000}, ${asked.perDay ?? 1000},
            ${asked.attemptsPerHour ?? 1000}) as answer`,
      ),
    release: async (
      rejection: { category: string; refusal: string } | null = null,
      sent: SentCreates = { creates: 0, possible: 0 },
    ) =>
      read(
        await sql`
          select public.clone_release(${userId}, ${voiceId}, ${attemptId}, ${
          rejection && sql.json(rejection)
        }, ${sent.creates}, ${sent.possible}) as answer`,
      ),
    unresolved: async (endsLease = true) =>
      read(
        await sql`
          select public.clone_unresolved(${userId}, ${voiceId}, ${attemptId}, ${
          sql.json({ category: "no_answer" })
        }, ${endsLease}) as answer`,
      ),
    complete: async (voice: ReturnType<typeof madeVoice> | { tts_provider: "modal" } | null) =>
      read(
        await sql`
          select public.clone_complete(${userId}, ${voiceId}, ${attemptId}, 'tokentoken', ${key},
            ${sql.json(details)}, ${voice && sql.json(voice)}) as answer`,
      ),
  };
}

/** A test with a new user and a pool of connections in the role of the function. */
export function ledgerTest(name: string, use: (sql: postgres.Sql, userId: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const { id } = await signUp();
    await withDatabase((sql) => use(sql, id), "service_role");
  });
}

/** A provider voice id that nothing else has. */
export function uniqueVoice(): string {
  return `qwen-tts-vc-grace_tokentoken-voice-${crypto.randomUUID()}`;
}

/** How a voice saved with the usual details is answered. */
export function answeredVoice(voiceId: string) {
  return { id: voiceId, name: LEDGER_DETAILS.name };
}

/**
 * Starts `calls` while the voice's ledger row is locked and lets the row go once all of them wait for it, so that they
 * meet in the middle. Gives their answers.
 */
export function allAtOnce(voiceId: string, calls: (() => Promise<LedgerAnswer>)[]): Promise<LedgerAnswer[]> {
  return withDatabase(async (sql) => {
    const started = await sql.begin(async (transaction) => {
      await transaction`select from private.voice_enrollments where voice_id = ${voiceId} for update`;
      const answers = calls.map((call) => call());
      for (const deadline = Date.now() + 20_000;;) {
        const [row] = await sql`
          select count(*)::int as waiting from pg_stat_activity
          where wait_event_type = 'Lock' and query like '%clone_%' and pid <> pg_backend_pid()`;
        if (row?.waiting === calls.length) return { answers };
        if (Date.now() > deadline) {
          throw new Error(`${row?.waiting} of ${calls.length} calls wait for the row`);
        }
      }
    });
    return await Promise.all(started.answers);
  });
}
