// A generation whose provider, storage or database fails it: it ends in one stored WAV, or in a sentence for its user.
import assert from "node:assert/strict";
import type { Bytes } from "../_shared/bytes.ts";
import { createSpeak } from "../_shared/generations/speak.ts";
import { createGenerations } from "../_shared/storage/generations.ts";
import { createSupabase } from "../_shared/supabase.ts";
import { ProviderError } from "../_shared/tts/provider_error.ts";
import type { Intercept } from "../../../tools/testkit/harness/api.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { createQueue, type Queue } from "../../../tools/testkit/harness/queue.ts";
import {
  assertFields,
  databaseAway,
  loseAnswer,
  query,
  silentLog,
  speakingTest,
} from "../../../tools/testkit/harness/setups.ts";
import {
  endTaskLease,
  generationRowOf,
  readyToSpeak,
  type Speaking,
  storedGenerations,
} from "../../../tools/testkit/harness/speaking.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";

const fault = (code: string) => ({ action: "synthesize" as const, answer: { kind: "error" as const, code } });
const storageAway = () => new Response("away", { status: 500 });
const isAudio = (path: string) => /\/object\/generations\//.test(path);
/** Whether a call tells the database how a task ended. */
const tellsTheEnd = (path: string) => /\/rpc\/task_(complete|put_back|fail)/.test(path);

/** A clock that the database's clock follows: a task that was put back may be claimed once its pause was made. */
function followingClock() {
  const clock = createVirtualClock();
  let taskId: string | null = null;
  const noteTask: Intercept = (path, send) => {
    if (path !== "/rest/v1/rpc/task_claim") return undefined;
    return send().then(async (response) => {
      const answer = await response.clone().json();
      if (answer.outcome === "claimed") taskId = answer.task_id;
      return response;
    });
  };
  const sleep = async (ms: number) => {
    await clock.sleep(ms);
    if (taskId) await endTaskLease(taskId);
  };
  return { clock: { ...clock, sleep }, slept: clock.slept, noteTask };
}

/** A test whose process claims a task again after each pause; it is given the pauses. */
function pausingTest(
  name: string,
  use: (speaking: Speaking, slept: number[]) => Promise<void>,
  intercept?: (noteTask: Intercept) => Intercept,
): void {
  const { clock, slept, noteTask } = followingClock();
  const options = { clock, intercept: intercept?.(noteTask) ?? noteTask };
  speakingTest(name, options, (speaking) => use(speaking, slept));
}

/** A test that begins with a database that does not answer such calls; storage goes away when the test says so. */
function awayTest(
  name: string,
  concerns: (path: string) => boolean,
  use: (speaking: Speaking, away: { database: boolean; storage: boolean }) => Promise<void>,
): void {
  const away = { database: true, storage: false };
  const intercept: Intercept = (path) => {
    if (away.database && concerns(path)) return databaseAway();
    return away.storage && isAudio(path) ? storageAway() : undefined;
  };
  speakingTest(name, { intercept }, (speaking) => use(speaking, away));
}

/** Lets a worker come to a task whose lease or delay is over; the task after that. */
async function workOn(speaking: Speaking, taskId: string) {
  await endTaskLease(taskId);
  assert.equal((await speaking.work()).status, 200);
  return await speaking.task(taskId);
}

const setAttempts = (taskId: string, attempts: number) =>
  query`update public.tasks set attempts = ${attempts} where id = ${taskId}`;

for (const code of ["InternalError.Algo", "RequestTimeOut"]) {
  pausingTest(`${code} is tried again, and the third time is the last`, async (speaking, slept) => {
    const { simulator, api } = speaking;
    simulator.addFaults(fault(code), fault(code));
    const task = await speaking.task((await speaking.spoken()).task_id);
    assertFields(task, { status: "completed", provider_poll_count: 3, error: null });
    assert.deepEqual(slept, [2100, 4100]);

    simulator.addFaults(fault(code), fault(code), fault(code));
    const failed = await speaking.task((await speaking.spoken()).task_id);
    const error = "The text could not be spoken. Try again.";
    assertFields(failed, { status: "failed", provider_status: "server_error", error, result: null });
    assert(failed.completed_at);
    assert.equal(speaking.syntheses().length, 6);
    assert.deepEqual(slept.slice(2), [2100, 4100], "nothing is waited for after the last");
    assert.equal(api.events("generation.attempt_failed").length, 5);
    assert.equal(api.events("generation.failed").length, 1);
  });
}

const otherModel =
  "This voice was made with another model of the voice provider. Clone it again to let it speak.";
const notSetUp = "Speaking is not set up correctly. The operator has been told.";

