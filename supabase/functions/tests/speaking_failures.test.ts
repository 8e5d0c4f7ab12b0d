// A generation whose provider, storage or database fails it: it ends in one stored WAV, or in a sentence for its user.
import assert from "node:assert/strict";
import { createSpeak } from "../_shared/generations/speak.ts";
import { createLog } from "../_shared/log.ts";
import { createGenerations } from "../_shared/storage/generations.ts";
import { createSupabase } from "../_shared/supabase.ts";
import { ProviderError } from "../_shared/tts/provider_error.ts";
import { type Intercept } from "../../../tools/testkit/harness/api.ts";
import { stack, withDatabase } from "../../../tools/testkit/harness/project.ts";
import { createQueue } from "../../../tools/testkit/harness/queue.ts";
import {
  endTaskLease,
  generationRowOf,
  readyToSpeak,
  storedGenerations,
} from "../../../tools/testkit/harness/speaking.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const fault = (code: string) => ({ action: "synthesize" as const, answer: { kind: "error" as const, code } });

/** Lets the database's clock follow the virtual one: a task that was put back may be claimed once its pause was made. */
function followingClock() {
  const clock = createVirtualClock();
  const ended: { taskId?: string } = {};
  return {
    ended,
    clock: {
      ...clock,
      async sleep(ms: number) {
        await clock.sleep(ms);
        if (ended.taskId) await endTaskLease(ended.taskId);
      },
    },
    slept: clock.slept,
  };
}

Deno.test("a failure of the provider that may pass is tried again, and the third time is the last", async () => {
  for (const code of ["InternalError.Algo", "RequestTimeOut"]) {
    const time = followingClock();
    await using speaking = await readyToSpeak({
      clock: time.clock,
      intercept: noteTask(time.ended),
    });
    const { simulator, api } = speaking;
    simulator.addFaults(fault(code), fault(code));
    const { task_id } = await speaking.spoken();
    const task = await speaking.task(task_id);
    assert.deepEqual([task.status, task.provider_poll_count, task.error], ["completed", 3, null]);
    assert.deepEqual(time.slept, [2100, 4100]);

    simulator.addFaults(fault(code), fault(code), fault(code));
    const failed = await speaking.task((await speaking.spoken()).task_id);
    assert.deepEqual(
      [failed.status, failed.provider_status, failed.error, failed.result],
      ["failed", "server_error", "The text could not be spoken. Try again.", null],
    );
    assert(failed.completed_at);
    assert.equal(speaking.syntheses().length, 6);
    assert.deepEqual(time.slept.slice(2), [2100, 4100], "nothing is waited for after the last");
    assert.deepEqual(
      [api.events("generation.attempt_failed").length, api.events("generation.failed").length],
      [5, 1],
    );
  }
});

/** What PostgREST answers while the database is away. */
const databaseAway = () => Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 });

/** Whether a call tells the database how a task ended. */
const tellsTheEnd = (path: string) => /\/rpc\/task_(complete|put_back|fail)/.test(path);

/** Sees which task was made last. */
function noteTask(noted: { taskId?: string }): Intercept {
  return (path, send) => {
    if (path !== "/rest/v1/rpc/task_claim") return undefined;
    return send().then(async (response) => {
      const answer = await response.clone().json();
      if (answer.outcome === "claimed") noted.taskId = answer.task_id;
      return response;
    });
  };
}

Deno.test("a text or voice that the provider refuses fails at once, with a sentence of ours", async () => {
  await using speaking = await readyToSpeak();
  const { simulator } = speaking;
  const cases = [
    ["DataInspectionFailed", "The text was refused by a content check.", "rejected"],
    ["BadRequest.VoiceNotFound", "The voice provider no longer has this voice. Clone it again.", "rejected"],
    [
      "BadRequest.VoiceModelMismatch",
      "This voice was made with another model of the voice provider. Clone it again to let it speak.",
      "rejected",
    ],
    ["InvalidApiKey", "Speaking is not set up correctly. The operator has been told.", "misconfigured"],
    ["Arrearage", "Speaking is not set up correctly. The operator has been told.", "misconfigured"],
  ] as const;
  for (const [code, sentence, category] of cases) {
    simulator.addFaults(fault(code));
    const task = await speaking.task((await speaking.spoken()).task_id);
    assert.deepEqual([task.status, task.error, task.provider_status], ["failed", sentence, category]);
  }
  assert.equal(speaking.syntheses().length, cases.length);
  const levels = speaking.api.events("generation.attempt_failed").map(({ level }) => level);
  assert.deepEqual(levels, ["warn", "warn", "error", "error", "error"]);
});

