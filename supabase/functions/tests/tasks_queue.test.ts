// Which worker gets which task, and when: the queue's calls on the real database.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import {
  allAtOnce,
  deleteVoice,
  endDelay,
  endTaskLease,
  PINNED_MODEL,
  queueTest,
  storedAudio,
  taskOf,
} from "../../../tools/testkit/harness/queue.ts";
import { AGAIN, assertFields, complete, FAILED, query } from "../../../tools/testkit/harness/setups.ts";

queueTest("a generation from the request to its audio", async (queue) => {
  const { tasks, userId, voiceId } = queue;
  const { taskId, generationId } = await queue.add({ text: "Good morning." });
  const pending = await tasks.read(userId, taskId);
  assert(pending);
  assert.deepEqual(pending, {
    id: taskId,
    type: "generate",
    status: "pending",
    provider: "qwen",
    provider_status: null,
    provider_poll_count: 0,
    generation_id: generationId,
    voice_id: voiceId,
    error: null,
    created_at: pending.created_at,
    updated_at: pending.created_at,
    completed_at: null,
  });
  assert.equal(await tasks.audioOf(userId, generationId), null);

  const leaseId = crypto.randomUUID();
  const claimed = await tasks.claim({
    leaseId,
    leaseSeconds: 59.2,
    maxAttempts: 3,
    provider: "qwen",
    region: queue.region,
  });
  assert.deepEqual(claimed, {
    taskId,
    leaseId,
    generationId,
    userId,
    text: "Good morning.",
    language: "English",
    providerVoiceId: `voice of ${voiceId}`,
    targetModel: PINNED_MODEL,
    attempt: 1,
    maySynthesize: true,
  });
  const processing = await tasks.read(userId, taskId);
  assert(processing);
  assert.deepEqual([processing.status, processing.provider_poll_count], ["processing", 1]);
  assert(processing.updated_at > pending.updated_at);

  const audio = storedAudio(userId, generationId);
  assert.equal(await tasks.complete(taskId, audio), "completed");
  const done = await tasks.read(userId, taskId);
  assert(done);
  assert.deepEqual([done.status, done.provider_status, done.error], ["completed", "succeeded", null]);
  assert(done.completed_at);
  assert.equal(done.updated_at, done.completed_at);
  assert(done.updated_at > processing.updated_at);
  assertFields(await taskOf(taskId), { lease_id: null, leased: false });
  assert.deepEqual(await tasks.audioOf(userId, generationId), { objectKey: audio.objectKey });

  // Whoever else stored the same audio changes nothing.
  const again = { ...audio, objectKey: "elsewhere.wav", requestId: "request 2" };
  assert.equal(await tasks.complete(taskId, again), "completed");
  assert.deepEqual(await tasks.read(userId, taskId), done);
  const [generation] = await query`
    select user_id, voice_id, text, language, tts_provider, provider_target_model, provider_request_id,
      provider_metadata, audio_object_key, audio_size_bytes, audio_duration_seconds,
      completed_at = (select t.completed_at from public.tasks t where t.generation_id = g.id) as dated
    from public.generations g where id = ${generationId}`;
  assert.deepEqual({ ...generation }, {
    user_id: userId,
    voice_id: voiceId,
    text: "Good morning.",
    language: "English",
    tts_provider: "qwen",
    provider_target_model: PINNED_MODEL,
    provider_request_id: "request 1",
    provider_metadata: { characters: 13 },
    audio_object_key: audio.objectKey,
    audio_size_bytes: 48_044,
    audio_duration_seconds: 1.25,
    dated: true,
  });
  assert.equal(await queue.claim(), null);
});

const fiftyClaims = (region: string) =>
  allAtOnce(
    "task_claim",
    Array.from({ length: 50 }, () => (sql: postgres.Sql) =>
      sql`public.task_claim(${crypto.randomUUID()}, 60, 3, 'qwen', ${region})`),
  );

queueTest("fifty claims at once hand out each task once", async (queue) => {
  const added: string[] = [];
  for (let count = 0; count < 45; count++) added.push((await queue.add()).taskId);
  const answers = await fiftyClaims(queue.region);
  const claimed = answers.filter(({ outcome }) => outcome === "claimed");
  assert.deepEqual(claimed.map(({ task_id }) => task_id).sort(), added.sort());
  assert.equal(answers.filter(({ outcome }) => outcome === "none").length, 5);
});

queueTest("fifty claims at once after a lease ran out: one takes it over", async (queue) => {
  const { taskId } = await queue.add();
  await queue.claimed();
  await endTaskLease(taskId);
  const answers = await fiftyClaims(queue.region);
  assert.equal(answers.filter(({ outcome }) => outcome === "claimed").length, 1);
  assert.equal((await taskOf(taskId))?.attempts, 2);
});

queueTest("a claim passes over a task that somebody is just deciding about", async (queue) => {
  const [first, second] = [await queue.add(), await queue.add()];
  await withDatabase((sql) =>
    sql.begin(async (transaction) => {
      await transaction`select from public.tasks where id = ${first.taskId} for update`;
      assert.equal((await queue.claimed()).taskId, second.taskId);
      assert.equal(await queue.claim(), null);
    })
  );
  assert.equal((await queue.claimed()).taskId, first.taskId);
});

