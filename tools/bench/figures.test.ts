import assert from "node:assert/strict";
import { parseOptions } from "./bench_options.ts";
import { compared, comparedCpu, isOver, renderTable } from "./figures.ts";
import { inTurns, median } from "./turns.ts";

const figure = { what: "A finalize", unit: "ms", against: "a replay" } as const;

Deno.test("a figure has its ratio to its baseline, which is never nothing", () => {
  assert.equal(compared(figure, 150, 60).ratio, 2.5);
  for (const baseline of [0, NaN]) assert.throws(() => compared(figure, 150, baseline), RangeError);
});

Deno.test("CPU is left out where its baseline is under five steps of the clock", () => {
  const rowsWith = (steps: number, baseline = 60, parts = 1) =>
    comparedCpu({ of: () => Promise.resolve(0), stepMs: 60 / steps }, figure, 150, baseline, parts).length;
  assert.deepEqual([rowsWith(5), rowsWith(4.9), rowsWith(4.9, 0), rowsWith(0.01, 60, 500)], [1, 0, 0, 1]);
});

Deno.test("a figure is over its limit when it or its ratio is more, and never without one", () => {
  const cases = [
    [{}, false],
    [{ limit: 150 }, false],
    [{ limit: 149 }, true],
    [{ ratioLimit: 2.5 }, false],
    [{ ratioLimit: 2.4 }, true],
    [{ limit: 149, ratioLimit: 2.5 }, true],
  ] as const;
  for (const [limits, over] of cases) {
    assert.equal(isOver(compared({ ...figure, ...limits }, 150, 60)), over, JSON.stringify(limits));
  }
});

Deno.test("the table has a line for each figure, its numbers rounded and aligned", () => {
  const rows = [
    compared({ ...figure, limit: 2_000 }, 150, 60),
    compared({ ...figure, what: "Read", unit: "bytes", limit: 262_144 }, 1_234_567, 65_536),
    compared({ ...figure, what: "Ranges", unit: "requests" }, 15, 1),
    compared({ ...figure, what: "Looking" }, 0.123456, 32.06),
    compared({ ...figure, what: "Starting", ratioLimit: 1.5 }, 150, 60),
    compared({ ...figure, what: "Asking", limit: 200, ratioLimit: 3 }, 150, 60),
  ];
  assert.deepEqual(renderTable(rows).split("\n"), [
    "                      value  baseline                    ratio  limit",
    "A finalize           150 ms  60 ms  a replay             2.5 ×  2,000 ms",
    "Read        1,234,567 bytes  65,536 bytes  a replay     18.8 ×  262,144 bytes  OVER",
    "Ranges          15 requests  1 request  a replay          15 ×",
    "Looking            0.123 ms  32.1 ms  a replay       0.00385 ×",
    "Starting             150 ms  60 ms  a replay             2.5 ×  1.5 ×  OVER",
    "Asking               150 ms  60 ms  a replay             2.5 ×  200 ms, 3 ×",
  ]);
});

Deno.test("the median is the one in the middle, or the mean of two", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 100, 2]), 3);
});

Deno.test("contests take turns, and warming up does not count", async () => {
  const log: string[] = [];
  const side = (name: string) => () => Promise.resolve({ at: log.push(name) });
  const contest = (of: string) => ({ of, value: side(`${of}: value`), baseline: side(`${of}: baseline`) });
  const measured = await inTurns([contest("one"), contest("other")], { turns: 1, warmUps: 1 });
  const once = ["one: value", "one: baseline", "other: value", "other: baseline"];
  assert.deepEqual(log, [...once, ...once]);
  assert.deepEqual(measured.map(({ of, medians }) => [of, ...medians("at")]), [["one", 5, 6], [
    "other",
    7,
    8,
  ]]);
  const [onlyWarm] = await inTurns([contest("one")], { turns: 0, warmUps: 1 });
  assert.deepEqual(onlyWarm?.medians("at"), [NaN, NaN]);
});

Deno.test("without a name all benches run, and an unknown one is refused", () => {
  const known = ["inspection", "memory"];
  assert.deepEqual(parseOptions([], known).names, known);
  assert.deepEqual(parseOptions(["memory", "--quick", "--json", "x.json"], known), {
    help: false,
    quick: true,
    json: "x.json",
    deno: "platform",
    names: ["memory"],
  });
  assert.equal(parseOptions(["--deno", "newest"], known).deno, "newest");
  assert.throws(() => parseOptions(["--deno", "2.9"], known), /--deno is "platform" or "newest", not "2.9"/);
  assert.throws(() => parseOptions(["memroy"], known), /no bench "memroy".*inspection, memory/);
  assert.throws(() => parseOptions(["--json="], known), /--json is empty/);
});