Deno.test("a 429 puts the task back with a delay, without counting as an attempt", async () => {
  const time = followingClock();
  await using speaking = await readyToSpeak({ clock: time.clock, intercept: noteTask(time.ended) });
  for (let count = 0; count < 4; count++) speaking.simulator.addFaults(fault("Throttling.RateQuota"));
  const task = await speaking.task((await speaking.spoken()).task_id);
  assert.deepEqual([task.status, task.provider_poll_count], ["completed", 5]);
  assert.deepEqual(time.slept, [15_100, 15_100, 15_100, 15_100]);
});

Deno.test("the process that was asked gives up waiting after two minutes, and the task stays for a worker", async () => {
  const time = followingClock();
  await using speaking = await readyToSpeak({ clock: time.clock, intercept: noteTask(time.ended) });
  speaking.simulator.addFaults({ ...fault("Throttling.RateQuota"), times: 50 });
  const { task_id } = await speaking.spoken();
  assert.equal((await speaking.task(task_id)).status, "pending");
  assert.equal(time.slept.length, 7, "pauses of 15.1 s");
});

Deno.test("what the provider gives and is no WAV is not stored", async () => {
  const queue = await createQueue();
  const { taskId, generationId } = await queue.add();
  const { storage } = createSupabase({ url: stack.supabase_url, secretKey: stack.secret_key });
  const bytes = new TextEncoder().encode("<html><body>Bad Gateway</body></html>");
  const speak = createSpeak({
    tasks: queue.tasks,
    generations: createGenerations({ storage, publicUrl: stack.supabase_url }),
    provider: {
      name: "qwen",
      region: queue.region,
      synthesize: () => Promise.resolve({ bytes, requestId: "f0e1d2c3-speak", metadata: {} }),
    },
    clock: createVirtualClock(),
    synthesisTimeoutMs: 1000,
    newLeaseId: () => crypto.randomUUID(),
  });
  const logged: string[] = [];
  const log = createLog({ write: (_level, line) => logged.push(line), now: () => new Date() });
  assert.deepEqual(await speak(log, taskId), { outcome: "put_back", delaySeconds: 2 });
  assert.deepEqual(await storedGenerations(queue.userId), []);
  assert.equal((await generationRowOf(generationId))?.audio_object_key, null);
  assert.equal((await queue.tasks.read(queue.userId, taskId))?.provider_status, "unreadable_answer");
});

Deno.test("a task that is put back for longer than its process waits is any worker's", async () => {
  const clock = createVirtualClock();
  await using speaking = await readyToSpeak({ clock });
  speaking.simulator.addFaults(fault("Throttling"));
  const { task_id } = await speaking.spoken();
  const waiting = await speaking.task(task_id);
  assert.deepEqual([waiting.status, waiting.provider_status, waiting.error], ["pending", "throttled", null]);
  // The database has another clock than the virtual one, so the process that was asked found nothing to claim.
  assert.deepEqual(clock.slept, [15_100]);
  await endTaskLease(task_id);
  assert.equal((await speaking.work()).status, 200);
  assert.equal((await speaking.task(task_id)).status, "completed");
});

for (const kind of ["cut", "html", "unfinished", "no_audio"] as const) {
  Deno.test(`an answer of the provider that is ${kind}: the text is spoken again`, async () => {
    const time = followingClock();
    await using speaking = await readyToSpeak({ clock: time.clock, intercept: noteTask(time.ended) });
    speaking.simulator.addFaults({ action: "synthesize", answer: { kind, when: "after" } });
    const { task_id, generation_id } = await speaking.spoken();
    assert.equal((await speaking.task(task_id)).status, "completed");
    assert.deepEqual(await storedGenerations(speaking.userId), [`${generation_id}.wav`]);
  });
}

