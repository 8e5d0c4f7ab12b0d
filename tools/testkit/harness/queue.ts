// The queue of tasks: its database functions, called as the function calls them.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { z } from "zod";
import { createTasks, type NewGeneration } from "../../../supabase/functions/_shared/generations/tasks.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import type { TtsProviderName } from "../../../supabase/functions/_shared/tts/provider.ts";
import { signUp, sql, stack, waiting, withDatabase } from "./project.ts";

/** The model of every voice here; not the one that is configured. */
export const PINNED_MODEL = "qwen3-tts-vc-2025-11-27";

const taskRow = z.looseObject({
  status: z.string(),
  provider_status: z.string().nullable(),
  provider_poll_count: z.number(),
  error: z.string().nullable(),
  attempts: z.number(),
  lease_id: z.string().nullable(),
  leased: z.boolean(),
  waits: z.boolean(),
  dated: z.boolean(),
});

type InQueue = { provider?: TtsProviderName; region?: string };

/** A voice as a test wants it; its language is English. */
type QueueVoice = InQueue & { userId?: string; deleted?: boolean };

/** A claim as a test wants it; the lease is for a minute and three attempts are made. */
type QueueClaim = InQueue & { taskId?: string; maxAttempts?: number };

/** A request as a test wants it; the voice is the user's own, and the ids are new. */
type QueueRequest = Partial<NewGeneration> & InQueue & { maxUnfinished?: number };

/**
 * A new user with one voice, and the queue as the function calls it. The region is its own, so that what other tests left
 * in the queue is not its business.
 */
export async function createQueue() {
  const region = `test-${crypto.randomUUID().slice(0, 8)}`;
  const { id: userId, accessToken } = await signUp();
  const { db } = createSupabase({ url: stack.supabase_url, secretKey: stack.secret_key });
  const tasks = createTasks({ db });

  const addVoice = async (voice: QueueVoice = {}): Promise<string> => {
    const id = crypto.randomUUID();
    const isQwen = voice.provider !== "modal";
    await sql`
      insert into public.voices (id, user_id, name, language, tts_provider, provider_voice_id,
        provider_target_model, provider_voice_kind, provider_region, deleted_at)
      values (${id}, ${voice.userId ?? userId}, 'Grace', 'English', ${voice.provider ?? "qwen"},
        ${isQwen ? `voice of ${id}` : null}, ${isQwen ? PINNED_MODEL : null}, ${isQwen ? "vc" : null},
        ${isQwen ? voice.region ?? region : null}, ${voice.deleted ? sql`now()` : null})`;
    return id;
  };
  const voiceId = await addVoice();

  const asked = (request: QueueRequest): NewGeneration => ({
    ...{ userId, voiceId, generationId: crypto.randomUUID(), taskId: crypto.randomUUID() },
    ...{ text: "Good morning.", language: null },
    ...request,
  });
  const ask = (request: QueueRequest = {}) =>
    tasks.create(asked(request), {
      provider: request.provider ?? "qwen",
      region: request.region ?? region,
      maxUnfinished: request.maxUnfinished ?? 1000,
    });

  return {
    region,
    userId,
    accessToken,
    voiceId,
    tasks,
    addVoice,
    ask,

    async add(request: QueueRequest = {}) {
      const generation = asked(request);
      assert.deepEqual(await ask({ ...request, ...generation }), { outcome: "created" });
      return generation;
    },

    claim: (claim: QueueClaim = {}) =>
      tasks.claim({
        ...{ leaseId: crypto.randomUUID(), leaseSeconds: 60, maxAttempts: 3, provider: "qwen", region },
        ...claim,
      }),

    async claimed(claim: QueueClaim = {}) {
      const task = await this.claim(claim);
      assert(task, "nothing was claimed");
      return task;
    },
  };
}

export type Queue = Awaited<ReturnType<typeof createQueue>>;

export function queueTest(name: string, use: (queue: Queue) => Promise<void>): void {
  Deno.test(name, async () => use(await createQueue()));
}

/** The audio of a generation, as a worker tells of it. */
export function storedAudio(userId: string, generationId: string) {
  return {
    objectKey: `${userId}/${generationId}.wav`,
    sizeBytes: 48_044,
    durationSeconds: 1.25,
    requestId: "request 1",
    metadata: { characters: 13 },
  };
}

export async function taskOf(taskId: string) {
  const [row] = await sql`
    select status, provider_status, provider_poll_count, error, attempts, lease_id,
      coalesce(lease_expires_at > clock_timestamp(), false) as leased, run_after > clock_timestamp() as waits,
      completed_at is not null as dated, updated_at::text
    from public.tasks where id = ${taskId}`;
  return row === undefined ? undefined : taskRow.parse(row);
}

export const endTaskLease = (taskId: string) =>
  sql`update public.tasks set lease_expires_at = clock_timestamp() - interval '1 second' where id = ${taskId}`;

export const endDelay = (taskId: string) =>
  sql`update public.tasks set run_after = clock_timestamp() where id = ${taskId}`;

export const deleteVoice = (voiceId: string) =>
  sql`update public.voices set deleted_at = now() where id = ${voiceId}`;

const outcome = z.looseObject({ outcome: z.string() });

/** What a database function of the queue answers when it is called by `service_role` itself. */
export async function askQueue(sql: postgres.Sql, call: postgres.PendingQuery<postgres.Row[]>) {
  const [row] = await sql`select ${call} as answer`;
  return outcome.parse(row?.answer);
}

/**
 * Starts calls while nobody else may touch the table of tasks and lets them go once all of them wait, so that they meet in
 * the middle. Gives their answers.
 */
export function allAtOnce(
  statement: string,
  calls: ((sql: postgres.Sql) => postgres.PendingQuery<postgres.Row[]>)[],
): Promise<z.output<typeof outcome>[]> {
  return withDatabase(async (service) => {
    const started = await sql.begin(async (transaction) => {
      await transaction`lock table public.tasks in access exclusive mode`;
      const answers = calls.map((call) => askQueue(service, call(service)));
      await waiting(statement, calls.length);
      return { answers };
    });
    return await Promise.all(started.answers);
  }, "service_role");
}
