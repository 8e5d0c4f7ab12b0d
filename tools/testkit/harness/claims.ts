import type postgres from "postgres";
import { z } from "zod";
import { signUp, sql as owner, waiting, withDatabase } from "./project.ts";

const answer = z.looseObject({ outcome: z.string(), seconds: z.number().optional() });

/** What one ledger call answered. */
export type LedgerAnswer = z.output<typeof answer>;

export const LEDGER_DETAILS = { name: "Grace", language: "English", transcript: "Hello.", description: null };

type Limits = { attemptsPerHour: number; perHour: number; perDay: number };
type SentCreates = { creates: number; possible: number };
type Details = { name: string; language: string; transcript: string; description: string | null };

export const UNLIMITED: Limits = { attemptsPerHour: 1000, perHour: 1000, perDay: 1000 };

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

/** One attempt of a user at a voice. */
export function createAttempt(
  sql: postgres.Sql,
  userId: string,
  options: { voiceId?: string; attemptId?: string; details?: Partial<Details> } = {},
) {
  const { voiceId = crypto.randomUUID(), attemptId = crypto.randomUUID() } = options;
  const details = { ...LEDGER_DETAILS, ...options.details };
  const key = `${userId}/${voiceId}/reference.wav`;
  const ids = sql`${userId}, ${voiceId}, ${attemptId}`;
  const ask = async (call: postgres.PendingQuery<postgres.Row[]>): Promise<LedgerAnswer> => {
    const [row] = await sql`select ${call} as answer`;
    return answer.parse(row?.answer);
  };

  return {
    userId,
    voiceId,
    attemptId,
    /** Another attempt at the same voice. */
    next: (other: { attemptId?: string; details?: Partial<Details> } = {}) =>
      createAttempt(sql, userId, { voiceId, details: options.details, ...other }),
    claim: (asked: { provider?: string; region?: string } & Partial<Limits> = {}) => {
      const { provider, region, perHour, perDay, attemptsPerHour } = {
        ...{ provider: "qwen", region: "intl", ...UNLIMITED },
        ...asked,
      };
      return ask(sql`public.clone_claim(${ids}, 'tokentoken', ${region}, ${sql.json(details)}, ${provider},
        ${perHour}, ${perDay}, ${attemptsPerHour})`);
    },
    sending: (
      sent: SentCreates = { creates: 1, possible: 1 },
      asked: { region?: string } & Partial<Limits> = {},
    ) => {
      const { region, perHour, perDay, attemptsPerHour } = { region: "intl", ...UNLIMITED, ...asked };
      return ask(sql`public.clone_sending(${ids}, ${region}, ${sql.json(details)}, 150, ${sent.creates},
        ${sent.possible}, ${perHour}, ${perDay}, ${attemptsPerHour})`);
    },
    release: (
      rejection: { category: string; refusal: string } | null = null,
      sent: SentCreates = { creates: 0, possible: 0 },
    ) =>
      ask(sql`public.clone_release(${ids}, ${rejection && sql.json(rejection)}, ${sent.creates},
        ${sent.possible})`),
    unresolved: (endsLease = true) =>
      ask(sql`public.clone_unresolved(${ids}, ${sql.json({ category: "no_answer" })}, ${endsLease})`),
    complete: (voice: ReturnType<typeof madeVoice> | { tts_provider: "modal" } | null) =>
      ask(sql`public.clone_complete(${ids}, 'tokentoken', ${key}, ${sql.json(details)},
        ${voice && sql.json(voice)})`),
  };
}

/** A test with a new user and a pool of connections in the role of the function. */
export function ledgerTest(name: string, use: (sql: postgres.Sql, userId: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const { id } = await signUp();
    await withDatabase((sql) => use(sql, id), "service_role");
  });
}

export const uniqueVoice = () => `qwen-tts-vc-grace_tokentoken-voice-${crypto.randomUUID()}`;

export const answeredVoice = (voiceId: string) => ({ id: voiceId, name: LEDGER_DETAILS.name });

/**
 * Starts `calls` while the voice's ledger row is locked and lets the row go once all of them wait for it, so that they
 * meet in the middle. Gives their answers.
 */
export async function allAtOnce(
  voiceId: string,
  calls: (() => Promise<LedgerAnswer>)[],
): Promise<LedgerAnswer[]> {
  const started = await owner.begin(async (transaction) => {
    await transaction`select from private.voice_enrollments where voice_id = ${voiceId} for update`;
    const answers = calls.map((call) => call());
    await waiting("clone_", calls.length);
    return { answers };
  });
  return await Promise.all(started.answers);
}
