import { accountDeleted } from "../accounts.ts";
import type { Clock } from "../clock.ts";
import type { GenerateRequest } from "../contract/generate_speech.ts";
import { isDatabaseAway } from "../database_answers.ts";
import { ApiError, voiceNotFound } from "../errors.ts";
import type { Log } from "../log.ts";
import { retry } from "../retry.ts";
import type { Generations } from "../storage/generations.ts";
import type { TtsProvider } from "../tts/provider.ts";
import type { Spoken } from "./speak.ts";
import type { CreateAnswer, Tasks } from "./tasks.ts";

/** How many unfinished generations a user may have. */
const MOST_UNFINISHED = 20;
/** How long the process of the request retries its task, in milliseconds; after that any worker does. */
const PATIENCE_MS = 120_000;
/** How long after it is due a task is claimed again, in milliseconds. */
const MARGIN_MS = 100;
const NOT_READY = {
  other_provider: "This voice was made with another provider. Clone it again to let it speak.",
  other_region: "This voice was made in another region. Clone it again to let it speak.",
  no_metadata: "This voice was never completed. Clone it again to let it speak.",
};
const SWITCHED_OFF = "Speaking is switched off for now. The voice is kept: try again later.";
/** Pauses between attempts at one create, in milliseconds: the same ids get the same answer again. */
const CREATE_PAUSES_MS = [200, 800];

export type Generation = { taskId: string; generationId: string };

export type GenerateOptions = {
  tasks: Tasks;
  generations: Pick<Generations, "key" | "remove">;
  provider: Pick<TtsProvider, "name" | "region">;
  clock: Clock;
  newId: () => string;
  loadSpeak: () => Promise<(log: Log, taskId: string) => Promise<Spoken | null>>;
};

/** Generates speech. The task is saved first, so it is done even if this process dies. */
export function createGenerate(options: GenerateOptions) {
  const { tasks, generations, provider, clock } = options;

  const save = (userId: string, request: GenerateRequest, ids: Generation): Promise<CreateAnswer> => {
    const { voice_id: voiceId, text, language } = request;
    const generation = { userId, voiceId, text, language, ...ids };
    const rules = { provider: provider.name, region: provider.region, maxUnfinished: MOST_UNFINISHED };
    const pauses = CREATE_PAUSES_MS;
    return retry(() => tasks.create(generation, rules), { clock, pauses, mayPass: isDatabaseAway });
  };

  return {
    /**
     * Saves a text and its pending task.
     * @throws {ApiError} not_found, voice_not_ready, rate_limited, unauthorized, database_unavailable
     */
    async create(userId: string, request: GenerateRequest, log: Log): Promise<Generation> {
      const generation = { taskId: options.newId(), generationId: options.newId() };
      const answer = await save(userId, request, generation);
      switch (answer.outcome) {
        case "created":
          log.event("info", "generation.created", {
            voice_id: request.voice_id,
            task_id: generation.taskId,
            generation_id: generation.generationId,
          });
          return generation;
        case "not_found":
          throw voiceNotFound();
        case "deleted":
          throw accountDeleted();
        case "not_ready":
          throw new ApiError(
            "voice_not_ready",
            provider.name === "modal" ? SWITCHED_OFF : NOT_READY[answer.reason],
          );
        case "limited":
          throw new ApiError(
            "rate_limited",
            "Too many texts are being spoken for you. Wait until some are done.",
            { retryAfterSeconds: 10 },
          );
      }
    },

    /**
     * Cancels a user's task, unless it has a final status, and removes audio that a killed worker stored. False if
     * there is no such task.
     * @throws {ApiError} unauthorized, database_unavailable
     */
    async cancel(userId: string, taskId: string, log: Log): Promise<boolean> {
      const outcome = await tasks.cancel(userId, taskId);
      if (outcome === "deleted") throw accountDeleted();
      if (outcome !== "cancelled") return outcome === "done";
      log.event("info", "generation.cancelled", { task_id: taskId });
      try {
        const task = await tasks.read(userId, taskId);
        if (task) await generations.remove([generations.key(userId, task.generation_id)]);
      } catch (error) {
        log.event("warn", "generation.remove_failed", { task_id: taskId, error });
      }
      return true;
    },

    /** Runs a new task, with retries after a failure that may pass. Never rejects. */
    async work(taskId: string, log: Log): Promise<void> {
      const until = clock.now() + PATIENCE_MS;
      try {
        const speak = await options.loadSpeak();
        for (;;) {
          const spoken = await speak(log, taskId);
          if (spoken?.outcome !== "put_back") return;
          const pause = spoken.delaySeconds * 1000 + MARGIN_MS;
          if (clock.now() + pause > until) return;
          await clock.sleep(pause);
        }
      } catch (error) {
        // The lease expires, and the next worker runs the task.
        log.event("warn", "generation.interrupted", { task_id: taskId, error });
      }
    },
  };
}
