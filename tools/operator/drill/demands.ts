import { isDeepStrictEqual } from "node:util";
import { Failure } from "../http_client.ts";

/** Throws the sentence as a Failure where the condition does not hold. */
export function demand(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new Failure(sentence);
}

/** Throws a Failure with the sentence where two files differ in a byte. */
export function demandSameBytes(actual: Uint8Array, expected: Uint8Array, sentence: string): void {
  demand(actual.length === expected.length && actual.every((byte, at) => byte === expected[at]), sentence);
}

/** Throws a Failure that says where two values differ first; only for values without secrets. */
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
const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && (Array.isArray(value) || value.constructor === Object);
