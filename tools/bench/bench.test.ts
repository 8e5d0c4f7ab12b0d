import assert from "node:assert/strict";
import process from "node:process";
import { compared, comparedCpu, isOver, type Row } from "./bench.ts";
import { clipsOfEachFormat, wavOfSize } from "./bench_clips.ts";
import { startBenchStack } from "./bench_stack.ts";
import { inspection } from "./inspection.ts";
import { parseOptions } from "./options.ts";
import { cpuTimeOf, findCpuClock, parseCpuTime, peakBytes, residentBytes } from "./process_usage.ts";
import { createStorageMeter } from "./storage_meter.ts";
import { renderTable } from "./table.ts";
import { median, timed } from "./timing.ts";

const figure: Omit<Row, "ratio"> = {
  what: "A finalize",
  value: 150,
  unit: "ms",
  baseline: 60,
  against: "a replay",
};

Deno.test("a figure tells how many times its baseline it is, and none stands beside nothing", () => {
  assert.equal(compared(figure).ratio, 2.5);
  assert.throws(() => compared({ ...figure, baseline: 0 }), RangeError);
  assert.throws(() => compared({ ...figure, baseline: NaN }), RangeError);
});

Deno.test("CPU is left out where the clock tells its baseline in fewer than five steps", () => {
  const { unit: _, ...cpu } = figure;
  const inSteps = (steps: number, of: Partial<Row> & { parts?: number } = {}) =>
    comparedCpu({ of: () => Promise.resolve(0), stepMs: cpu.baseline / steps }, { ...cpu, ...of });
  assert.deepEqual(inSteps(5), [compared(figure)]);
  assert.deepEqual(inSteps(4.9), []);
  assert.deepEqual(inSteps(4.9, { baseline: 0 }), []);
  assert.equal(inSteps(0.01, { parts: 500 }).length, 1);
});

Deno.test("a figure is over its limit when it or its ratio is more, and never without one", () => {
  assert.equal(isOver(compared(figure)), false);
  assert.equal(isOver(compared({ ...figure, limit: 150 })), false);
  assert.equal(isOver(compared({ ...figure, limit: 149 })), true);
  assert.equal(isOver(compared({ ...figure, ratioLimit: 2.5 })), false);
  assert.equal(isOver(compared({ ...figure, ratioLimit: 2.4 })), true);
  assert.equal(isOver(compared({ ...figure, limit: 149, ratioLimit: 2.5 })), true);
});

