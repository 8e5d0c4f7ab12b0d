import { z } from "zod";
import { getTask } from "../contract/get_task.ts";
import { jsonValue, outcomeOf, parseAs } from "../database_answers.ts";
import { lazy } from "../once.ts";
import type { Supabase } from "../supabase.ts";
import { type Language, LANGUAGES } from "../tts/languages.ts";
import type { TtsProviderName } from "../tts/provider.ts";

const COLUMNS =
  "id, type, status, provider, provider_status, provider_poll_count, generation_id, voice_id, error, created_at, " +
  "updated_at, completed_at";

/** A text to speak. The caller creates the ids, so a call whose response was lost can be repeated. */
export type NewGeneration = {
  userId: string;
  voiceId: string;
  generationId: string;
  taskId: string;
  text: string;
  /** Null for the voice's own. */
  language: Language | null;
};

/** A task as its user sees it, with its names on the wire. */
const taskRow = lazy(() => getTask.answer.schema().omit({ result: true }));

const audioRow = z.object({ audio_object_key: z.string() })
  .transform((row) => ({ objectKey: row.audio_object_key }));

const createAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.enum(["created", "not_found", "limited", "deleted"]) }),
  z.object({
    outcome: z.literal("not_ready"),
    reason: z.enum(["other_provider", "other_region", "no_metadata"]),
  }),
]);

const claimAnswer = z.discriminatedUnion("outcome", [
  z.object({
    outcome: z.literal("claimed"),
    task_id: z.guid(),
    generation_id: z.guid(),
    user_id: z.guid(),
    text: z.string(),
    // A task that does not parse could never end, so an unknown name is not an error.
    language: z.enum(LANGUAGES).catch("Auto"),
    provider_voice_id: z.string(),
    provider_target_model: z.string(),
    attempt: z.int(),
    may_synthesize: z.boolean(),
  }),
  z.object({ outcome: z.literal("none") }),
]);

const completeAnswer = outcomeOf(["completed", "over", "gone"]);
const putBackAnswer = outcomeOf(["put_back", "superseded"]);
const failAnswer = outcomeOf(["failed", "superseded"]);
const cancelAnswer = outcomeOf(["cancelled", "done", "not_found", "deleted"]);

export type CreateAnswer = z.output<typeof createAnswer>;

/** A task whose lease the caller holds, with everything that synthesis needs. */
export type ClaimedTask = NonNullable<Awaited<ReturnType<Tasks["claim"]>>>;

/** Stored audio of a generation, with what the provider reported about it. */
export type StoredAudio = {
  objectKey: string;
  sizeBytes: number;
  durationSeconds: number;
  requestId: string | null;
  metadata: Record<string, unknown>;
};

type Leased = { taskId: string; leaseId: string };

export type Tasks = ReturnType<typeof createTasks>;

/**
 * The queue of generations, and what users read of it. Each call throws an ApiError: `database_unavailable` if it may
 * have taken effect, `internal` if it was refused.
 */
