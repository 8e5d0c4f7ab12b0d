import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";

export type { Bytes };
/** Bytes, or a text of which each character is one byte. */
export type Part = Uint8Array | string;

/** The parts one after another. */
export function join(...parts: Part[]): Bytes {
  const arrays = parts.map((part) => typeof part === "string" ? latin1(part) : part);
  const joined = new Uint8Array(arrays.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const array of arrays) {
    joined.set(array, at);
    at += array.length;
  }
  return joined;
}

/** A part so many times over. */
export function repeat(part: Part, times: number): Bytes {
  const once = join(part);
  const bytes = new Uint8Array(once.length * times);
  for (let at = 0; at < bytes.length; at += once.length) bytes.set(once, at);
  return bytes;
}

function latin1(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Whole numbers of `width` bytes each, the highest byte first. */
export function bigEndian(width: number, ...values: number[]): Bytes {
  const bytes = new Uint8Array(width * values.length);
  values.forEach((value, index) => {
    for (let at = width - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256)) {
      bytes[index * width + at] = rest % 256;
    }
  });
  return bytes;
}

/** One whole number of `width` bytes, the lowest byte first. */
export function littleEndian(width: number, value: number): Bytes {
  return bigEndian(width, value).reverse();
}

/** Numbers from 0 to below 1 that look like chance and are the same for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that look like chance and are the same for the same seed. */
export function noise(length: number, seed = 1): Bytes {
  const next = chance(seed);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = next() * 256;
  return bytes;
}