Deno.test("a task that is cancelled while it is spoken stays cancelled, and its audio goes", async () => {
  await using speaking = await readyToSpeak();
  const { api, simulator, token } = speaking;
  simulator.addFaults({ action: "synthesize", hold: "before" });
  const { task_id, generation_id } = Object((await speaking.generate()).body);
  assert(await simulator.waitForHeld(1, 20_000));
  const cancel = () => api.call("POST", `/tasks/${task_id}/cancel`, { token });
  assert.deepEqual([(await cancel()).status, (await cancel()).body], [200, { ok: true }]);
  simulator.release();
  await api.settled();
  const task = await speaking.task(task_id);
  assert.deepEqual([task.status, task.result, task.error], ["cancelled", null, null]);
  assert.deepEqual(await storedGenerations(speaking.userId), []);
  assert.equal((await api.call("GET", `/generations/${generation_id}/audio`, { token })).status, 404);
  assert.equal(api.events("generation.discarded").length, 1);
});

Deno.test("a task that is done stays done when it is cancelled", async () => {
  await using speaking = await readyToSpeak();
  const { task_id } = await speaking.spoken();
  const answer = await speaking.api.call("POST", `/tasks/${task_id}/cancel`, { token: speaking.token });
  assert.deepEqual([answer.status, answer.body], [200, { ok: true }]);
  assert.equal((await speaking.task(task_id)).status, "completed");
});

Deno.test("storage that is away for a moment costs no second synthesis", async () => {
  let left = 3;
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path) =>
      /\/object\/generations\//.test(path) && left-- > 0 ? new Response("away", { status: 500 }) : undefined,
  });
  const { task_id } = await speaking.spoken();
  assert.equal((await speaking.task(task_id)).status, "completed");
  assert.equal(speaking.syntheses().length, 1);
});

Deno.test("a database that is away after the audio was stored costs no second synthesis", async () => {
  let isAway = true;
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path) => isAway && tellsTheEnd(path) ? databaseAway() : undefined,
  });
  const { task_id, generation_id } = await speaking.spoken();
  assert.equal((await speaking.task(task_id)).status, "processing");
  isAway = false;
  assert.equal(speaking.api.events("generation.interrupted").length, 1);
  await endTaskLease(task_id);
  assert.equal((await speaking.work()).status, 200);
  assert.equal((await speaking.task(task_id)).status, "completed");
  assert.equal(speaking.syntheses().length, 1);
  const row = await generationRowOf(generation_id);
  assert.equal(row?.provider_metadata.recovered, true);
  assert((row?.audio_duration_seconds ?? 0) > 1);
});

Deno.test("after the last attempt it is still looked whether its audio was stored", async () => {
  let isAway = true;
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path) => isAway && tellsTheEnd(path) ? databaseAway() : undefined,
  });
  const { task_id } = await speaking.spoken();
  await withDatabase((sql) => sql`update public.tasks set attempts = 3 where id = ${task_id}`);
  await endTaskLease(task_id);
  isAway = false;
  await speaking.work();
  const task = await speaking.task(task_id);
  assert.deepEqual([task.status, task.provider_poll_count], ["completed", 1]);
  assert.equal(speaking.syntheses().length, 1);
});

Deno.test("after the last attempt a task without audio fails, and nothing more is asked of the provider", async () => {
  await using speaking = await readyToSpeak({ clock: createVirtualClock() });
  speaking.simulator.addFaults(fault("SystemError"));
  const { task_id } = await speaking.spoken();
  await withDatabase((sql) => sql`update public.tasks set attempts = 3 where id = ${task_id}`);
  await endTaskLease(task_id);
  await speaking.work();
  const task = await speaking.task(task_id);
  assert.deepEqual([task.status, task.error], ["failed", "The text could not be spoken. Try again."]);
  assert.equal(speaking.syntheses().length, 1);
});

Deno.test("storage that is away when a worker looks for the last attempt's audio does not lose it", async () => {
  let databaseIsAway = true;
  let storageIsAway = false;
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path) => {
      if (databaseIsAway && tellsTheEnd(path)) {
        return databaseAway();
      }
      return storageIsAway && /\/object\/generations\//.test(path)
        ? new Response("away", { status: 500 })
        : undefined;
    },
  });
  const { task_id } = await speaking.spoken();
  await withDatabase((sql) => sql`update public.tasks set attempts = 3 where id = ${task_id}`);
  [databaseIsAway, storageIsAway] = [false, true];
  for (let run = 0; run < 2; run++) {
    await endTaskLease(task_id);
    await speaking.work();
    assert.equal((await speaking.task(task_id)).status, "pending");
  }
  storageIsAway = false;
  await endTaskLease(task_id);
  await speaking.work();
  assert.equal((await speaking.task(task_id)).status, "completed");
  assert.equal(speaking.syntheses().length, 1);
});

