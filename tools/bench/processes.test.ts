// What benches start and how it is measured from outside.
import { machineEnvironment } from "../stack/function/function_environment.ts";
import assert from "node:assert/strict";
import process from "node:process";
import { startOf } from "../stack/process/processes.ts";
import { BARE, startMeasuredProcess } from "./measured_process.ts";
import { cpuTimeOf, findCpuClock, parseCpuTime, peakBytes, residentBytes } from "./process_usage.ts";
import { createStandIn, GATHER_PATH } from "./stand_in.ts";
import { withStandIn } from "./stand_in_process.ts";
import { createStorageMeter } from "./storage_meter.ts";

Deno.test("times of ps are read with and without hours", () => {
  assert.equal(parseCpuTime("0:01.23"), 1_230);
  assert.equal(parseCpuTime("01:02:03"), 3_723_000);
});

Deno.test("CPU time and memory of a process are what it finds itself", async () => {
  const own = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  };
  const before = own();
  const measured = await cpuTimeOf(Deno.pid);
  // In steps of a hundredth of a second.
  assert(measured >= before - 20 && measured <= own() + 20, `${measured} ms, not ${before} to ${own()}`);

  const { rss } = Deno.memoryUsage();
  const stillRunning = await (await findCpuClock()).of(Deno.pid);
  assert(stillRunning > 0 && stillRunning <= own() + 20, `${stillRunning} ms of threads, not ${own()}`);

  const resident = await residentBytes(Deno.pid);
  assert(Math.abs(resident - rss) < rss / 4, `${resident} bytes, not ${rss}`);
});

Deno.test("where the kernel keeps no finer time, CPU is read from the coarse clock", async () => {
  for (const fine of [() => Promise.resolve(0), () => Promise.reject(new Error("No /proc."))]) {
    assert.deepEqual(await findCpuClock({ fine }), { of: cpuTimeOf, stepMs: 10 });
  }
  const fine = () => Promise.resolve(0.5);
  assert.deepEqual(await findCpuClock({ fine }), { of: fine, stepMs: 0 });
});

Deno.test("a peak of memory is seen after it is over, and an earlier one is not", async () => {
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

Deno.test("the stand-in's provider begins with no create before it has as many as it waits for", async () => {
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

const start = (entrypoint: string, ending = new AbortController().signal) =>
  startMeasuredProcess({ entrypoint, environment: machineEnvironment(), ending });

Deno.test("the error of a process that ends before it listens has its last words", async () => {
  await assert.rejects(start("none.ts"), /none\.ts ended:/);
});

Deno.test("a process that should end before it listens ends, and none is started after that", async () => {
  const ending = new AbortController();
  const started = start(BARE, ending.signal);
  ending.abort(new Error("Enough."));
  await assert.rejects(started, /bare_hono\.ts ended:/);
  await assert.rejects(start(BARE, ending.signal), /Enough\./);
});

Deno.test("when the function ended by itself, the stand-in is stopped all the same", async () => {
  const pids: number[] = [];
  const crashed = withStandIn({ ending: new AbortController().signal }, async ({ pid, start }) => {
    const served = await start(BARE);
    pids.push(pid, served.pid);
    Deno.kill(served.pid, "SIGKILL");
    await served.stop();
    throw new Error("The function crashed.");
  });
  await assert.rejects(crashed, /The function crashed\./);
  assert.deepEqual(await Promise.all(pids.map(startOf)), [null, null]);
});