queueTest("the oldest task comes first, and a named one before all", async (queue) => {
  const added = [];
  for (let count = 0; count < 4; count++) added.push((await queue.add()).taskId);
  const [first = "", second, third, fourth = ""] = added;
  assert.equal((await queue.claimed({ taskId: fourth })).taskId, fourth);
  const task = await queue.claimed();
  assert.equal(task.taskId, first);
  assert.equal(
    await queue.tasks.putBack(task, { delaySeconds: 60, counts: false, providerStatus: "throttled" }),
    "put_back",
  );
  assert.equal((await queue.claimed()).taskId, second);
  assert.equal(await queue.claim({ taskId: first }), null);
  await endDelay(first);
  assert.equal((await queue.claimed()).taskId, first);
  assert.equal((await queue.claimed()).taskId, third);
  assert.equal(await queue.claim(), null);
  assert.equal(await queue.claim({ taskId: crypto.randomUUID() }), null);
});

queueTest("a task that runs is left alone until its lease is over", async (queue) => {
  const { tasks, userId } = queue;
  const added = await queue.add();
  const { taskId } = added;
  const late = await queue.claimed();
  assert.equal(await queue.claim(), null);
  assert.equal(await queue.claim({ taskId }), null);
  await endTaskLease(taskId);
  const holder = await queue.claimed();
  assert.deepEqual([holder.taskId, holder.attempt, holder.maySynthesize], [taskId, 2, true]);

  const before = await taskOf(taskId);
  assert.equal(
    await tasks.putBack(late, { ...AGAIN, providerStatus: "x" }),
    "superseded",
  );
  assert.equal(await tasks.fail(late, { ...FAILED, providerStatus: "x" }), "superseded");
  assert.deepEqual(await taskOf(taskId), before);

  // The late one had stored its audio, and it is the same audio for whoever comes first.
  assert.equal(await complete(queue, added), "completed");
  assert.equal(await tasks.fail(holder, FAILED), "superseded");
  assert.equal(
    await tasks.putBack(holder, AGAIN),
    "superseded",
  );
  assert.equal((await tasks.read(userId, taskId))?.status, "completed");
});

queueTest("who holds a lease that is over, and was taken by nobody, may still end it", async (queue) => {
  const first = await queue.add();
  const task = await queue.claimed();
  await endTaskLease(first.taskId);
  assert.equal(
    await queue.tasks.putBack(task, AGAIN),
    "put_back",
  );
  const again = await queue.claimed();
  await endTaskLease(first.taskId);
  assert.equal(await queue.tasks.fail(again, FAILED), "failed");
});

queueTest("after its last attempt a task is only looked at, until somebody ends it", async (queue) => {
  const added = await queue.add();
  const { taskId } = added;
  for (const attempt of [1, 2]) {
    const task = await queue.claimed({ maxAttempts: 2 });
    assert.deepEqual([task.attempt, task.maySynthesize], [attempt, true]);
    await endTaskLease(taskId);
  }
  for (let again = 0; again < 2; again++) {
    assert.equal((await queue.claimed({ maxAttempts: 2 })).maySynthesize, false);
    assert.equal((await taskOf(taskId))?.provider_poll_count, 2);
    await endTaskLease(taskId);
  }
  const last = await queue.claimed({ maxAttempts: 2 });
  await queue.tasks.putBack(last, { delaySeconds: 0, counts: false, providerStatus: null });
  assert.equal((await queue.claimed({ maxAttempts: 2 })).maySynthesize, false);
  assert.equal(await complete(queue, added), "completed");
});

queueTest("tasks of another provider or region wait untouched", async (queue) => {
  const elsewhere = `${queue.region}-2`;
  const foreign = await queue.addVoice({ region: elsewhere });
  const { taskId } = await queue.add({ voiceId: foreign, region: elsewhere });
  const own = await queue.add();
  await deleteVoice(foreign);
  const before = await taskOf(taskId);
  assert.equal(await queue.claim({ provider: "modal" }), null);
  assert.equal(await queue.claim({ provider: "modal", region: "none" }), null);
  assert.equal(await queue.claim({ taskId }), null);
  assert.equal((await queue.claimed()).taskId, own.taskId);
  assert.equal(await queue.claim(), null);
  assert.deepEqual(await taskOf(taskId), before);
});

queueTest("what a deleted voice should have said fails, and the next task is handed out", async (queue) => {
  const { tasks, userId } = queue;
  const deleted = await queue.addVoice();
  const [pending, running] = [await queue.add({ voiceId: deleted }), await queue.add({ voiceId: deleted })];
  const next = await queue.add();
  await queue.claimed({ taskId: running.taskId });
  await deleteVoice(deleted);
  assert.equal((await queue.claimed()).taskId, next.taskId);
  const row = await tasks.read(userId, pending.taskId);
  assertFields(row, { status: "failed", error: "The voice was deleted." });
  assert(row?.completed_at);
  assert.equal(row?.updated_at, row?.completed_at);
  // Nothing is taken from a worker; a task whose worker was lost fails as well.
  assert.equal((await taskOf(running.taskId))?.status, "processing");
  await endTaskLease(running.taskId);
  assert.equal(await queue.claim({ taskId: running.taskId }), null);
  assertFields(await taskOf(running.taskId), { status: "failed", lease_id: null, attempts: 1 });

  const other = await queue.addVoice();
  const spoken = await queue.add({ voiceId: other });
  await queue.claimed({ taskId: spoken.taskId });
  await deleteVoice(other);
  assert.equal(
    await complete(queue, spoken),
    "completed",
  );
});