Deno.test("storage that stays away after each synthesis does not let a text be paid for without end", async () => {
  const time = followingClock();
  const noted = noteTask(time.ended);
  await using speaking = await readyToSpeak({
    clock: time.clock,
    intercept: (path, send) =>
      /\/object\/generations\//.test(path) && !path.includes("/list/")
        ? new Response("away", { status: 500 })
        : noted(path, send),
  });
  const { task_id } = await speaking.spoken();
  const after = await speaking.task(task_id);
  // A look-up that fails is no attempt, so the second one is not made while storage is away.
  assert.deepEqual([after.status, speaking.syntheses().length], ["pending", 1]);
});

Deno.test("a third attempt that stored its audio and could not say so is completed by the next worker", async () => {
  let isAway = true;
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path) => isAway && path.endsWith("/task_complete") ? databaseAway() : undefined,
  });
  speaking.simulator.addFaults(fault("SystemError"));
  const { task_id } = await speaking.spoken();
  await withDatabase((sql) => sql`update public.tasks set attempts = 2 where id = ${task_id}`);
  await endTaskLease(task_id);
  await speaking.work();
  assert.equal((await speaking.task(task_id)).status, "pending");
  isAway = false;
  await endTaskLease(task_id);
  await speaking.work();
  assert.equal((await speaking.task(task_id)).status, "completed");
  assert.equal(speaking.syntheses().length, 2);
});

Deno.test("audio that a killed worker stored goes when its task is cancelled", async () => {
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path) => tellsTheEnd(path) ? databaseAway() : undefined,
  });
  const { task_id, generation_id } = await speaking.spoken();
  assert.deepEqual(await storedGenerations(speaking.userId), [`${generation_id}.wav`]);
  const { api, token } = speaking;
  assert.equal((await api.call("POST", `/tasks/${task_id}/cancel`, { token })).status, 200);
  assert.deepEqual(await storedGenerations(speaking.userId), []);
});

Deno.test("a create whose answer was lost is asked for again, and is one task", async () => {
  let lost = 1;
  await using speaking = await readyToSpeak({
    clock: createVirtualClock(),
    intercept: (path, send) =>
      path.endsWith("/generation_create") && lost-- > 0
        ? send().then(async (response) => {
          await response.arrayBuffer();
          throw new TypeError("connection refused");
        })
        : undefined,
  });
  await speaking.spoken();
  const [row] = await withDatabase((sql) =>
    sql`select count(*)::int as count from public.tasks where user_id = ${speaking.userId}`
  );
  assert.equal(row?.count, 1);
  assert.equal(speaking.syntheses().length, 1);
});

Deno.test("a lease outlasts whatever its run may still do, and a run ends by itself", async () => {
  const queue = await createQueue();
  const { taskId } = await queue.add();
  const { storage } = createSupabase({ url: stack.supabase_url, secretKey: stack.secret_key });
  const clock = createVirtualClock();
  const begun = Promise.withResolvers<void>();
  const speak = createSpeak({
    tasks: queue.tasks,
    generations: createGenerations({ storage, publicUrl: stack.supabase_url }),
    provider: {
      name: "qwen",
      region: queue.region,
      synthesize: ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(new ProviderError("no_answer", "it never came")));
          begun.resolve();
        }),
    },
    clock,
    synthesisTimeoutMs: 60_000,
    newLeaseId: () => crypto.randomUUID(),
  });
  const log = createLog({ write: () => {}, now: () => new Date() });
  const spoken = speak(log, taskId);
  await begun.promise;
  const [row] = await withDatabase((sql) =>
    sql`select extract(epoch from lease_expires_at - now())::float as seconds from public.tasks where id = ${taskId}`
  );
  assert(row?.seconds > 105 + 2 * 15, "the run, the claim that began it, and one last call");
  clock.expire(105_000);
  assert.deepEqual(await spoken, { outcome: "put_back", delaySeconds: 2 });
});