Deno.test("the table has a line a figure, its numbers rounded and one below the other", () => {
  const rows = [
    compared({ ...figure, limit: 2_000 }),
    compared({ ...figure, what: "Read", unit: "bytes", value: 1_234_567, baseline: 65_536, limit: 262_144 }),
    compared({ ...figure, what: "Ranges", unit: "requests", value: 15, baseline: 1 }),
    compared({ ...figure, what: "Looking", value: 0.123456, baseline: 32.06 }),
    compared({ ...figure, what: "Starting", ratioLimit: 1.5 }),
    compared({ ...figure, what: "Asking", limit: 200, ratioLimit: 3 }),
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
  const turns: string[] = [];
  const contest = (name: string) => ({
    name,
    value: () => Promise.resolve(turns.push(`${name}: value`)),
    baseline: () => Promise.resolve(turns.push(`${name}: baseline`)),
  });
  const measured = await timed([contest("one"), contest("other")], { turns: 1, warmUps: 1 });
  const once = ["one: value", "one: baseline", "other: value", "other: baseline"];
  assert.deepEqual(turns, [...once, ...once]);
  assert.deepEqual(measured.map(({ name }) => name), ["one", "other"]);
  for (const { valueMs, baselineMs } of measured) assert(valueMs >= 0 && baselineMs >= 0);

  const onlyWarm = await timed([contest("one")], { turns: 0, warmUps: 1 });
  assert(Number.isNaN(onlyWarm[0]?.valueMs), "a time of warming up was counted");
});

Deno.test("without a name all benches are meant, and an unknown one is refused", () => {
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

Deno.test("the times that ps tells are read with and without hours", () => {
  assert.equal(parseCpuTime("0:01.23"), 1_230);
  assert.equal(parseCpuTime("01:02:03"), 3_723_000);
});

Deno.test("CPU time and memory of a process are what it finds itself", async () => {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  const before = own();
  const told = await cpuTimeOf(Deno.pid);
  // Told in steps of a hundredth of a second.
  assert(told >= before - 20 && told <= own() + 20, `${told} ms, not ${before} to ${own()}`);

  const { rss } = Deno.memoryUsage();
  const stillRunning = await (await findCpuClock()).of(Deno.pid);
  assert(stillRunning > 0 && stillRunning <= own() + 20, `${stillRunning} ms of threads, not ${own()}`);

  const resident = await residentBytes(Deno.pid);
  assert(Math.abs(resident - rss) < rss / 4, `${resident} bytes, not ${rss}`);
});

Deno.test("where the kernel keeps no finer time, CPU is told by the coarse clock", async () => {
  for (const fine of [() => Promise.resolve(0), () => Promise.reject(new Error("No /proc."))]) {
    assert.deepEqual(await findCpuClock({ fine }), { of: cpuTimeOf, stepMs: 10 });
  }
  const fine = () => Promise.resolve(0.5);
  assert.deepEqual(await findCpuClock({ fine }), { of: fine, stepMs: 0 });
});

Deno.test("a peak of memory is told when it is over, and one from before is not", async () => {
  const size = 300_000_000;
  let held = new Uint8Array();
  const before = await residentBytes(Deno.pid);
  const peak = await peakBytes(Deno.pid, () => {
    held = new Uint8Array(size).fill(1);
    return Promise.resolve();
  });
  held.buffer.transfer(0);
  const later = await peakBytes(Deno.pid, () => Promise.resolve());
  // Not all of it: what else the process holds goes up and down.
  for (const other of [before, later]) assert(peak - other > size / 2, `${peak} bytes, and ${other}`);
});

Deno.test("the meter counts what is read of clips during a piece of work, and lets everything through", async () => {
  const meter = createStorageMeter();
  const ask = async (path: string, method = "GET") => {
    const request = new Request(`http://127.0.0.1/storage/v1/object/${path}`, { method });
    const next = () => Promise.resolve(new Response("12345", { status: 206, headers: { etag: "x" } }));
    const answer = await meter.intercept(request, next);
    return answer && [answer.status, answer.headers.get("etag"), await answer.text()];
  };
  const reads = await meter.during(async () => {
    assert.deepEqual(await ask("references/u/v/reference.wav"), [206, "x", "12345"]);
    await ask("references/u/w/reference.wav");
    assert.equal(await ask("sign/references/u/v/reference.wav"), null);
    assert.equal(await ask("references/u/v/reference.wav", "DELETE"), null);
  });
  await ask("references/u/v/reference.wav");
  assert.deepEqual(reads, { requests: 2, bytes: 10 });
});

Deno.test("a WAV is of exactly the size asked for, and lasts no minute", () => {
  for (const megabytes of [1, 7, 9]) {
    const { bytes } = wavOfSize(megabytes);
    const perSecond = new DataView(bytes.buffer).getUint32(28, true);
    assert.equal(bytes.length, megabytes * 1_000_000);
    assert(bytes.length / perSecond < 60);
  }
});

Deno.test("the bench of looking into clips measures every format against reading all of it", async () => {
  const logged: string[] = [];
  const stack = await startBenchStack((line) => logged.push(line));
  const rows = await inspection.run(stack, { quick: true, ending: new AbortController().signal }).finally(
    stack.stop,
  );
  const clips = clipsOfEachFormat();
  assert.equal(rows.length, 4 * clips.length, logged.join("\n"));
  for (const row of rows) assert(row.value > 0 && row.baseline > 0, JSON.stringify(row));
  for (const { what, bytes } of clips) {
    const read = rows.find((row) => row.what === `${what}: read`);
    assert.equal(read?.baseline, bytes.length);
  }
  const ofWav = rows.filter(({ what, unit }) => what.startsWith("WAV 9 MB") && unit !== "ms");
  assert.deepEqual(ofWav.map(({ value, unit }) => [value, unit]), [[65_536, "bytes"], [1, "requests"]]);
  assert.deepEqual(rows.filter(isOver), []);
});
