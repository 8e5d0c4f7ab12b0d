import type { Speaking } from "./speaking.ts";
import { upload } from "./clone.ts";
import { withDatabase } from "./database.ts";

/** Each of somebody's ids, with what it is the id of. */
export type OthersThing = { what: string; kind: "voice" | "enrollment" | "task" | "generation"; id: string };

/** States of the ledger before there is a row, with what each must have besides. */
const ENROLLMENTS = {
  claimed: {},
  sending: {},
  "sending, unresolved": { unresolved_since: new Date() },
  created: { provider_voice_id: "made", provider_target_model: "qwen3-tts-vc-2026-01-22" },
  rejected: { error: { category: "rejected", provider_code: null, request_id: null, refusal: "Too noisy." } },
};

/** A task in each state but completed, of a voice of this user. */
async function addTasks(userId: string, voiceId: string): Promise<OthersThing[]> {
  const things: OthersThing[] = [];
  await withDatabase(async (sql) => {
    for (const status of ["pending", "processing", "failed", "cancelled"]) {
      const [taskId, generationId] = [crypto.randomUUID(), crypto.randomUUID()];
      const isOver = status === "failed" || status === "cancelled";
      const isLeased = status === "processing";
      await sql`
        insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
        values (${generationId}, ${userId}, ${voiceId}, 'Hello.', 'English', 'qwen', 'any')`;
      await sql`
        insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, error, completed_at,
          lease_id, lease_expires_at, run_after)
        values (${taskId}, ${userId}, 'generate', ${status}, 'qwen', ${generationId}, ${voiceId},
          ${status === "failed" ? "It failed." : null}, ${isOver ? sql`now()` : null},
          ${isLeased ? crypto.randomUUID() : null}, ${isLeased ? sql`now() + interval '1 hour'` : null},
          now() + interval '1 day')`;
      things.push({ what: `a ${status} task`, kind: "task", id: taskId });
      things.push({ what: `the generation of a ${status} task`, kind: "generation", id: generationId });
    }
  });
  return things;
}

/** A voice, an enrollment and a task in every state there is, all of this user's, with the clips and audio that belong to them. */
export async function createThings(
  { api, token, userId, voiceId, spoken }: Speaking,
): Promise<OthersThing[]> {
  const { task_id, generation_id } = await spoken();
  const things: OthersThing[] = [
    { what: "a live voice", kind: "voice", id: voiceId },
    { what: "a completed task", kind: "task", id: task_id },
    { what: "the generation of a completed task", kind: "generation", id: generation_id },
    ...await addTasks(userId, voiceId),
  ];
  const clip = async () => (await upload(api, token)).body.voice_id;

  const deleted = await clip();
  const modal = await clip();
  await withDatabase(async (sql) => {
    for (const [id, isDeleted] of [[deleted, true], [modal, false]] as const) {
      await sql`
        insert into public.voices (id, user_id, name, tts_provider, reference_object_key, deleted_at)
        values (${id}, ${userId}, 'Ada', 'modal', ${`${userId}/${id}/reference.wav`},
          ${isDeleted ? sql`now()` : null})`;
    }
  });
  things.push({ what: "a deleted voice", kind: "voice", id: deleted });
  things.push({ what: "a modal voice", kind: "voice", id: modal });
  things.push({ what: "an upload that nobody has finalized", kind: "enrollment", id: await clip() });
  for (const [name, columns] of Object.entries(ENROLLMENTS)) {
    const id = await clip();
    const row = {
      user_id: userId,
      voice_id: id,
      attempt_id: crypto.randomUUID(),
      token: "tokentoken",
      state: name.split(",")[0] ?? name,
      lease_expires_at: new Date(Date.now() + 3_600_000),
      region: "intl",
      details: { name: "Grace", language: "English", transcript: "Hello.", description: null },
      fingerprint: "any",
      ...columns,
    };
    await withDatabase((sql) => sql`insert into private.voice_enrollments ${sql(row)}`);
    things.push({ what: `an enrollment that is ${name}`, kind: "enrollment", id });
  }
  return things;
}

/** Every row and object of a user, as it stands. */
export async function everythingOf(userId: string): Promise<Record<string, unknown[]>> {
  return await withDatabase(async (sql) => {
    const found: Record<string, unknown[]> = {};
    for (
      const table of [
        ...["public.voices", "public.generations", "public.tasks"],
        ...["private.voice_enrollments", "private.orphaned_voices", "private.clone_sendings"],
      ]
    ) {
      const rows = await sql`
        select to_jsonb(t) as row from ${
        sql(table)
      } as t where user_id = ${userId} order by to_jsonb(t)::text`;
      found[table] = rows.map(({ row }) => row);
    }
    const objects = await sql`
      select to_jsonb(t) - 'last_accessed_at' as row from storage.objects as t
      where name like ${`${userId}/%`} order by name`;
    return { ...found, "storage.objects": objects.map(({ row }) => row) };
  });
}
