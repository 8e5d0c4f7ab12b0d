import type { Clock } from "./clock.ts";

export type RetryOptions = {
  clock: Pick<Clock, "now" | "sleep" | "random">;
  /** Milliseconds before each further try. */
  pauses: readonly number[];
  /** Makes each pause up to half as long or as much longer. */
  jitter?: boolean;
  /** Milliseconds since the epoch: a try that would begin at that time or later is not made. */
  deadline?: number;
  /** Ends a pause early; once it is aborted there is no further try. */
  signal?: AbortSignal;
};

/** Gives a function that waits for the next try and returns true, or returns false at once when there is none. */
export function createRetries(options: RetryOptions): () => Promise<boolean> {
  const { clock, pauses, jitter = false, deadline = Infinity, signal } = options;
  let tries = 0;
  return async function waitForNextTry() {
    const pause = (pauses[tries++] ?? Infinity) * (jitter ? 0.5 + clock.random() : 1);
    if (signal?.aborted || clock.now() + pause >= deadline) return false;
    if (pause > 0) await clock.sleep(pause, signal);
    return true;
  };
}

/**
 * Does `work`, and again after each pause while it fails with an error that `mayPass`.
 * @throws what the last try failed with
 */
export async function retry<Result>(
  work: () => Promise<Result>,
  options: RetryOptions & { mayPass: (error: unknown) => boolean },
): Promise<Result> {
  const waitForNextTry = createRetries(options);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!options.mayPass(error) || !await waitForNextTry()) throw error;
    }
  }
}
