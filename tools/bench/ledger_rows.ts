import { openDatabase } from "../stack/postgres/project_database.ts";

/** Fills a project's tables with voices, so that it can be measured how much slower they make it. */
export type LedgerRows = {
  /** Makes it exactly so many voices of the user, each with its row of the ledger and a create sent, by some user, today. */
  setTo(count: number): Promise<void>;
  close(): Promise<void>;
};

/** Tells seeded rows from those that finalizes made. */
const TOKEN = "seeded";

/** @param userId whose voices they are: the worst case, for whatever is looked up is looked up by its user */
export function createLedgerRows(databaseUrl: string, userId: string): LedgerRows {
  const sql = openDatabase(databaseUrl);
  return {
    async setTo(count) {
      await sql`delete from public.voices where name = ${TOKEN}`;
      await sql`delete from private.voice_enrollments where token = ${TOKEN}`;
      await sql`delete from private.clone_sendings where user_id <> ${userId}`;
      await sql`
        insert into public.voices (id, user_id, name, tts_provider, provider_voice_id, provider_target_model,
          provider_voice_kind, provider_region, created_at)
        select gen_random_uuid(), ${userId}, ${TOKEN}, 'qwen', 'seeded-' || number, 'model', 'vc', 'intl',
          now() - make_interval(mins => number)
        from generate_series(1, ${count}::integer) as number`;
      await sql`
        insert into private.voice_enrollments (user_id, voice_id, attempt_id, token, state, lease_expires_at, region,
          fingerprint, provider_voice_id, provider_target_model, provider_voice_kind)
        select v.user_id, v.id, gen_random_uuid(), ${TOKEN}, 'finalized', v.created_at, 'intl', '',
          v.provider_voice_id, 'model', 'vc'
        from public.voices v where v.name = ${TOKEN}`;
      await sql`
        insert into private.clone_sendings (attempt_id, user_id, sent_at)
        select gen_random_uuid(), gen_random_uuid(), now() - make_interval(secs => 86400.0 * number / ${count}::integer)
        from generate_series(1, ${count}::integer) as number`;
      await sql`vacuum analyze public.voices, private.voice_enrollments, private.clone_sendings`;
    },
    // Without a limit this waits for ever once a connection was lost.
    close: () => sql.end({ timeout: 1 }),
  };
}
