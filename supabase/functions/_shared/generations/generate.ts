import type { Clock } from "../clock.ts";
import type { GenerateRequest } from "../contract.ts";
import { ApiError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { TtsProvider } from "../tts/provider.ts";
import { voiceNotReady } from "./outcomes.ts";
import type { Spoken } from "./speak.ts";
import type { Tasks } from "./tasks.ts";

/** How many generations of a user may be under way at once. */
const MOST_UNFINISHED = 20;
/** How long the process that took a request keeps at its task, in milliseconds; later it is any worker's. */
const PATIENCE_MS = 120_000;
/** How much later than it may be claimed again a task is asked for, in milliseconds. */
const MARGIN_MS = 100;

export type Generation = { taskId: string; generationId: string };

export type GenerateOptions = {
  tasks: Tasks;
  provider: Pick<TtsProvider, "name" | "region">;
  clock: Clock;
  newId: () => string;
  /** Takes up one task; loaded when there is one. */
  loadSpeak: () => Promise<(log: Log, taskId: string) => Promise<Spoken | null>>;
};

/** Speaking a text with a voice: saved as a task first, so that whatever happens to this process it is done. */
export function createGenerate(options: GenerateOptions) {
  const { tasks, provider, clock } = options;

  return {
    /**
     * Saves what is to be said.
     * @throws {ApiError} not_found, voice_not_ready, rate_limited, database_unavailable
     */
    async create(userId: string, request: GenerateRequest, log: Log): Promise<Generation> {
      const generation = { taskId: options.newId(), generationId: options.newId() };
      const answer = await tasks.create(
        { userId, voiceId: request.voice_id, text: request.text, language: request.language, ...generation },
        { provider: provider.name, region: provider.region, maxUnfinished: MOST_UNFINISHED },
      );
      switch (answer.outcome) {
        case "created":
          log.event("info", "generation.created", {
            voice_id: request.voice_id,
            task_id: generation.taskId,
            generation_id: generation.generationId,
          });
          return generation;
        case "not_found":
          throw new ApiError("not_found", "Voice not found.");
        case "not_ready":
          throw voiceNotReady(answer.reason, provider.name);
        case "limited":
          throw new ApiError(
            "rate_limited",
            "Too many texts are being spoken for you. Wait until some are done.",
            {
              retryAfterSeconds: 10,
            },
          );
      }
    },

    /** Works on a task that was just saved, and again after a failure that may pass. Never rejects. */
    async work(taskId: string, log: Log): Promise<void> {
      const until = clock.now() + PATIENCE_MS;
      try {
        const speak = await options.loadSpeak();
        for (;;) {
          const spoken = await speak(log, taskId);
          if (spoken?.outcome !== "put_back") return;
          const pause = spoken.delaySeconds * 1000 + MARGIN_MS;
          if (clock.now() + pause > until) return;
          await clock.sleep(pause, clock.timeout(PATIENCE_MS));
        }
      } catch (error) {
        // The lease ends by itself, and the next worker takes the task up.
        log.event("warn", "generation.interrupted", { task_id: taskId, error });
      }
    },
  };
}
