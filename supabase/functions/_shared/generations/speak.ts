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
/** What a run takes besides the synthesis, in milliseconds: fetching the audio, reading its header, storing it. */
const REST_MS = 45_000;
/** What remains after that to keep paid audio or put the task back, in milliseconds: two calls to Supabase. */
const KEEP_MS = 30_000;
/** How much longer than the run its lease lasts, in seconds, so that no two runs overlap. */
const LEASE_MARGIN_SECONDS = 15;
/** Delays of the next attempt, in seconds: after a failure, per attempt made; after a 429, before jitter. */
const FAILED_SECONDS = 2;
const THROTTLED_SECONDS = 15;
/** The delay while Storage or the database is unavailable, in seconds. */
const AWAY_SECONDS = 10;
/** Pauses between attempts to keep paid audio, in milliseconds. */
const KEEP_PAUSES_MS = [250, 1_000, 3_000, 5_000];

const NOT_SPOKEN = "The text could not be spoken. Try again.";

type Run = { log: Log; signal: AbortSignal; isPaid: boolean };

const isAway = (error: unknown) => error instanceof ApiError && error.status === 503;

/** Storage or the database used up the time of a run. */
const runEnded = () =>
  databaseError({ code: "none", message: "the run ended before its task was settled" }, 0);

export type SpeakOptions = {
  tasks: Tasks;
  generations: Generations;
  provider: Pick<TtsProvider, "name" | "region" | "synthesize">;
  clock: Clock;
  /** The timeout of one synthesis, in milliseconds. */
  synthesisTimeoutMs: number;
  newLeaseId: () => string;
};

/** The outcome of a run. `put_back`: the task may be claimed again after the delay. */
export type Spoken =
  | { outcome: "completed" | "failed" | "over" | "superseded" }
  | { outcome: "put_back"; delaySeconds: number };

/** The length of audio in seconds; null if its first bytes are not a WAV header. Loads the reader on demand. */
async function secondsOf(audio: Pick<ClipSource, "sizeBytes" | "firstBytes">): Promise<number | null> {
  const { inspectAudio } = await import("../audio/inspect.ts");
  const readRange = () => Promise.reject(new Error("only the first bytes are available"));
  try {
    const { container, durationSeconds } = await inspectAudio({ ...audio, readRange });
    return container === "wav" ? durationSeconds : null;
  } catch {
    return null;
  }
}

/** The user's sentence for a failed synthesis. */
function failureOf(error: unknown): string {
  if (error instanceof ProviderError) {
    if (error.category === "rejected") return error.refusal ?? "The provider refused this text.";
    if (error.category === "misconfigured") {
      return "Speaking is not set up correctly. The operator has been told.";
    }
  }
  return NOT_SPOKEN;
}

/** Runs one task: claim, synthesis, storing the audio, completion. */
export function createSpeak(options: SpeakOptions) {
  const { tasks, generations, provider, clock } = options;

  /** Retries while Storage or the database is unavailable: the audio is paid for. */
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
   * Completes with audio that an earlier attempt stored, so it is not paid for twice; null if there is none.
   * @param own this attempt's audio: stored audio of the same size is taken for it
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

  /** Puts a failed task back, or ends it. */
  const settleFailure = async (task: ClaimedTask, error: unknown, { log, isPaid }: Run): Promise<Spoken> => {
    const provided = error instanceof ProviderError ? error : null;
    const category = provided?.category ?? null;
    log.event(provided?.isAlarming ? "error" : "warn", "generation.attempt_failed", {
      attempt: task.attempt,
      category,
      status: provided?.status,
      provider_code: provided?.providerCode,
      provider_request_id: provided?.providerRequestId,
      error,
    });
    // Even after the last attempt: the next claim then only checks for stored audio.
    if (isAway(error)) {
      return await putBack(task, { delaySeconds: AWAY_SECONDS, counts: isPaid, providerStatus: null });
    }
    if (category === "throttled") {
      const delaySeconds = Math.ceil(THROTTLED_SECONDS * (0.5 + clock.random()));
      return await putBack(task, { delaySeconds, counts: false, providerStatus: category });
    }
    const mayPass = !provided || provided.outcomeUnknown;
    if (!mayPass || task.attempt >= MOST_ATTEMPTS) {
      return await fail(task, { error: failureOf(error), providerStatus: category }, log);
    }
    const delaySeconds = FAILED_SECONDS * task.attempt;
    return await putBack(task, { delaySeconds, counts: true, providerStatus: category });
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
      throw new ProviderError("unreadable_answer", "the provider's audio is not a WAV", {
        providerRequestId: speech.requestId ?? undefined,
      });
    }
    const key = generations.key(task.userId, task.generationId);
    const outcome = await keep(() => generations.store(key, speech.bytes), current.signal);
    if (outcome === "there_already") {
      // The row describes the stored audio, which may be another attempt's.
      const completed = await completeStored(task, current, speech);
      if (!completed) throw new Error("the stored audio is not a WAV");
      return completed;
    }
    return await complete(task, { sizeBytes, durationSeconds }, speech, current);
  };

  const claimAndRun = async (
    { log, signal, ...claim }: { log: Log; signal: AbortSignal; taskId?: string; leaseSeconds: number },
    synthesize: NonNullable<TtsProvider["synthesize"]>,
  ): Promise<Spoken | null> => {
    const task = await tasks.claim({
      ...claim,
      leaseId: options.newLeaseId(),
      maxAttempts: MOST_ATTEMPTS,
      provider: provider.name,
      region: provider.region,
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
   * Runs the given task, or the oldest one that is due; null if there is none. A task's own failure does not throw.
   * When its time is up, the run ends whatever is still pending; the next one finds stored audio.
   * @param until when it ends, in milliseconds since the epoch; at least `KEEP_MS` from now
   * @throws {ApiError} database_unavailable: the task's lease expires, and another run claims it
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
