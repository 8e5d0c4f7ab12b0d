import { z } from "zod";
import { getTask } from "../contract/get_task.ts";
import type { Json } from "../database.types.ts";
import { lazy } from "../lazy.ts";
import type { Supabase } from "../supabase.ts";
import { type Language, LANGUAGES } from "../tts/languages.ts";
import type { TtsProviderName } from "../tts/provider.ts";
import { databaseError, parseAnswer } from "../database_answers.ts";

const COLUMNS =
  "id, type, status, provider, provider_status, provider_poll_count, generation_id, voice_id, error, created_at, " +
  "updated_at, completed_at";

/** What a user asked to hear. The ids are the caller's, so that a lost answer can be asked for again. */
export type NewGeneration = {
  userId: string;
  voiceId: string;
  generationId: string;
  taskId: string;
  text: string;
  /** Null: the voice's own. */
  language: Language | null;
};

/** A task as its user may see it, with the names it has on the wire. */
const taskRow = lazy(() => getTask.answer.schema().omit({ result: true }));

const audioRow = z.object({ audio_object_key: z.string() }).nullable();

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
    // A task that cannot be read could never end, so a name that is not known any more is no failure.
    language: z.enum(LANGUAGES).catch("Auto"),
    provider_voice_id: z.string(),
    provider_target_model: z.string(),
    attempt: z.int(),
    may_synthesize: z.boolean(),
  }),
  z.object({ outcome: z.literal("none") }),
]);

const completeAnswer = z.object({ outcome: z.enum(["completed", "over", "gone"]) });
const putBackAnswer = z.object({ outcome: z.enum(["put_back", "superseded"]) });
const failAnswer = z.object({ outcome: z.enum(["failed", "superseded"]) });
const cancelAnswer = z.object({ outcome: z.enum(["cancelled", "done", "not_found", "deleted"]) });

export type TaskRow = z.output<ReturnType<typeof taskRow>>;
export type CreateAnswer = z.output<typeof createAnswer>;

/** A task whose lease is the caller's, with everything that speaking needs. */
export type ClaimedTask = {
  taskId: string;
  leaseId: string;
  generationId: string;
  userId: string;
  text: string;
  language: Language;
  providerVoiceId: string;
  targetModel: string;
  /** From 1. */
  attempt: number;
  /** False once every attempt was made: then it is only looked whether the last one stored its audio. */
  maySynthesize: boolean;
};

/** The audio of a generation as it was stored, and what the provider said of it. */
export type StoredAudio = {
  objectKey: string;
  sizeBytes: number;
  durationSeconds: number;
  requestId: string | null;
  metadata: Record<string, unknown>;
};

const jsonValue: z.ZodType<Json> = z.json();

/** The queue of generations, and what users read of it. */
export type Tasks = ReturnType<typeof createTasks>;

/**
 * The tasks of generations. Each call throws an ApiError: database_unavailable when it is not known whether it took
 * effect, internal when it was refused.
 */
export function createTasks(options: { db: Pick<Supabase["db"], "rpc" | "from"> }) {
  const { db } = options;
  return {
    /**
     * Saves what is to be said, and its task, pending. Asked again with the same ids it is `created` again, and nothing is
     * added. `limited`: the user has `maxUnfinished` tasks under way. `deleted`: the account was.
     */
    async create(
      generation: NewGeneration,
      rules: { provider: TtsProviderName; region: string; maxUnfinished: number },
    ): Promise<CreateAnswer> {
      return parseAnswer(
        createAnswer,
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
        }),
      );
    },

    /**
     * The oldest task that may run, or the one named; null when there is none.
     * @param asked.leaseId a new one for each claim
     */
    async claim(asked: {
      leaseId: string;
      leaseSeconds: number;
      maxAttempts: number;
      provider: TtsProviderName;
      region: string;
      taskId?: string;
    }): Promise<ClaimedTask | null> {
      const answer = parseAnswer(
        claimAnswer,
        await db.rpc("task_claim", {
          p_lease_id: asked.leaseId,
          p_lease_seconds: Math.ceil(asked.leaseSeconds),
          p_max_attempts: asked.maxAttempts,
          p_provider: asked.provider,
          p_region: asked.region,
          p_task_id: asked.taskId,
        }),
      );
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
        attempt: answer.attempt,
        maySynthesize: answer.may_synthesize,
      };
    },

    /** The audio is stored, whoever stored it. `over`: cancelled or failed meanwhile. `gone`: its user was removed. */
    async complete(taskId: string, audio: StoredAudio): Promise<"completed" | "over" | "gone"> {
      const result = await db.rpc("task_complete", {
        p_task_id: taskId,
        p_object_key: audio.objectKey,
        p_size_bytes: audio.sizeBytes,
        p_duration_seconds: audio.durationSeconds,
        p_metadata: jsonValue.parse(audio.metadata),
        p_provider_request_id: audio.requestId ?? undefined,
      });
      return parseAnswer(completeAnswer, result).outcome;
    },

    /**
     * Gives a task back, to be claimed again after a delay.
     * @param next.counts whether the attempt counts
     * @param next.providerStatus null: as it was
     */
    async putBack(
      task: { taskId: string; leaseId: string },
      next: { delaySeconds: number; counts: boolean; providerStatus: string | null },
    ): Promise<"put_back" | "superseded"> {
      const result = await db.rpc("task_put_back", {
        p_task_id: task.taskId,
        p_lease_id: task.leaseId,
        p_delay_seconds: Math.ceil(next.delaySeconds),
        p_counts: next.counts,
        p_provider_status: next.providerStatus ?? undefined,
      });
      return parseAnswer(putBackAnswer, result).outcome;
    },

    /**
     * Ends a task without audio.
     * @param failure.error a sentence for the user
     * @param failure.providerStatus null: as it was
     */
    async fail(
      task: { taskId: string; leaseId: string },
      failure: { error: string; providerStatus: string | null },
    ): Promise<"failed" | "superseded"> {
      const result = await db.rpc("task_fail", {
        p_task_id: task.taskId,
        p_lease_id: task.leaseId,
        p_error: failure.error,
        p_provider_status: failure.providerStatus ?? undefined,
      });
      return parseAnswer(failAnswer, result).outcome;
    },

    /** Ends a user's task; `done` when it was over already, `deleted` when the account was. */
    async cancel(
      userId: string,
      taskId: string,
    ): Promise<"cancelled" | "done" | "not_found" | "deleted"> {
      const result = await db.rpc("task_cancel", { p_user_id: userId, p_task_id: taskId });
      return parseAnswer(cancelAnswer, result).outcome;
    },

    /** A user's task as it stands; null when the user has no such task. */
    async read(userId: string, taskId: string): Promise<TaskRow | null> {
      const result = await db.from("tasks").select(COLUMNS)
        .eq("id", taskId).eq("user_id", userId).retry(false).maybeSingle();
      if (result.error) throw databaseError(result.error, result.status);
      return taskRow().nullable().parse(result.data);
    },

    /** Where the audio of a user's generation lies; null when there is no such generation, or it is not completed. */
    async audioOf(userId: string, generationId: string): Promise<{ objectKey: string } | null> {
      const result = await db.from("generations").select("audio_object_key")
        .eq("id", generationId).eq("user_id", userId).not("completed_at", "is", null).retry(false)
        .maybeSingle();
      if (result.error) throw databaseError(result.error, result.status);
      const row = audioRow.parse(result.data);
      return row && { objectKey: row.audio_object_key };
    },
  };
}
