import type { ClipSource } from "../audio/ranged_reader.ts";
import type { Clock } from "../clock.ts";
import { databaseError } from "../database_answers.ts";
import { ApiError } from "../errors.ts";
import type { Log } from "../log.ts";
import { retry } from "../retry.ts";
import type { Generations } from "../storage/generations.ts";
import { ProviderError } from "../tts/provider_error.ts";
import type { Speech, TtsProvider } from "../tts/provider.ts";
import type { ClaimedTask, Tasks } from "./tasks.ts";

/** How often a text is sent to the provider before its task fails. */
const MOST_ATTEMPTS = 3;
/** What a run may take besides one call to the provider, in milliseconds: fetching the audio, looking at it, storing it. */
const REST_MS = 45_000;
/** What is left after that for keeping what is paid for, or putting the task back, in milliseconds: two calls to Supabase. */
const KEEP_MS = 30_000;
/** How much longer than that its lease lasts, in seconds: whoever is next must find that the run is over. */
const LEASE_MARGIN_SECONDS = 15;
/** Before a task is tried again, in seconds: after a failure for each attempt made, and after a 429, before jitter. */
const FAILED_SECONDS = 2;
const THROTTLED_SECONDS = 15;
/** The same while our own storage or database is away. */
const AWAY_SECONDS = 10;
/** Pauses between tries at keeping what is paid for, in milliseconds. */
const KEEP_PAUSES_MS = [250, 1_000, 3_000, 5_000];

/** What the user reads of a task that failed for no fault of theirs. */
const NOT_SPOKEN = "The text could not be spoken. Try again.";

/** How far a run is, for whoever settles its failure. */
type Run = { log: Log; signal: AbortSignal; isPaid: boolean };

const isAway = (error: unknown) => error instanceof ApiError && error.status === 503;

/** Storage or database were so slow that a run came to its end. */
const runEnded = () =>
  databaseError({ code: "none", message: "the run is over, and its task is not settled" }, 0);

export type SpeakOptions = {
  tasks: Tasks;
  generations: Generations;
  provider: Pick<TtsProvider, "name" | "region" | "synthesize">;
  clock: Clock;
  /** Milliseconds that one synthesis may take. */
  synthesisTimeoutMs: number;
  newLeaseId: () => string;
};

/** What became of a task that was taken up. `put_back`: it may be claimed again after so many seconds. */
export type Spoken =
  | { outcome: "completed" | "failed" | "over" | "superseded" }
  | { outcome: "put_back"; delaySeconds: number };

/**
 * The length of stored or fetched audio in seconds; null when it is no WAV, or its header is not at its beginning. What
 * reads audio is loaded on demand.
 */
async function secondsOf(audio: Pick<ClipSource, "sizeBytes" | "firstBytes">): Promise<number | null> {
  const { inspectAudio } = await import("../audio/inspect.ts");
  const readRange = () => Promise.reject(new Error("nothing but the beginning is at hand"));
  try {
    const { container, durationSeconds } = await inspectAudio({ ...audio, readRange });
    return container === "wav" ? durationSeconds : null;
  } catch {
    return null;
  }
}

/** What the user reads of a failed synthesis. */
function failureOf(error: unknown): string {
  if (error instanceof ProviderError) {
    if (error.category === "rejected") return error.refusal ?? "The provider refused this text.";
    if (error.category === "misconfigured") {
      return "Speaking is not set up correctly. The operator has been told.";
    }
  }
  return NOT_SPOKEN;
}

