import assert from "node:assert/strict";
import fc from "fast-check";
import { textLength } from "../_shared/tts/text_length.ts";

const READINGS: Record<string, (text: string) => number> = {
  "code points": (text) => [...text].length,
  "code points, Han as two": (text) =>
    [...text].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0),
  "units of UTF-16, Han as two": (text) =>
    [...text].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : character.length), 0),
};

/** Texts of whole characters, the scripts of the ten languages more often than others. */
const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."aZ09 .,é߀çœяЖあンー語漢𠮷㐀한ㄱ、。！😀👩‍👩‍👧"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
});

Deno.test("the length of a text by script", () => {
  const lengths = { a: 1, "é": 2, "я": 2, "あ": 3, "ン": 3, "語": 3, "한": 3, "。": 3, "𠮷": 4, "😀": 4 };
  for (const [character, length] of Object.entries(lengths)) {
    assert.equal(textLength(character), length, character);
    assert.equal(textLength(character.repeat(50)), 50 * length, character);
  }
  assert.equal(textLength(""), 0);
});

for (const [name, reading] of Object.entries(READINGS)) {
  Deno.test(`no text is longer by ${name}`, () => {
    fc.assert(fc.property(texts, (text) => textLength(text) >= reading(text)), {
      numRuns: 2_000,
      seed: 20261128,
    });
  });
}

Deno.test("a text is as long as its parts, cut anywhere between two characters", () => {
  fc.assert(
    fc.property(texts, texts, (first, second) => {
      assert.equal(textLength(first + second), textLength(first) + textLength(second));
    }),
    { numRuns: 1_000, seed: 20261128 },
  );
});
