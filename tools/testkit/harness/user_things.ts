// What one user has and may ask: a request to every route, and rows in every state.
import { upload } from "./api.ts";
import { saveVoices, sql } from "./project.ts";
import { DETAILS } from "./reference.ts";
import type { Speaking } from "./speaking.ts";

export type UserRequest = { method: string; path: string; body?: unknown };

const asked = (method: string, path: string, body?: unknown): UserRequest => ({ method, path, body });

export type NamedThings = { voiceId: string; taskId: string; generationId: string };

/** A valid request to every route that wants a user, by the route. A new route belongs here. */
export function userRequests({ voiceId, taskId, generationId }: NamedThings): Record<string, UserRequest> {
  return {
    "POST /clone/upload-url": asked("POST", "/clone/upload-url", DETAILS),
    "POST /clone/finalize": asked("POST", "/clone/finalize", { ...DETAILS, voice_id: voiceId }),
    "GET /voices": asked("GET", "/voices"),
    "GET /voices/:id/preview": asked("GET", `/voices/${voiceId}/preview`),
    "DELETE /voices/:id": asked("DELETE", `/voices/${voiceId}`),
    "POST /generate": asked("POST", "/generate", { voice_id: voiceId, text: "Good evening." }),
    "GET /tasks/:id": asked("GET", `/tasks/${taskId}`),
    "POST /tasks/:id/cancel": asked("POST", `/tasks/${taskId}/cancel`),
    "GET /generations/:id/audio": asked("GET", `/generations/${generationId}/audio`),
  };
}

export const unusedIds = (): NamedThings => ({
  voiceId: crypto.randomUUID(),
  taskId: crypto.randomUUID(),
  generationId: crypto.randomUUID(),
});

type Status = "completed" | "pending" | "processing" | "failed" | "cancelled";

/** A text of this user's whose task is in this state and is not claimed before a day has passed. */
async function addTask(userId: string, voiceId: string, status: Status) {
  const [taskId, generationId] = [crypto.randomUUID(), crypto.randomUUID()];
  const key = `${userId}/${generationId}.wav`;
  const isSpoken = status === "completed";
  const isOver = status !== "pending" && status !== "processing";
  const isLeased = status === "processing";
  await sql`
    insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model,
      audio_object_key, completed_at)
    values (${generationId}, ${userId}, ${voiceId}, 'Hello.', 'English', 'qwen', 'any',
      ${isSpoken ? key : null}, ${isSpoken ? sql`now()` : null})`;
  await sql`
    insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, error, completed_at,
      lease_id, lease_expires_at, run_after)
    values (${taskId}, ${userId}, 'generate', ${status}, 'qwen', ${generationId}, ${voiceId},
      ${status === "failed" ? "It failed." : null}, ${isOver ? sql`now()` : null},
      ${isLeased ? crypto.randomUUID() : null}, ${isLeased ? sql`now() + interval '1 hour'` : null},
      now() + interval '1 day')`;
  return { taskId, generationId, key };
}

export const addGeneration = async (userId: string, voiceId: string, status: Status): Promise<string> =>
  (await addTask(userId, voiceId, status)).key;

export type UserThing = { what: string; kind: "voice" | "enrollment" | "task" | "generation"; id: string };

async function addUnspoken(userId: string, voiceId: string): Promise<UserThing[]> {
  const things: UserThing[] = [];
  for (const status of ["pending", "processing", "failed", "cancelled"] as const) {
    const { taskId, generationId } = await addTask(userId, voiceId, status);
    things.push({ what: `a ${status} task`, kind: "task", id: taskId });
    things.push({ what: `the generation of a ${status} task`, kind: "generation", id: generationId });
  }
  return things;
}

/** States of the ledger before there is a row, with what each must have besides. */
const ENROLLMENTS = {
  claimed: {},
  sending: {},
  "sending, unresolved": { unresolved_since: new Date() },
  created: { provider_voice_id: "made", provider_target_model: "qwen3-tts-vc-2026-01-22" },
  rejected: { error: { category: "rejected", provider_code: null, request_id: null, refusal: "Too noisy." } },
};

/** A voice, an enrollment and a task in every state there is, all of this user's, with the clips and audio that belong to them. */
export async function createThings(
  { api, token, userId, voiceId, spoken }: Speaking,
): Promise<UserThing[]> {
  const { task_id, generation_id } = await spoken();
  const things: UserThing[] = [
    { what: "a live voice", kind: "voice", id: voiceId },
    { what: "a completed task", kind: "task", id: task_id },
    { what: "the generation of a completed task", kind: "generation", id: generation_id },
    ...await addUnspoken(userId, voiceId),
  ];
  const clip = async () => (await upload(api, token)).body.voice_id;

  const deleted = await clip();
  const modal = await clip();
  for (const [id, deleted_at] of [[deleted, new Date().toISOString()], [modal, null]] as const) {
    const reference_object_key = `${userId}/${id}/reference.wav`;
    await saveVoices(userId, { id, name: "Ada", reference_object_key, deleted_at });
  }
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
    await sql`insert into private.voice_enrollments ${sql(row)}`;
    things.push({ what: `an enrollment that is ${name}`, kind: "enrollment", id });
  }
  return things;
}

const TABLES = [
  ...["public.voices", "public.generations", "public.tasks"],
  ...["private.voice_enrollments", "private.orphaned_voices", "private.clone_sendings"],
];

export async function everythingOf(userId: string): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const table of TABLES) {
    const rows = await sql`
      select to_jsonb(t) as row from ${sql(table)} as t where user_id = ${userId} order by to_jsonb(t)::text`;
    found[table] = rows.map(({ row }) => row);
  }
  const objects = await sql`
    select to_jsonb(t) - 'last_accessed_at' as row from storage.objects as t
    where name like ${`${userId}/%`} order by name`;
  return { ...found, "storage.objects": objects.map(({ row }) => row) };
}
