import { z } from "zod";
import { withDatabase } from "./database.ts";

const enrollment = z.object({
  state: z.string(),
  unresolved: z.boolean(),
  leased: z.boolean(),
  region: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
  provider_voice_id: z.string().nullable(),
  error: z.record(z.string(), z.unknown()).nullable(),
});

const voiceRow = z.looseObject({
  name: z.string(),
  tts_provider: z.string(),
  provider_voice_id: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  provider_metadata: z.record(z.string(), z.unknown()),
});

/** What the ledger holds of a voice; undefined when there is nothing. `leased` says whether its lease still runs. */
export async function enrollmentOf(voiceId: string) {
  const [row] = await withDatabase((sql) =>
    sql`
      select state, unresolved_since is not null as unresolved, lease_expires_at > clock_timestamp() as leased,
        region, details, provider_voice_id, error
      from private.voice_enrollments where voice_id = ${voiceId}`
  );
  return row === undefined ? undefined : enrollment.parse(row);
}

/** The `voices` row, deleted or not; undefined when there is none. */
export async function voiceRowOf(voiceId: string) {
  const [row] = await withDatabase((sql) => sql`select * from public.voices where id = ${voiceId}`);
  return row === undefined ? undefined : voiceRow.parse(row);
}

/** How many creates of a user were sent, and how many of them count as made. */
export async function countedSendings(userId: string): Promise<{ creates: number; possible: number }> {
  const [row] = await withDatabase((sql) =>
    sql`
      select coalesce(sum(creates), 0)::int as creates, coalesce(sum(possible), 0)::int as possible
      from private.clone_sendings where user_id = ${userId}`
  );
  return z.object({ creates: z.number(), possible: z.number() }).parse(row);
}

/** The provider voices of a user that are recorded as orphans, in order, with the reason. */
export async function orphansOf(userId: string): Promise<[string, string][]> {
  const rows = await withDatabase((sql) =>
    sql`
      select provider_voice_id, reason from private.orphaned_voices where user_id = ${userId}
      order by provider_voice_id`
  );
  return z.array(z.object({ provider_voice_id: z.string(), reason: z.string() })).parse(rows)
    .map((row) => [row.provider_voice_id, row.reason]);
}

/** Lets the lease of a voice run out. */
export async function endLease(voiceId: string): Promise<void> {
  await withDatabase((sql) =>
    sql`
      update private.voice_enrollments set lease_expires_at = clock_timestamp() - interval '1 second'
      where voice_id = ${voiceId}`
  );
}
