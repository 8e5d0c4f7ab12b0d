import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";

export type { Bytes };
/** Bytes, or a text of which each character is one byte. */
export type Part = Uint8Array | string;

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

export function repeat(part: Part, times: number): Bytes {
  const once = join(part);
  const bytes = new Uint8Array(once.length * times);
  for (let at = 0; at < bytes.length; at += once.length) bytes.set(once, at);
  return bytes;
}

const latin1 = (text: string): Bytes => Uint8Array.from(text, (character) => character.charCodeAt(0));

export const zeros = (count: number): Bytes => new Uint8Array(count);

const writer = (width: number, order: "big" | "little") => (...values: number[]): Bytes => {
  const bytes = zeros(width * values.length);
  values.forEach((value, index) => {
    for (let at = 0, rest = value; at < width; at++, rest = Math.floor(rest / 256)) {
      bytes[index * width + (order === "little" ? at : width - 1 - at)] = rest % 256;
    }
  });
  return bytes;
};

/** Whole numbers of 8 to 64 bits, the highest byte first; -1 sets all bits. */
export const u8 = writer(1, "big");
export const u16 = writer(2, "big");
export const u24 = writer(3, "big");
export const u32 = writer(4, "big");
export const u64 = writer(8, "big");
export const le16 = writer(2, "little");
export const le32 = writer(4, "little");
export const le64 = writer(8, "little");

/** Bytes that look random and are the same for the same seed (mulberry32). */
export function noise(length: number, seed = 1): Bytes {
  let state = seed >>> 0;
  return zeros(length).map(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 24;
  });
}
