import { ProviderError } from "../provider_error.ts";

/**
 * Lets at most `count` pieces of work go on at once; the others wait their turn, first come first served.
 * @returns runs a piece of work in its turn; whoever is still waiting when `signal` aborts fails as `throttled`
 */
export function createSlots(count: number) {
  const waiting: (() => void)[] = [];
  let free = count;

  const tooLate = () => new ProviderError("throttled", "too many clips are being sent at once");

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