for (
  const [code, error, provider_status, level] of [
    ["DataInspectionFailed", "The text was refused by a content check.", "rejected", "warn"],
    [
      "BadRequest.VoiceNotFound",
      "The voice provider no longer has this voice. Clone it again.",
      "rejected",
      "warn",
    ],
    ["BadRequest.VoiceModelMismatch", otherModel, "rejected", "error"],
    ["InvalidApiKey", notSetUp, "misconfigured", "error"],
    ["Arrearage", notSetUp, "misconfigured", "error"],
  ] as const
) {
  speakingTest(`${code} fails the task at once, with a sentence of ours`, {}, async (speaking) => {
    speaking.simulator.addFaults(fault(code));
    const task = await speaking.task((await speaking.spoken()).task_id);
    assertFields(task, { status: "failed", error, provider_status });
    assert.equal(speaking.syntheses().length, 1);
    assert.deepEqual(speaking.api.events("generation.attempt_failed").map((event) => event.level), [level]);
  });
}

pausingTest("a 429 puts the task back and counts as no attempt", async (speaking, slept) => {
  speaking.simulator.addFaults({ ...fault("Throttling.RateQuota"), times: 4 });
  const task = await speaking.task((await speaking.spoken()).task_id);
  assertFields(task, { status: "completed", provider_poll_count: 5 });
  assert.deepEqual(slept, [15_100, 15_100, 15_100, 15_100]);
});

pausingTest("the process that was asked gives up waiting after two minutes", async (speaking, slept) => {
  speaking.simulator.addFaults({ ...fault("Throttling.RateQuota"), times: 50 });
  const { task_id } = await speaking.spoken();
  assert.equal((await speaking.task(task_id)).status, "pending");
  assert.equal(slept.length, 7, "pauses of 15.1 s");
});

Deno.test("a task that is put back for longer than its process waits is any worker's", async () => {
  const clock = createVirtualClock();
  await using speaking = await readyToSpeak({ clock });
  speaking.simulator.addFaults(fault("Throttling"));
  const { task_id } = await speaking.spoken();
  const waiting = await speaking.task(task_id);
  assertFields(waiting, { status: "pending", provider_status: "throttled", error: null });
  // The database has another clock than the virtual one, so the process that was asked found nothing to claim.
  assert.deepEqual(clock.slept, [15_100]);
  assert.equal((await workOn(speaking, task_id)).status, "completed");
});

for (const kind of ["cut", "html", "unfinished", "no_audio"] as const) {
  pausingTest(`an answer of the provider that is ${kind}: the text is spoken again`, async (speaking) => {
    speaking.simulator.addFaults({ action: "synthesize", answer: { kind, when: "after" } });
    const { task_id, generation_id } = await speaking.spoken();
    assert.equal((await speaking.task(task_id)).status, "completed");
    assert.deepEqual(await storedGenerations(speaking.userId), [`${generation_id}.wav`]);
  });
}

speakingTest("a task cancelled while it is spoken stays cancelled", {}, async (speaking) => {
  const { api, simulator, token } = speaking;
  simulator.addFaults({ action: "synthesize", hold: "before" });
  const { task_id, generation_id } = Object((await speaking.generate()).body);
  assert(await simulator.waitForHeld(1, 20_000));
  const cancel = () => api.call("POST", `/tasks/${task_id}/cancel`, { token });
  assert.deepEqual([(await cancel()).status, (await cancel()).body], [200, { ok: true }]);
  simulator.release();
  await api.settled();
  assertFields(await speaking.task(task_id), { status: "cancelled", result: null, error: null });
  assert.deepEqual(await storedGenerations(speaking.userId), []);
  assert.equal((await api.call("GET", `/generations/${generation_id}/audio`, { token })).status, 404);
  assert.equal(api.events("generation.discarded").length, 1);
});

speakingTest("a task that is done stays done when it is cancelled", {}, async (speaking) => {
  const { task_id } = await speaking.spoken();
  const answer = await speaking.api.call("POST", `/tasks/${task_id}/cancel`, { token: speaking.token });
  assert.deepEqual([answer.status, answer.body], [200, { ok: true }]);
  assert.equal((await speaking.task(task_id)).status, "completed");
});

let failures = 3;
speakingTest("storage that is away for a moment costs no second synthesis", {
  intercept: (path) => isAudio(path) && failures-- > 0 ? storageAway() : undefined,
}, async (speaking) => {
  const { task_id } = await speaking.spoken();
  assert.equal((await speaking.task(task_id)).status, "completed");
  assert.equal(speaking.syntheses().length, 1);
});

for (const attempts of [1, 3]) {
  awayTest(
    `a database away after attempt ${attempts} costs no second synthesis`,
    tellsTheEnd,
    async (speaking, away) => {
      const { task_id, generation_id } = await speaking.spoken();
      assert.equal((await speaking.task(task_id)).status, "processing");
      away.database = false;
      assert.equal(speaking.api.events("generation.interrupted").length, 1);
      await setAttempts(task_id, attempts);
      const { status, provider_poll_count } = await workOn(speaking, task_id);
      assert.deepEqual([status, provider_poll_count], ["completed", attempts === 3 ? 1 : 2]);
      assert.equal(speaking.syntheses().length, 1);
      const row = await generationRowOf(generation_id);
      assert.equal(row?.provider_metadata.recovered, true);
      assert((row?.audio_duration_seconds ?? 0) > 1);
    },
  );
}

