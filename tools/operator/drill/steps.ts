import { isDeepStrictEqual } from "node:util";
import type { Log } from "../../stack/terminal.ts";

/** Something is not as it should be, in a sentence for a person; holds no key, token or signed URL. */
export class DrillFailure extends Error {
  override readonly name = "DrillFailure";
}

/** Throws the sentence as a DrillFailure where the condition does not hold. */
export function demand(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new DrillFailure(sentence);
}

/** Throws a DrillFailure that tells where two values differ first; only for values without secrets. */
export function demandEqual(what: string, actual: unknown, expected: unknown): void {
  const difference = firstDifference(actual, expected, "it");
  demand(difference === null, `${what}: ${difference}.`);
}

function firstDifference(actual: unknown, expected: unknown, place: string): string | null {
  if (isDeepStrictEqual(actual, expected)) return null;
  if (isPlain(actual) && isPlain(expected)) {
    const [ours, theirs] = [new Map(Object.entries(actual)), new Map(Object.entries(expected))];
    for (const name of new Set([...theirs.keys(), ...ours.keys()])) {
      const difference = firstDifference(ours.get(name), theirs.get(name), `${place}.${name}`);
      if (difference !== null) return difference;
    }
  }
  return `${place} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}

/** Whether a value is all that its entries are. */
function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    (Array.isArray(value) || value.constructor === Object);
}

/** Does one step and prints its line: number, title, time, and what `told` makes of the result. */
export type Step = <Result>(
  title: string,
  work: () => Promise<Result>,
  told: (result: Result) => string,
) => Promise<Result>;

/** Numbered steps. Each throws a DrillFailure whose message names the step, whatever ended it. */
export function createSteps(print: Log): Step {
  let number = 0;
  return async (title, work, told) => {
    number++;
    const started = performance.now();
    try {
      const result = await work();
      const ms = String(Math.round(performance.now() - started)).padStart(6);
      print(`${String(number).padStart(2)}  ${title.padEnd(34)} ${ms} ms  ${told(result)}`);
      return result;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new DrillFailure(`Step ${number}, ${title}, failed. ${reason}`, { cause: error });
    }
  };
}
