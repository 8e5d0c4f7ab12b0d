import type postgres from "postgres";

/** A row of `voices` as a test wants it; the rest is as a modal voice has it. */
export type SavedVoice = {
  name?: string;
  source?: string;
  created_at?: string;
  deleted_at?: string | null;
  id?: string;
  reference_object_key?: string | null;
};

/** Saves voices of a user directly, and gives their ids in the same order. */
export async function saveVoices(sql: postgres.Sql, userId: string, voices: SavedVoice[]): Promise<string[]> {
  const rows = voices.map((voice) => ({
    id: crypto.randomUUID(),
    user_id: userId,
    name: "Grace",
    source: "uploaded",
    created_at: new Date().toISOString(),
    deleted_at: null,
    reference_object_key: null,
    ...voice,
  }));
  if (rows.length > 0) await sql`insert into public.voices ${sql(rows)}`;
  return rows.map(({ id }) => id);
}
