import assert from "node:assert/strict";
import { resample } from "./resample.ts";

Deno.test("a second stays a second, and a line a line", () => {
  const line = Int16Array.from({ length: 22_050 }, (_, index) => index);
  const samples = resample(line, 22_050, 24_000);
  assert.equal(samples.length, 24_000);
  for (const index of [0, 1, 7, 12_000, 23_000]) {
    assert.equal(samples[index], Math.round(index * 22_050 / 24_000), `sample ${index}`);
  }
  assert.equal(samples.at(-1), 22_049);
});

Deno.test("no samples stay none", () => {
  assert.equal(resample(new Int16Array(0), 22_050, 24_000).length, 0);
});
