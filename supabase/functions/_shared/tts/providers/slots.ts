import { ProviderError } from "../provider_error.ts";

/**
 * Runs at most `count` pieces of work at once; the others wait in order.
 * @returns a function that runs work in its turn, or throws a ProviderError `throttled` if `signal` aborts first
 */
export function createSlots(count: number) {
  const waiting: (() => void)[] = [];
  let free = count;

  const tooLate = () => new ProviderError("throttled", "too many clips are being sent");

  const turn = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(tooLate());
      const leave = () => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(tooLate());
      };
      const start = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.push(start);
    });

  return async <Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> => {
    if (free > 0) free--;
    else await turn(signal);
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
