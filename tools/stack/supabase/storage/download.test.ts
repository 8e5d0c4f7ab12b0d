import assert from "node:assert/strict";
import fc from "fast-check";
import { parseRange } from "./download.ts";

Deno.test("a range is understood, cut to the size, or invalid", () => {
  const cases: [string | null, number, ReturnType<typeof parseRange>][] = [
    [null, 100, null],
    ["bytes=0-10", 100, { first: 0, last: 10 }],
    ["bytes=90-", 100, { first: 90, last: 99 }],
    ["bytes=90-1000", 100, { first: 90, last: 99 }],
    ["bytes=-10", 100, { first: 90, last: 99 }],
    ["bytes=-1000", 100, { first: 0, last: 99 }],
    ["bytes=100-", 100, "invalid"],
    ["bytes=0-10", 0, "invalid"],
    ["bytes=-10", 0, "invalid"],
    ["bytes=-0", 100, "invalid"],
    ["bytes=10-5", 100, "invalid"],
    ["bytes=0-1,5-6", 100, "invalid"],
    ["bytes=-", 100, "invalid"],
    ["items=0-1", 100, "invalid"],
  ];
  for (const [header, size, expected] of cases) {
    assert.deepEqual(parseRange(header, size), expected, `${header}`);
  }
});

Deno.test("whatever is asked for, a range lies inside the object", () => {
  fc.assert(fc.property(
    fc.nat(200),
    fc.option(fc.nat(300), { nil: "" as const }),
    fc.option(fc.nat(300), { nil: "" as const }),
    (size, from, to) => {
      const range = parseRange(`bytes=${from}-${to}`, size);
      if (range === null || range === "invalid") return;
      assert.ok(0 <= range.first && range.first <= range.last && range.last < size);
    },
  ));
});
