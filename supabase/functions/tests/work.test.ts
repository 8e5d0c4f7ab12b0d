// A run of a worker: what it takes up, for how long, and what it reports.
import assert from "node:assert/strict";
import { internalWork } from "../_shared/contract/internal_work.ts";
import { createWork } from "../_shared/generations/work.ts";
import type { Spoken } from "../_shared/generations/speak.ts";
import { createLog } from "../_shared/log.ts";
import { assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

function run(outcomes: Spoken["outcome"][], msEach = 0) {
  const clock = createVirtualClock();
  const logged: Record<string, unknown>[] = [];
  const log = createLog({ write: (_level, line) => logged.push(JSON.parse(line)), now: () => new Date() });
  const waiting = [...outcomes];
  const speak = () => {
    const outcome = waiting.shift();
    clock.advance(msEach);
    if (outcome === undefined) return Promise.resolve(null);
    return Promise.resolve(outcome === "put_back" ? { outcome, delaySeconds: 2 } : { outcome });
  };
  return { report: createWork({ speak, clock })(log), logged, waiting };
}

Deno.test("a run goes on until nothing is left, and counts what became of each task", async () => {
  const { report, logged } = run(["completed", "put_back", "failed", "over", "superseded", "completed"]);
  const counts = { completed: 2, failed: 1, put_back: 1, over: 2, more: false };
  assert.deepEqual(await report, counts);
  assert.deepEqual(logged.map(({ time, ...event }) => (assert(time), event)), [
    { level: "info", event: "work.done", ...counts, duration_ms: 0 },
  ]);
});

Deno.test("a run that does not come to the end in its time says that there is more", async () => {
  const { report, waiting } = run(Array.from({ length: 50 }, () => "completed" as const), 1_000);
  assert.deepEqual(await report, { completed: 10, failed: 0, put_back: 0, over: 0, more: true });
  assert.equal(waiting.length, 40);
});

Deno.test("work is the operator's: 200 with the secret key, and nothing is there for anybody else", async () => {
  await using api = await startApi({ environment: { DASHSCOPE_REGION: "cn" } });
  assertError(await api.call("POST", "/internal/work"), 404, "not_found");
  const asked = { headers: { apikey: stack.secret_key } };
  const answer = await api.call("POST", "/internal/work", asked);
  assert.equal(answer.status, 200);
  assert.deepEqual(internalWork.answer.schema().strict().parse(answer.body), {
    completed: 0,
    failed: 0,
    put_back: 0,
    over: 0,
    more: false,
  });
  const wrong = await api.call("GET", "/internal/work", asked);
  assertError(wrong, 405, "method_not_allowed");
  assert.equal(wrong.headers.get("allow"), "POST, OPTIONS");
});

Deno.test("in modal mode there is nothing to work on", async () => {
  await using api = await startApi({ environment: { TTS_PROVIDER_MODE: "modal" } });
  const answer = await api.call("POST", "/internal/work", { headers: { apikey: stack.secret_key } });
  assert.deepEqual([answer.status, Object(answer.body).more], [200, false]);
  assert.deepEqual(api.supabaseRequests, []);
});
