// The benches that run over a stand-in, once over. What they measure here means nothing; that they measure it does.
import assert from "node:assert/strict";
import { startOf } from "../stack/process/processes.ts";
import type { Row } from "./bench.ts";
import { machineEnvironment } from "./bench_environment.ts";
import { createColdStart } from "./cold_start.ts";
import { startDenoProcess } from "./deno_process.ts";
import { imports } from "./imports.ts";
import { inFlight } from "./in_flight.ts";
import { type CpuClock, findCpuClock } from "./process_usage.ts";
import { ROUND_TRIP_MS, roundTrips } from "./round_trips.ts";
import { createStandIn, GATHER_PATH } from "./stand_in.ts";
import { withStandIn } from "./stand_in_process.ts";
import { createThroughput } from "./throughput.ts";
import { USER_REQUESTS } from "./user_requests.ts";
import { repository } from "../stack/repository.ts";

const quick = { quick: true, ending: new AbortController().signal };

/** Tells each time so many milliseconds more than the last time. */
function clockThatTells(moreMs: number, stepMs: number): CpuClock {
  let ms = 0;
  return { of: () => Promise.resolve(ms += moreMs), stepMs };
}

const areMeasured = (rows: Row[]) => rows.every(({ value, baseline }) => value > 0 && baseline > 0);

Deno.test("a cold start is measured to the first OPTIONS and the first upload-url, with their targets", async () => {
  const rows = await createColdStart(clockThatTells(0.1, 0)).run(null, quick);
  assert.deepEqual(rows.map(({ what, ratioLimit }) => [what, ratioLimit]), [
    ["first OPTIONS: time", 1.5],
    ["first OPTIONS: CPU", undefined],
    ["first upload-url: time", 2.5],
    ["first upload-url: CPU", undefined],
  ]);
  assert(areMeasured(rows), JSON.stringify(rows));
});

Deno.test("the imports of a cold start are told one by one, after Hono", async () => {
  const rows = await imports.run(null, quick);
  const told = rows.map(({ what }) => what);
  for (
    const what of [
      "zod",
      "_shared/supabase.ts: supabase-js",
      "_shared/contract/create_upload_url.ts",
      "api/app.ts",
    ]
  ) {
    assert(told.includes(what), what);
  }
  assert(areMeasured(rows), JSON.stringify(rows));
});

Deno.test("every route of users takes at least the delay of the requests that it makes in sequence", async () => {
  const rows = await roundTrips.run(null, quick);
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

Deno.test("throughput is told in requests per second and in CPU of each", async () => {
  // Coarse, and yet fine enough for all requests of a turn together.
  const rows = await createThroughput(clockThatTells(60, 10)).run(null, quick);
  assert.deepEqual(rows.map(({ unit }) => unit), Array(3).fill(["requests/s", "ms"]).flat());
  assert(areMeasured(rows), JSON.stringify(rows));
});

Deno.test("times are told without CPU where its clock is too coarse for a bare start or a bare route", async () => {
  const coarse = clockThatTells(0, 10);
  const started = await createColdStart(coarse).run(null, quick);
  assert.deepEqual(started.map(({ what }) => what), ["first OPTIONS: time", "first upload-url: time"]);
  const asked = await createThroughput(coarse).run(null, quick);
  assert.deepEqual(asked.map(({ unit }) => unit), Array(3).fill("requests/s"));
  assert(areMeasured([...started, ...asked]));
});

Deno.test("this machine's clock tells CPU or leaves it out", async () => {
  const rows = await createThroughput(await findCpuClock()).run(null, quick);
  assert(areMeasured(rows), JSON.stringify(rows));
});

Deno.test("finalizes in flight are held against the platform's memory", async () => {
  const [row, ...others] = await inFlight.run(null, quick);
  assert.deepEqual([row?.unit, row?.limit, others], ["MB", 256, []]);
  assert(row && row.value >= row.baseline, JSON.stringify(row));
});

Deno.test("the provider of the stand-in begins with no create before it has as many as it was told", async () => {
  const ask = createStandIn({ projectMs: 0, providerMs: 0 });
  const post = (path: string, body: string) =>
    ask(new Request(`http://127.0.0.1${path}`, { method: "POST", body }));
  const create = () => post("/api/v1/services/audio/tts/customization", "{}");
  const voiceOf = async (response: Response) => (await response.json()).output.voice;

  const alone = await voiceOf(await create());
  await post(GATHER_PATH, "2");
  let answered = 0;
  const first = create().finally(() => answered++);
  // One after another, they take longer than a create that does not wait.
  for (let other = 0; other < 5; other++) await post("/rest/v1/rpc/clone_claim", "{}");
  assert.equal(answered, 0, "the first create does not wait");
  const both = await Promise.all([first, create()]);
  const voices = [alone, ...await Promise.all(both.map(voiceOf))];
  assert.equal(new Set(voices).size, 3, "each create is of a voice of its own");
});

Deno.test("what the stand-in does not play is answered 404, so that no route is measured by its failures", async () => {
  const ask = createStandIn({ projectMs: 0, providerMs: 0 });
  assert.equal((await ask(new Request("http://127.0.0.1/rest/v1/unknown"))).status, 404);
});

Deno.test("a process that ends before it listens is told with its last words", async () => {
  const started = startDenoProcess({
    root: import.meta.dirname ?? "",
    entrypoint: "none.ts",
    environment: {},
    ending: quick.ending,
  });
  await assert.rejects(started, /none\.ts ended:/);
});

Deno.test("a process that is told to end before it listens ends, and none is started after that", async () => {
  const ending = new AbortController();
  const start = () =>
    startDenoProcess({
      root: repository,
      entrypoint: "tools/bench/bare_hono.ts",
      environment: machineEnvironment(),
      ending: ending.signal,
    });
  const started = start();
  ending.abort(new Error("Enough."));
  await assert.rejects(started, /bare_hono\.ts ended:/);
  await assert.rejects(start(), /Enough\./);
});

Deno.test("when the function ended by itself, the stand-in is stopped all the same", async () => {
  const pids: number[] = [];
  const crashed = withStandIn(quick, async ({ pid, start }) => {
    const served = await start("tools/bench/bare_hono.ts");
    pids.push(pid, served.pid);
    Deno.kill(served.pid, "SIGKILL");
    await served.stop();
    throw new Error("The function crashed.");
  });
  await assert.rejects(crashed, /The function crashed\./);
  assert.deepEqual(await Promise.all(pids.map(startOf)), [null, null]);
});
