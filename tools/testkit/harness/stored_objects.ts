import assert from "node:assert/strict";
import { withDatabase } from "./database.ts";
import type { Reconciling } from "./reconciling.ts";

const AUDIO = new Uint8Array([82, 73, 70, 70]);
/** The buckets of this project. */
export type Bucket = "references" | "generations";

/** Stores an object, as if so many hours ago; what it is called among others, bucket first. */
export async function store(ready: Reconciling, bucket: Bucket, key: string, hours = 1): Promise<string> {
  const { error } = await ready.storage.from(bucket).upload(key, AUDIO, { contentType: "audio/wav" });
  assert.equal(error, null);
  await withDatabase((sql) =>
    sql`update storage.objects set created_at = clock_timestamp() - make_interval(secs => ${hours * 3_600})
      where bucket_id = ${bucket} and name = ${key}`
  );
  return `${bucket}/${key}`;
}

/** Which of these objects are there, read through Storage. */
export async function stored(ready: Reconciling, objects: string[]): Promise<string[]> {
  const found = await Promise.all(objects.map(async (object) => {
    const [bucket = "", ...key] = object.split("/");
    const question = { method: "GET", of: bucket, key: key.join("/") } as const;
    return await ready.storage.ask(question, async (response) => {
      await response.arrayBuffer();
      return response.ok ? [object] : [];
    });
  }));
  return found.flat();
}

/** Clips of nobody's, of which one is stored; the other rows are enough, for they are what the bucket lists. */
export async function storeMany(ready: Reconciling, count: number, hours = 1): Promise<string[]> {
  const nobody = crypto.randomUUID();
  const names = Array.from({ length: count }, () => `${nobody}/${crypto.randomUUID()}/reference.wav`);
  const [first = "", ...rest] = names;
  await store(ready, "references", first, hours);
  await withDatabase((sql) =>
    sql`
      insert into storage.objects (bucket_id, name, metadata, created_at)
      select bucket_id, unnest(${rest}::text[]), metadata, created_at from storage.objects where name = ${first}`
  );
  return names;
}

/** Takes objects away, whatever Storage says. */
export const forget = (names: string[]) =>
  withDatabase((sql) => sql`delete from storage.objects where name = any(${names})`);

/** A text of this user's that is spoken, or whose task stands so; the key of its audio. */
export async function addGeneration(
  userId: string,
  voiceId: string,
  status: "completed" | "pending" | "processing" | "failed",
): Promise<string> {
  const id = crypto.randomUUID();
  const key = `${userId}/${id}.wav`;
  const isOver = status === "completed" || status === "failed";
  const isLeased = status === "processing";
  await withDatabase(async (sql) => {
    await sql`
      insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model,
        audio_object_key, completed_at)
      values (${id}, ${userId}, ${voiceId}, 'Hello.', 'English', 'qwen', 'model',
        ${status === "completed" ? key : null}, ${status === "completed" ? sql`now()` : null})`;
    await sql`
      insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, error, completed_at,
        lease_id, lease_expires_at)
      values (gen_random_uuid(), ${userId}, 'generate', ${status}, 'qwen', ${id}, ${voiceId},
        ${status === "failed" ? "It failed." : null}, ${isOver ? sql`now()` : null},
        ${isLeased ? sql`gen_random_uuid()` : null}, ${isLeased ? sql`now()` : null})`;
  });
  return key;
}