/** Takes up tasks, one at a time: claims, has the provider speak, stores the audio, completes. */
export function createSpeak(options: SpeakOptions) {
  const { tasks, generations, provider, clock } = options;

  /** What is paid for is kept if at all possible: asks again while storage or database are away. */
  const keep = <Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> =>
    retry(work, { clock, pauses: KEEP_PAUSES_MS, signal, mayPass: isAway });

  const complete = async (
    task: ClaimedTask,
    audio: { sizeBytes: number; durationSeconds: number },
    speech: Pick<Speech, "requestId" | "metadata">,
    { log, signal }: Run,
  ): Promise<Spoken> => {
    const objectKey = generations.key(task.userId, task.generationId);
    const outcome = await keep(() => tasks.complete(task.taskId, { objectKey, ...audio, ...speech }), signal);
    if (outcome === "completed") {
      log.event("info", "generation.completed", {
        provider_request_id: speech.requestId,
        size: audio.sizeBytes,
        duration_seconds: audio.durationSeconds,
      });
      return { outcome };
    }
    await keep(() => generations.remove([objectKey]), signal);
    log.event("info", "generation.discarded", { outcome, provider_request_id: speech.requestId });
    return { outcome: "over" };
  };

  /**
   * An attempt that was killed may have stored its audio: then there is nothing to pay for again. Null when there is none.
   * @param own what this attempt was given: of that size, it is what lies there
   */
  const completeStored = async (task: ClaimedTask, current: Run, own: Speech | null) => {
    const key = generations.key(task.userId, task.generationId);
    const stored = await keep(() => generations.inspect(key, current.signal), current.signal);
    if (!stored) return null;
    const durationSeconds = await secondsOf(stored);
    if (durationSeconds === null) return null;
    const audio = { sizeBytes: stored.sizeBytes, durationSeconds };
    const isOwn = own?.bytes.byteLength === stored.sizeBytes;
    const speech = isOwn ? own : { requestId: null, metadata: { recovered: true } };
    return await complete(task, audio, speech, current);
  };

  const fail = async (
    task: ClaimedTask,
    failure: { error: string; providerStatus: string | null },
    log: Log,
  ): Promise<Spoken> => {
    const outcome = await tasks.fail(task, failure);
    if (outcome === "failed") log.event("warn", "generation.failed", { attempt: task.attempt });
    return { outcome };
  };

  const putBack = async (
    task: ClaimedTask,
    next: { delaySeconds: number; counts: boolean; providerStatus: string | null },
  ): Promise<Spoken> => {
    const outcome = await tasks.putBack(task, next);
    return outcome === "put_back" ? { outcome, delaySeconds: next.delaySeconds } : { outcome };
  };

  /** Whether a failed task is tried again, and when; what it failed with is final otherwise. */
  const settle = async (
    task: ClaimedTask,
    error: unknown,
    category: string | null,
    { log, isPaid }: Run,
  ): Promise<Spoken> => {
    // Even after the last attempt: the next claim only looks whether its audio was stored.
    if (isAway(error)) {
      return await putBack(task, { delaySeconds: AWAY_SECONDS, counts: isPaid, providerStatus: null });
    }
    if (category === "throttled") {
      const delaySeconds = Math.ceil(THROTTLED_SECONDS * (0.5 + clock.random()));
      return await putBack(task, { delaySeconds, counts: false, providerStatus: category });
    }
    const mayPass = !(error instanceof ProviderError) || error.outcomeUnknown;
    if (!mayPass || task.attempt >= MOST_ATTEMPTS) {
      return await fail(task, { error: failureOf(error), providerStatus: category }, log);
    }
    const delaySeconds = FAILED_SECONDS * task.attempt;
    return await putBack(task, { delaySeconds, counts: true, providerStatus: category });
  };

  const settleFailure = async (task: ClaimedTask, error: unknown, current: Run): Promise<Spoken> => {
    const provided = error instanceof ProviderError ? error : null;
    const category = provided?.category ?? null;
    current.log.event(provided?.isAlarming ? "error" : "warn", "generation.attempt_failed", {
      attempt: task.attempt,
      category,
      status: provided?.status,
      provider_code: provided?.providerCode,
      provider_request_id: provided?.providerRequestId,
      error,
    });
    return await settle(task, error, category, current);
  };

  const run = async (
    task: ClaimedTask,
    synthesize: NonNullable<TtsProvider["synthesize"]>,
    current: Run,
  ): Promise<Spoken> => {
    if (task.attempt > 1 || !task.maySynthesize) {
      const completed = await completeStored(task, current, null);
      if (completed) return completed;
    }
    if (!task.maySynthesize) {
      return await fail(task, { error: NOT_SPOKEN, providerStatus: null }, current.log);
    }
    const startedAt = clock.now();
    const speech = await synthesize({ ...task, signal: current.signal });
    current.isPaid = true;
    current.log.event("info", "generation.synthesized", {
      provider_request_id: speech.requestId,
      duration_ms: clock.now() - startedAt,
    });
    const sizeBytes = speech.bytes.byteLength;
    const durationSeconds = await secondsOf({ sizeBytes, firstBytes: speech.bytes });
    if (durationSeconds === null) {
      throw new ProviderError("unreadable_answer", "what the provider gave is no WAV", {
        providerRequestId: speech.requestId ?? undefined,
      });
    }
    const key = generations.key(task.userId, task.generationId);
    const outcome = await keep(() => generations.store(key, speech.bytes), current.signal);
    if (outcome === "there_already") {
      // The row describes what lies there, and not of what this attempt was given.
      const completed = await completeStored(task, current, speech);
      if (!completed) throw new Error("what is stored under the generation's name is no WAV");
      return completed;
    }
    return await complete(task, { sizeBytes, durationSeconds }, speech, current);
  };

  const claimAndRun = async (
    { log, taskId, signal, leaseSeconds }: {
      log: Log;
      taskId: string | undefined;
      signal: AbortSignal;
      leaseSeconds: number;
    },
    synthesize: NonNullable<TtsProvider["synthesize"]>,
  ): Promise<Spoken | null> => {
    const task = await tasks.claim({
      leaseId: options.newLeaseId(),
      leaseSeconds,
      maxAttempts: MOST_ATTEMPTS,
      provider: provider.name,
      region: provider.region,
      taskId,
    });
    if (!task) return null;
    const taskLog = log.with({ task_id: task.taskId, generation_id: task.generationId });
    taskLog.event("info", "generation.claimed", { attempt: task.attempt });
    const current: Run = { log: taskLog, signal, isPaid: false };
    try {
      return await run(task, synthesize, current);
    } catch (error) {
      return await settleFailure(task, error, current);
    }
  };

  /**
   * Takes up the task named, or the oldest that may run; null when there is none. Never fails for a task's own sake. What is
   * not settled when its time is up is given up, whatever is still under way: what was stored until then is found.
   * @param until milliseconds since the epoch by which it is over; at least `KEEP_MS` from now
   * @throws {ApiError} database_unavailable: then the task's lease ends by itself, and another run takes it up
   */
  return async (log: Log, taskId?: string, until = Infinity): Promise<Spoken | null> => {
    const { synthesize } = provider;
    if (!synthesize) return null;
    const runMs = Math.max(0, Math.min(options.synthesisTimeoutMs + REST_MS, until - clock.now() - KEEP_MS));
    const signal = clock.timeout(runMs);
    const isOver = clock.timeout(runMs + KEEP_MS);
    const leaseSeconds = (runMs + KEEP_MS) / 1000 + LEASE_MARGIN_SECONDS;
    const ended = Promise.withResolvers<never>();
    const giveUp = () => ended.reject(runEnded());
    isOver.addEventListener("abort", giveUp);
    try {
      return await Promise.race([
        claimAndRun({ log, taskId, signal, leaseSeconds }, synthesize),
        ended.promise,
      ]);
    } finally {
      isOver.removeEventListener("abort", giveUp);
    }
  };
}