speakingTest("after the last attempt a task without audio fails", {}, async (speaking) => {
  speaking.simulator.addFaults(fault("SystemError"));
  const { task_id } = await speaking.spoken();
  await setAttempts(task_id, 3);
  const error = "The text could not be spoken. Try again.";
  assertFields(await workOn(speaking, task_id), { status: "failed", error });
  assert.equal(speaking.syntheses().length, 1);
});

awayTest(
  "storage that is away does not lose the last attempt's audio",
  tellsTheEnd,
  async (speaking, away) => {
    const { task_id } = await speaking.spoken();
    await setAttempts(task_id, 3);
    away.database = false;
    away.storage = true;
    for (let run = 0; run < 2; run++) assert.equal((await workOn(speaking, task_id)).status, "pending");
    away.storage = false;
    assert.equal((await workOn(speaking, task_id)).status, "completed");
    assert.equal(speaking.syntheses().length, 1);
  },
);

pausingTest(
  "a text is not paid for again while storage stays away",
  async (speaking) => {
    const { task_id } = await speaking.spoken();
    // A look-up that fails is no attempt, so the second one is not made while storage is away.
    assert.equal((await speaking.task(task_id)).status, "pending");
    assert.equal(speaking.syntheses().length, 1);
  },
  (noteTask) => (path, send) =>
    isAudio(path) && !path.includes("/list/") ? storageAway() : noteTask(path, send),
);

const isComplete = (path: string) => path.endsWith("/task_complete");

awayTest("a stored third attempt is completed by the next worker", isComplete, async (speaking, away) => {
  speaking.simulator.addFaults(fault("SystemError"));
  const { task_id } = await speaking.spoken();
  await setAttempts(task_id, 2);
  assert.equal((await workOn(speaking, task_id)).status, "pending");
  away.database = false;
  assert.equal((await workOn(speaking, task_id)).status, "completed");
  assert.equal(speaking.syntheses().length, 2);
});

awayTest("the audio of a killed worker goes with its task", tellsTheEnd, async (speaking) => {
  const { api, token } = speaking;
  const { task_id, generation_id } = await speaking.spoken();
  assert.deepEqual(await storedGenerations(speaking.userId), [`${generation_id}.wav`]);
  assert.equal((await api.call("POST", `/tasks/${task_id}/cancel`, { token })).status, 200);
  assert.deepEqual(await storedGenerations(speaking.userId), []);
});

let lost = 1;
speakingTest("a create whose answer was lost is asked for again, and is one task", {
  intercept: (path, send) => path.endsWith("/generation_create") && lost-- > 0 ? loseAnswer(send) : undefined,
}, async (speaking) => {
  await speaking.spoken();
  const rows = await query`select from public.tasks where user_id = ${speaking.userId}`;
  assert.deepEqual([rows.length, speaking.syntheses().length], [1, 1]);
});

/** Speaks from a queue without the rest of the function, at a provider that does so. */
function speakFrom(queue: Queue, synthesize: (signal: AbortSignal) => Promise<Bytes>) {
  const { storage } = createSupabase({ url: stack.supabase_url, secretKey: stack.secret_key });
  const clock = createVirtualClock();
  const speak = createSpeak({
    tasks: queue.tasks,
    generations: createGenerations({ storage, publicUrl: stack.supabase_url }),
    provider: {
      name: "qwen",
      region: queue.region,
      synthesize: async ({ signal }) => ({
        bytes: await synthesize(signal),
        requestId: "f0e1d2c3-speak",
        metadata: {},
      }),
    },
    clock,
    synthesisTimeoutMs: 60_000,
    newLeaseId: () => crypto.randomUUID(),
  });
  return { clock, speak: (taskId: string) => speak(silentLog, taskId) };
}

Deno.test("what the provider gives and is no WAV is not stored", async () => {
  const queue = await createQueue();
  const { taskId, generationId } = await queue.add();
  const page = new TextEncoder().encode("<html><body>Bad Gateway</body></html>");
  const { speak } = speakFrom(queue, () => Promise.resolve(page));
  assert.deepEqual(await speak(taskId), { outcome: "put_back", delaySeconds: 2 });
  assert.deepEqual(await storedGenerations(queue.userId), []);
  assert.equal((await generationRowOf(generationId))?.audio_object_key, null);
  assert.equal((await queue.tasks.read(queue.userId, taskId))?.provider_status, "unreadable_answer");
});

Deno.test("a lease outlasts whatever its run may still do, and a run ends by itself", async () => {
  const queue = await createQueue();
  const { taskId } = await queue.add();
  const begun = Promise.withResolvers<void>();
  const { clock, speak } = speakFrom(queue, (signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new ProviderError("no_answer", "it never came")));
      begun.resolve();
    }));
  const spoken = speak(taskId);
  await begun.promise;
  const [row] = await query`
    select extract(epoch from lease_expires_at - now())::float as seconds from public.tasks where id = ${taskId}`;
  assert(row?.seconds > 105 + 2 * 15, "the run, the claim that began it, and one last call");
  clock.expire(105_000);
  assert.deepEqual(await spoken, { outcome: "put_back", delaySeconds: 2 });
});
