import { type Log, messageOf } from "../stack/terminal.ts";
import { Failure } from "./http_client.ts";

/** Does one step and prints its line: title, time, and what `inShort` makes of the result. */
export type Step = <Result>(
  title: string,
  work: () => Promise<Result>,
  inShort?: (result: Result) => string,
) => Promise<Result>;

/**
 * The steps of a run. Each throws a Failure that names the step, whatever ended it.
 * @param options.width of the column of titles
 */
export function createSteps(
  { print, width, numbered }: { print: Log; width: number; numbered: boolean },
): Step {
  let number = 0;
  return async (title, work, inShort = () => "") => {
    number++;
    const started = performance.now();
    try {
      const result = await work();
      const ms = String(Math.round(performance.now() - started)).padStart(6);
      const place = numbered ? `${String(number).padStart(2)}  ` : "";
      print(`${place}${title.padEnd(width)} ${ms} ms  ${inShort(result)}`.trimEnd());
      return result;
    } catch (cause) {
      const step = numbered ? `Step ${number}, ${title},` : title;
      throw new Failure(`${step} failed. ${messageOf(cause)}`, { cause });
    }
  };
}

/**
 * Looks again and again until something is as it should be.
 * @throws {Failure} with the sentence when it is not by the deadline
 */
export async function until<Seen>(options: {
  look: () => Promise<Seen>;
  holds: (seen: Seen) => boolean;
  otherwise: (seen: Seen) => string;
  deadlineMs: number;
  /** Milliseconds between two looks: at first, by how much more each time, and at most. */
  pause: { first: number; factor: number; most: number };
  sleep?: (ms: number) => Promise<void>;
}): Promise<Seen> {
  const { pause, sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = options;
  const deadline = performance.now() + options.deadlineMs;
  for (let ms = pause.first;; ms = Math.min(ms * pause.factor, pause.most)) {
    const seen = await options.look();
    if (options.holds(seen)) return seen;
    if (performance.now() + ms > deadline) throw new Failure(options.otherwise(seen));
    await sleep(ms);
  }
}
