import type postgres from "postgres";
import type { Supabase } from "../../../supabase/functions/_shared/supabase.ts";
import { createEnrollments } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import { createReconcileLedger } from "../../../supabase/functions/_shared/voices/reconcile_ledger.ts";
import { createFakeEnrollments } from "./fake_enrollments.ts";
import { createFakeReconcileLedger } from "./fake_reconcile_ledger.ts";
import { createLedgerState } from "./ledger_state.ts";

const LIMITS = { attemptsPerHour: 6, perHour: 3, perDay: 5 };

/** An hour before the tests: each ledger tells the same time by it, however its own clock has been moved. */
const LONG_AGO = Date.now() - 3_600_000;

/** What a ledger holds in the end, in a form that both kinds can be brought to. */
export type Snapshot = Record<string, object[]>;

/** The ledger in memory, whose clock only the tests move. */
export function createFakeLedger(userId: string) {
  const state = createLedgerState([userId]);
  const start = Date.now();
  let time = start;
  const now = () => time;
  return {
    enrollments: createFakeEnrollments({ state, now, limits: LIMITS }),
    reconcile: createFakeReconcileLedger({ state, now, uploadsOlderThan: () => [] }),
    now,
    longAgo: () => new Date(LONG_AGO + time - start),
    advance(seconds: number): Promise<void> {
      time += seconds * 1000;
      return Promise.resolve();
    },
    deleteUser(): Promise<void> {
      state.users.delete(userId);
      state.rows.clear();
      return Promise.resolve();
    },
    softDelete(voiceId: string): Promise<void> {
      const row = state.rows.get(voiceId);
      if (row) row.deleted = true;
      return Promise.resolve();
    },
    refuseInserts(voiceId: string | null): Promise<void> {
      state.refusedInserts.clear();
      if (voiceId) state.refusedInserts.add(voiceId);
      return Promise.resolve();
    },
    snapshot(): Promise<Snapshot> {
      const entries = [...state.entries.values()].map((entry) => ({
        voice_id: entry.voiceId,
        attempt_id: entry.attemptId,
        state: entry.state,
        live: entry.leaseExpiresAt > time,
        unresolved: entry.unresolvedSince !== null,
        sent: entry.sendingSince !== null,
        region: entry.region,
        details: entry.details,
        provider_voice_id: entry.providerVoiceId,
        refusal: entry.error?.refusal ?? null,
      }));
      const rows = [...state.rows.values()].map((row) => ({
        id: row.id,
        name: row.details.name,
        tts_provider: row.provider,
        provider_voice_id: row.providerVoiceId,
        deleted: row.deleted,
      }));
      const orphans = [...state.orphans.values()].map((orphan) => ({
        provider_voice_id: orphan.providerVoiceId,
        reason: orphan.reason,
        purging: orphan.purgingAt !== null,
        purged: orphan.purgedAt !== null,
      }));
      const sendings = [...state.sendings.values()].map(({ attemptId, creates, possible }) => ({
        attempt_id: attemptId,
        creates,
        possible,
      }));
      const idsWithoutToken = [...state.idsWithoutToken].map((region) => ({ region }));
      const listedVoices = [...state.listedVoices.keys()].map((id) => ({ id }));
      return Promise.resolve(sorted({ entries, rows, orphans, sendings, idsWithoutToken, listedVoices }));
    },
  };
}

/** The functions and tables in PostgreSQL, asked as the function asks them; time moves by moving what they hold. */
export async function createSqlLedger(sql: postgres.Sql, supabase: Supabase, userId: string) {
  await sql`truncate private.voice_enrollments, private.orphaned_voices, private.clone_sendings, private.refused_inserts,
    private.ids_without_token, private.voice_lists, private.listed_voices`;
  return {
    enrollments: createEnrollments({ db: supabase.db, limits: LIMITS }),
    reconcile: createReconcileLedger({ db: supabase.db }),
    now: () => Date.now(),
    longAgo: () => new Date(LONG_AGO),
    async advance(seconds: number): Promise<void> {
      const times = {
        voice_enrollments: ["lease_expires_at", "unresolved_since", "sending_since"],
        voice_lists: ["listed_at"],
        listed_voices: ["first_listed_at"],
        clone_sendings: ["sent_at"],
        orphaned_voices: ["seen_at", "purging_at"],
      };
      for (const [table, columns] of Object.entries(times)) {
        const earlier = columns.map((column) => `${column} = ${column} - make_interval(secs => ${seconds})`);
        await sql.unsafe(`update private.${table} set ${earlier.join(", ")}`);
      }
    },
    async deleteUser(): Promise<void> {
      await sql`delete from auth.users where id = ${userId}`;
    },
    async softDelete(voiceId: string): Promise<void> {
      await sql`update public.voices set deleted_at = now() where id = ${voiceId}`;
    },
    async refuseInserts(voiceId: string | null): Promise<void> {
      await sql`truncate private.refused_inserts`;
      if (voiceId) await sql`insert into private.refused_inserts values (${voiceId})`;
    },
    snapshot: async (): Promise<Snapshot> =>
      sorted({
        entries: await sql`
          select voice_id, attempt_id, state, lease_expires_at > clock_timestamp() as live,
            unresolved_since is not null as unresolved, sending_since is not null as sent, region, details,
            provider_voice_id, error ->> 'refusal' as refusal
          from private.voice_enrollments`,
        rows: await sql`
          select id, name, tts_provider, provider_voice_id, deleted_at is not null as deleted
          from public.voices where user_id = ${userId}`,
        orphans: await sql`
          select provider_voice_id, reason, purging_at is not null as purging, purged_at is not null as purged
          from private.orphaned_voices`,
        sendings: await sql`select attempt_id, creates, possible from private.clone_sendings`,
        idsWithoutToken: await sql`select region from private.ids_without_token`,
        listedVoices: await sql`select region || '/' || provider_voice_id as id from private.listed_voices`,
      }),
  };
}

export type LedgerUnderTest = ReturnType<typeof createFakeLedger>;

/** Each table as plain rows, in an order that is the same for both ledgers. */
function sorted(tables: Record<string, readonly object[]>): Snapshot {
  const byText = (a: object, b: object) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
  return Object.fromEntries(
    Object.entries(tables).map(([name, rows]) => [name, rows.map((row) => ({ ...row })).sort(byText)]),
  );
}
