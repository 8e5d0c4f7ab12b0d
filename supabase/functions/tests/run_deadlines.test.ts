// However slow everything is, a worker's run answers before the platform gives up, and its leases outlast it.
import assert from "node:assert/strict";
import { createSpeak } from "../_shared/generations/speak.ts";
import type { Tasks } from "../_shared/generations/tasks.ts";
import { createWork } from "../_shared/generations/work.ts";
import { storageUnavailable } from "../_shared/storage/objects.ts";
import { ProviderError } from "../_shared/tts/provider_error.ts";
import { createElapsingClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { wav } from "../../../tools/testkit/clips/write_wav.ts";
import { CALL_MS, PLATFORM_MS, refuse, silentLog } from "../../../tools/testkit/harness/setups.ts";

const RUN_MS = 10_000;

const away = storageUnavailable(new Error("away"));

type World = {
  /** `QWEN_TIMEOUT_MS`. */
  timeoutMs: number;
  attempt: number;
  /** How long each of the two calls of a synthesis takes; more than may be ends with the timeout. */
  providerMs: number;
  supabaseMs: number;
  stores: "stored" | "there_already" | "fails";
  completes: "completed" | "over" | "fails";
};

/** A speak in a world where every call takes its time, and what it asked for. */
function createSlowSpeak(world: World) {
  const clock = createElapsingClock();
  const bytes = wav({ seconds: 5 });
  const leases: { from: number; until: number }[] = [];
  const call = async <Result>(result: Result, signal?: AbortSignal) => {
    await clock.spend(world.supabaseMs, signal).catch(() => {
      throw away;
    });
    return result;
  };
  const failing = async () => {
    await clock.spend(world.supabaseMs);
    throw away;
  };
  const tasks: Tasks = {
    claim: async ({ leaseId, leaseSeconds }) => {
      const from = clock.now();
      leases.push({ from, until: from + leaseSeconds * 1000 });
      return await call({
        ...{ taskId: crypto.randomUUID(), leaseId, generationId: crypto.randomUUID(), text: "Hello." },
        ...{ userId: crypto.randomUUID(), language: "English" as const, providerVoiceId: "voice" },
        ...{ targetModel: "model", attempt: world.attempt, maySynthesize: true },
      });
    },
    complete: () => world.completes === "fails" ? failing() : call(world.completes),
    putBack: () => call("put_back" as const),
    fail: () => call("failed" as const),
    create: refuse("create"),
    cancel: refuse("cancel"),
    read: refuse("read"),
    audioOf: refuse("read audio"),
  };
  let looks = 0;
  const speak = createSpeak({
    tasks,
    generations: {
      key: (userId, generationId) => `${userId}/${generationId}.wav`,
      store: () => world.stores === "fails" ? failing() : call(world.stores),
      inspect: (_key, signal) => {
        const there = looks++ > 0 || world.attempt === 1;
        const stored = {
          ...{ sizeBytes: bytes.length, contentType: "audio/wav", etag: null },
          firstBytes: bytes,
        };
        return call(there && world.stores === "there_already" ? stored : null, signal);
      },
      remove: () => call(1),
      signedUrl: refuse("sign"),
    },
    provider: {
      name: "qwen",
      region: "intl",
      async synthesize({ signal }) {
        try {
          for (const _of of ["the speech", "its audio"]) {
            await clock.spend(Math.min(world.providerMs, world.timeoutMs), signal);
            if (world.providerMs > world.timeoutMs) throw new Error("timed out");
          }
        } catch (cause) {
          throw new ProviderError("no_answer", "the provider did not answer", { cause });
        }
        return { bytes, requestId: "request", metadata: {} };
      },
    },
    clock,
    synthesisTimeoutMs: world.timeoutMs,
    newLeaseId: () => crypto.randomUUID(),
  });
  return { clock, leases, speak };
}

function* worlds(): Generator<World> {
  for (const timeoutMs of [1_000, 45_000, 60_000, 90_000]) {
    for (const providerMs of [0, timeoutMs / 2, timeoutMs - 1, timeoutMs, timeoutMs + 1]) {
      for (const supabaseMs of [0, CALL_MS / 2, CALL_MS]) {
        for (const stores of ["stored", "there_already", "fails"] as const) {
          for (const completes of ["completed", "over", "fails"] as const) {
            for (const attempt of [1, 3]) {
              yield { timeoutMs, attempt, providerMs, supabaseMs, stores, completes };
            }
          }
        }
      }
    }
  }
}

// What is loaded on demand takes real time, which must not be mistaken for time of the run.
await import("../_shared/audio/inspect.ts");

Deno.test("at every allowed timeout a run that begins as late as it may ends in time, and before its lease", async () => {
  let longest = 0;
  const ends = new Set<string>();
  for (const world of worlds()) {
    const { clock, leases, speak } = createSlowSpeak(world);
    const begun = clock.now();
    let late = RUN_MS - 1;
    const work = createWork({
      clock,
      // One worker of the run alone, which comes to its last task at the last moment.
      speak: async (...given) => {
        if (late < 0) return null;
        const wait = late;
        late = -1;
        await clock.spend(wait);
        return await speak(...given);
      },
    });
    await work(silentLog).then(
      (report) => ends.add(Object.entries(report).filter(([, count]) => count === 1).join()),
      (error) => ends.add(error.code ?? String(error)),
    );
    const told = JSON.stringify(world);
    const took = clock.now() - begun;
    longest = Math.max(longest, took);
    assert(took < PLATFORM_MS - 4_000, `it took ${took} ms: ${told}`);
    assert.equal(leases.length, 1, told);
    for (const { until } of leases) assert(until > clock.now(), `its lease ended first: ${told}`);
  }
  assert.deepEqual([...ends].sort(), [
    "completed,1",
    "database_unavailable",
    "failed,1",
    "over,1",
    "put_back,1",
  ]);
  assert(longest > 100_000, "these worlds are slow ones");
});

Deno.test("a speech whose two calls take all they may is kept, where both fit into a run", async () => {
  for (const timeoutMs of [1_000, 30_000, 44_000]) {
    const { clock, speak } = createSlowSpeak({
      ...{ timeoutMs, attempt: 1, providerMs: timeoutMs, supabaseMs: 100 },
      ...{ stores: "stored", completes: "completed" },
    });
    let isFirst = true;
    const report = await createWork({
      clock,
      speak(...given) {
        if (!isFirst) return Promise.resolve(null);
        isFirst = false;
        return speak(...given);
      },
    })(silentLog);
    assert.equal(report.completed, 1, `at ${timeoutMs} ms`);
  }
});
