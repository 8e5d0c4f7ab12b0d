// Benches, once over. What they measure here means nothing; that they measure it does.
import assert from "node:assert/strict";
import { openDatabase } from "../stack/postgres/project_database.ts";
import { clipsOfEachFormat, wavOfSize } from "./bench_clips.ts";
import type { Bench, RunOptions } from "./bench_run.ts";
import { type BenchStack, startBenchStack } from "./bench_stack.ts";
import { createBenchUser, USER_REQUESTS } from "./bench_user.ts";
import { coldStart } from "./cold_start.ts";
import { isOver, type Row } from "./figures.ts";
import { growth } from "./growth.ts";
import { imports } from "./imports.ts";
import { inspection } from "./inspection.ts";
import { inFlight } from "./memory.ts";
import { findCpuClock } from "./process_usage.ts";
import { ROUND_TRIP_MS, roundTrips } from "./round_trips.ts";
import { seedVoices } from "./seeded_voices.ts";
import { throughput } from "./throughput.ts";

/** A bench's options with a clock that reads so many milliseconds more each time. */
function quickly(moreMs: number, stepMs: number): RunOptions {
  let ms = 0;
  const clock = { of: () => Promise.resolve(ms += moreMs), stepMs };
  return { quick: true, clock, ending: new AbortController().signal };
}
const coarse = quickly(0, 10);

function assertMeasured(rows: Row[]): void {
  assert(rows.every(({ value, baseline }) => value > 0 && baseline > 0), JSON.stringify(rows));
}

Deno.test("a cold start is measured to the first OPTIONS and the first upload-url, with their targets", async () => {
  const rows = await coldStart.run(quickly(0.1, 0));
  assert.deepEqual(rows.map(({ what, ratioLimit }) => [what, ratioLimit]), [
    ["first OPTIONS: time", 1.5],
    ["first OPTIONS: CPU", undefined],
    ["first upload-url: time", 2.5],
    ["first upload-url: CPU", undefined],
  ]);
  assertMeasured(rows);
});

Deno.test("the imports of a cold start are measured one by one, after Hono", async () => {
  const rows = await imports.run(coarse);
  const measured = rows.map(({ what }) => what);
  const contract = "_shared/contract/create_upload_url.ts";
  for (const what of ["zod", "_shared/supabase.ts: supabase-js", contract, "api/app.ts"]) {
    assert(measured.includes(what), what);
  }
  assertMeasured(rows);
});

Deno.test("every user route takes at least the delay of the requests that it makes in sequence", async () => {
  const rows = await roundTrips.run(coarse);
  assert.deepEqual(rows.map(({ what }) => what), Object.keys(USER_REQUESTS));
  const inSequence: Record<string, number> = {
    "POST /clone/finalize": 3,
    "GET /voices/:id/preview": 2,
    "GET /generations/:id/audio": 2,
  };
  for (const { what, value, baseline, ratioLimit } of rows) {
    // Timers count whole milliseconds.
    assert(baseline >= ROUND_TRIP_MS - 1, `${what}: one request takes ${baseline} ms`);
    assert(value >= (inSequence[what] ?? 1) * (ROUND_TRIP_MS - 1), `${what} takes ${value} ms`);
    const target = { "POST /clone/upload-url": 1.3, "POST /clone/finalize": 3.4 }[what];
    assert.equal(ratioLimit, target, what);
  }
});

Deno.test("throughput has requests per second and the CPU of each", async () => {
  // Coarse, but fine enough for all requests of a turn together.
  const rows = await throughput.run(quickly(60, 10));
  assert.deepEqual(rows.map(({ unit }) => unit), Array(3).fill(["requests/s", "ms"]).flat());
  assertMeasured(rows);
});

Deno.test("CPU is left out where its clock is too coarse for a bare start or a bare route", async () => {
  const started = await coldStart.run(coarse);
  assert.deepEqual(started.map(({ what }) => what), ["first OPTIONS: time", "first upload-url: time"]);
  const asked = await throughput.run(coarse);
  assert.deepEqual(asked.map(({ unit }) => unit), Array(3).fill("requests/s"));
  assertMeasured([...started, ...asked]);
});

Deno.test("this machine's clock measures CPU, or it is left out", async () => {
  assertMeasured(await throughput.run({ ...coarse, clock: await findCpuClock() }));
});

Deno.test("finalizes in flight are compared with the platform's memory", async () => {
  const [row, ...others] = await inFlight.run(coarse);
  assert.deepEqual([row?.unit, row?.limit, others], ["MB", 256, []]);
  assert(row && row.value >= row.baseline, JSON.stringify(row));
});

Deno.test("a WAV has exactly the size asked for, and is shorter than a minute", () => {
  for (const megabytes of [1, 7, 9]) {
    const { bytes } = wavOfSize(megabytes);
    const perSecond = new DataView(bytes.buffer).getUint32(28, true);
    assert.equal(bytes.length, megabytes * 1_000_000);
    assert(bytes.length / perSecond < 60);
  }
});

/** Runs a bench on a stack, with that stack's log in the error when it fails. */
async function onStack(
  bench: Bench,
  test: (rows: Row[], stack: BenchStack) => Promise<void> | void,
): Promise<void> {
  const logged: string[] = [];
  const stack = await startBenchStack((line) => logged.push(line));
  try {
    await test(await bench.run(coarse, stack), stack);
  } catch (cause) {
    throw new Error(logged.join("\n"), { cause });
  } finally {
    await stack.stop();
  }
}

Deno.test("inspecting clips is measured for every format against reading all of it", () =>
  onStack(inspection, (rows) => {
    const clips = clipsOfEachFormat();
    assert.equal(rows.length, 4 * clips.length);
    assertMeasured(rows);
    for (const { what, bytes } of clips) {
      assert.equal(rows.find((row) => row.what === `${what}: read`)?.baseline, bytes.length);
    }
    const ofWav = rows.filter(({ what, unit }) => what.startsWith("WAV 9 MB") && unit !== "ms");
    assert.deepEqual(ofWav.map(({ value, unit }) => [value, unit]), [[65_536, "bytes"], [1, "requests"]]);
    assert.deepEqual(rows.filter(isOver), []);
  }));

Deno.test("a finalize is measured with more voices and larger clips, beside the fewest and the smallest", () =>
  onStack(growth, async (rows, stack) => {
    assert.deepEqual(rows.map(({ what, against, ratioLimit }) => [what, against, ratioLimit]), [
      ["100 voices of the user", "10 voices", 1.3],
      ["a clip of 1 MB", "a clip of 0.1 MB", 1.3],
    ]);

    const { userId } = await createBenchUser(stack);
    const sql = openDatabase(stack.record.database_url);
    for (const count of [20, 5, 0]) {
      await seedVoices(sql, userId, count);
      const [counted] = await sql`select
        (select count(*)::integer from public.voices where user_id = ${userId}) as voices,
        (select count(*)::integer from private.voice_enrollments where user_id = ${userId}) as ledger,
        (select count(*)::integer from private.clone_sendings) as sent`;
      assert.deepEqual({ ...counted }, { voices: count, ledger: count, sent: count });
    }
    await sql.end();
  }));
