import type { openDatabase } from "../stack/postgres/project_database.ts";

/** The name and token of seeded rows, which finalizes never have. */
const SEEDED = "seeded";

/**
 * Makes it exactly this many voices of a user, each with its row of the ledger, and as many creates sent by other users within
 * a day. One user's voices are the worst case, because whatever is looked up is looked up by its user.
 */
export async function seedVoices(
  sql: ReturnType<typeof openDatabase>,
  userId: string,
  count: number,
): Promise<void> {
  await sql`delete from public.voices where name = ${SEEDED}`;
  await sql`delete from private.voice_enrollments where token = ${SEEDED}`;
  await sql`delete from private.clone_sendings where user_id <> ${userId}`;
  await sql`
    insert into public.voices (id, user_id, name, tts_provider, provider_voice_id, provider_target_model,
      provider_voice_kind, provider_region, created_at)
    select gen_random_uuid(), ${userId}, ${SEEDED}, 'qwen', 'seeded-' || number, 'model', 'vc', 'intl',
      now() - make_interval(mins => number)
    from generate_series(1, ${count}::integer) as number`;
  await sql`
    insert into private.voice_enrollments (user_id, voice_id, attempt_id, token, state, lease_expires_at, region,
      fingerprint, provider_voice_id, provider_target_model, provider_voice_kind)
    select v.user_id, v.id, gen_random_uuid(), ${SEEDED}, 'finalized', v.created_at, 'intl', '',
      v.provider_voice_id, 'model', 'vc'
    from public.voices v where v.name = ${SEEDED}`;
  await sql`
    insert into private.clone_sendings (attempt_id, user_id, sent_at)
    select gen_random_uuid(), gen_random_uuid(), now() - make_interval(secs => 86400.0 * number / ${count}::integer)
    from generate_series(1, ${count}::integer) as number`;
  await sql`vacuum analyze public.voices, private.voice_enrollments, private.clone_sendings`;
}
