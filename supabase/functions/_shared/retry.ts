import type { Clock } from "./clock.ts";

export type RetryOptions = {
  clock: Pick<Clock, "now" | "sleep" | "random">;
  /** Milliseconds before each further attempt. */
  pauses: readonly number[];
  /** Varies each pause by up to half. */
  jitter?: boolean;
  /** No attempt starts at or after this, in milliseconds since the epoch. */
  deadline?: number;
  /** Aborting ends a pause early and prevents further attempts. */
  signal?: AbortSignal;
};

/** A function that waits before the next attempt and returns true, or returns false at once if there is none. */
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
 * Runs `work`, and repeats it after each pause while its error `mayPass`.
 * @throws the error of the last attempt
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