export function createTasks({ db }: { db: Pick<Supabase["db"], "rpc" | "from"> }) {
  return {
    /**
     * Saves a generation and its pending task; repeating it with the same ids adds nothing. `limited`: the user has
     * `maxUnfinished` unfinished tasks. `deleted`: the account was deleted.
     */
    create: async (
      generation: NewGeneration,
      rules: { provider: TtsProviderName; region: string; maxUnfinished: number },
    ): Promise<CreateAnswer> =>
      await db.rpc("generation_create", {
        p_user_id: generation.userId,
        p_voice_id: generation.voiceId,
        p_generation_id: generation.generationId,
        p_task_id: generation.taskId,
        p_text: generation.text,
        p_language: generation.language ?? undefined,
        p_provider: rules.provider,
        p_region: rules.region,
        p_max_unfinished: rules.maxUnfinished,
      }).then(parseAs(createAnswer)),

    /**
     * Claims the given task, or the oldest one that is due; null if there is none.
     * @param asked.leaseId a new one for each claim
     */
    async claim(asked: {
      leaseId: string;
      leaseSeconds: number;
      maxAttempts: number;
      provider: TtsProviderName;
      region: string;
      taskId?: string;
    }) {
      const answer = await db.rpc("task_claim", {
        p_lease_id: asked.leaseId,
        p_lease_seconds: Math.ceil(asked.leaseSeconds),
        p_max_attempts: asked.maxAttempts,
        p_provider: asked.provider,
        p_region: asked.region,
        p_task_id: asked.taskId,
      }).then(parseAs(claimAnswer));
      if (answer.outcome === "none") return null;
      return {
        taskId: answer.task_id,
        leaseId: asked.leaseId,
        generationId: answer.generation_id,
        userId: answer.user_id,
        text: answer.text,
        language: answer.language,
        providerVoiceId: answer.provider_voice_id,
        targetModel: answer.provider_target_model,
        /** From 1. */
        attempt: answer.attempt,
        /** False after the last attempt: then the worker only checks whether that one stored its audio. */
        maySynthesize: answer.may_synthesize,
      };
    },

    /** Records audio that any attempt stored. `over`: cancelled or failed by now. `gone`: the user was deleted. */
    complete: async (taskId: string, audio: StoredAudio): Promise<"completed" | "over" | "gone"> =>
      await db.rpc("task_complete", {
        p_task_id: taskId,
        p_object_key: audio.objectKey,
        p_size_bytes: audio.sizeBytes,
        p_duration_seconds: audio.durationSeconds,
        p_metadata: jsonValue.parse(audio.metadata),
        p_provider_request_id: audio.requestId ?? undefined,
      }).then(parseAs(completeAnswer)),

    /**
     * Returns a task to the queue, to be claimed again after a delay.
     * @param next.counts whether the attempt counts
     * @param next.providerStatus null keeps the current one
     */
    putBack: async (
      task: Leased,
      next: { delaySeconds: number; counts: boolean; providerStatus: string | null },
    ): Promise<"put_back" | "superseded"> =>
      await db.rpc("task_put_back", {
        p_task_id: task.taskId,
        p_lease_id: task.leaseId,
        p_delay_seconds: Math.ceil(next.delaySeconds),
        p_counts: next.counts,
        p_provider_status: next.providerStatus ?? undefined,
      }).then(parseAs(putBackAnswer)),

    /**
     * Ends a task without audio.
     * @param failure.error a sentence for the user
     * @param failure.providerStatus null keeps the current one
     */
    fail: async (
      task: Leased,
      failure: { error: string; providerStatus: string | null },
    ): Promise<"failed" | "superseded"> =>
      await db.rpc("task_fail", {
        p_task_id: task.taskId,
        p_lease_id: task.leaseId,
        p_error: failure.error,
        p_provider_status: failure.providerStatus ?? undefined,
      }).then(parseAs(failAnswer)),

    /** Cancels a user's task. `done`: it has a final status. `deleted`: the account was deleted. */
    cancel: async (userId: string, taskId: string): Promise<"cancelled" | "done" | "not_found" | "deleted"> =>
      await db.rpc("task_cancel", { p_user_id: userId, p_task_id: taskId }).then(parseAs(cancelAnswer)),

    /** A user's task; null if there is no such task. */
    read: async (userId: string, taskId: string) =>
      await db.from("tasks").select(COLUMNS).eq("id", taskId).eq("user_id", userId).retry(false).maybeSingle()
        .then(parseAs(taskRow().nullable())),

    /** Where the audio of a user's generation lies; null if there is no such generation or it is not completed. */
    audioOf: async (userId: string, generationId: string): Promise<{ objectKey: string } | null> =>
      await db.from("generations").select("audio_object_key").eq("id", generationId).eq("user_id", userId)
        .not("completed_at", "is", null).retry(false).maybeSingle().then(parseAs(audioRow.nullable())),
  };
}
