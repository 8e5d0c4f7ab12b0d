// How a task ends: put back, failed, cancelled, or its user removed; and which of two endings at once stands.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { signUp, waiting, withDatabase } from "../../../tools/testkit/harness/project.ts";
import {
  askQueue,
  endDelay,
  endTaskLease,
  queueTest,
  storedAudio,
  taskOf,
} from "../../../tools/testkit/harness/queue.ts";

const cancelCall = (userId: string, taskId: string) => (sql: postgres.Sql) =>
  sql`public.task_cancel(${userId}, ${taskId})`;
const completeCall = (taskId: string) => (sql: postgres.Sql) =>
  sql`public.task_complete(${taskId}, ${`key of ${taskId}`}, 1, 1, '{}')`;
const failCall = (taskId: string, leaseId: string) => (sql: postgres.Sql) =>
  sql`public.task_fail(${taskId}, ${leaseId}, 'No.')`;
const putBackCall = (taskId: string, leaseId: string) => (sql: postgres.Sql) =>
  sql`public.task_put_back(${taskId}, ${leaseId}, 0, true)`;

/** Holds a task, lets two calls wait for it in this order, lets it go, and gives their outcomes. */
function oneAfterTheOther(
  taskId: string,
  calls: ((sql: postgres.Sql) => postgres.PendingQuery<postgres.Row[]>)[],
): Promise<string[]> {
  return withDatabase((service) =>
    withDatabase(async (sql) => {
      const started = await sql.begin(async (transaction) => {
        await transaction`select from public.tasks where id = ${taskId} for update`;
        const answers = [];
        for (const call of calls) {
          answers.push(askQueue(service, call(service)));
          await waiting("public.task_", answers.length);
        }
        return { answers };
      });
      return (await Promise.all(started.answers)).map(({ outcome }) => outcome);
    }), "service_role");
}

queueTest("put back, a task waits, and its attempt counts when it should", async (queue) => {
  const { taskId } = await queue.add();
  const first = await queue.claimed();
  await queue.tasks.putBack(first, { delaySeconds: 59.2, counts: false, providerStatus: "throttled" });
  const uncounted = await taskOf(taskId);
  assert.deepEqual(
    [
      uncounted?.status,
      uncounted?.attempts,
      uncounted?.waits,
      uncounted?.lease_id,
      uncounted?.provider_status,
    ],
    ["pending", 0, true, null, "throttled"],
  );
  assert.equal(await queue.claim(), null);
  await endDelay(taskId);
  const second = await queue.claimed();
  assert.equal(second.attempt, 1);
  await queue.tasks.putBack(second, { delaySeconds: 0, counts: true, providerStatus: null });
  const counted = await taskOf(taskId);
  assert.deepEqual([counted?.attempts, counted?.waits, counted?.provider_status], [1, false, "throttled"]);
  assert.equal((await queue.claimed()).attempt, 2);
  assert.equal((await taskOf(taskId))?.provider_poll_count, 3);
});

queueTest("a failed task says why, and is over", async (queue) => {
  const { tasks, userId } = queue;
  const { taskId, generationId } = await queue.add();
  const task = await queue.claimed();
  assert.equal(
    await tasks.fail(task, { error: "The text was refused.", providerStatus: "refused" }),
    "failed",
  );
  const row = await tasks.read(userId, taskId);
  assert.deepEqual([row?.status, row?.error, row?.provider_status], [
    "failed",
    "The text was refused.",
    "refused",
  ]);
  assert(row?.completed_at);
  assert.equal((await taskOf(taskId))?.lease_id, null);
  assert.equal(await tasks.fail(task, { error: "Again.", providerStatus: null }), "superseded");
  assert.equal(await tasks.complete(taskId, storedAudio(userId, generationId)), "over");
  assert.equal(await tasks.audioOf(userId, generationId), null);
  assert.deepEqual(await tasks.read(userId, taskId), row);
  assert.equal(await queue.claim(), null);
});

queueTest("a user cancels a task that is not over, and nobody else does", async (queue) => {
  const { tasks, userId } = queue;
  const { taskId, generationId } = await queue.add();
  const { id: stranger } = await signUp();
  assert.equal(await tasks.cancel(stranger, taskId), "not_found");
  assert.equal(await tasks.cancel(userId, crypto.randomUUID()), "not_found");
  assert.equal((await taskOf(taskId))?.status, "pending");

  assert.equal(await tasks.cancel(userId, taskId), "cancelled");
  const row = await tasks.read(userId, taskId);
  assert.deepEqual([row?.status, row?.error], ["cancelled", null]);
  assert(row?.completed_at);
  assert.equal(row.updated_at, row.completed_at);
  assert.equal(await queue.claim(), null);
  assert.equal(await tasks.cancel(userId, taskId), "done");
  assert.equal(await tasks.cancel(stranger, taskId), "not_found");
  assert.deepEqual(await tasks.read(userId, taskId), row);
  assert.equal(await tasks.complete(taskId, storedAudio(userId, generationId)), "over");
});

queueTest(
  "a task that is cancelled while it runs stays cancelled, whatever its worker tells",
  async (queue) => {
    const { tasks, userId } = queue;
    const { taskId, generationId } = await queue.add();
    const task = await queue.claimed();
    assert.equal(await tasks.cancel(userId, taskId), "cancelled");
    const cancelled = await taskOf(taskId);
    assert.deepEqual([cancelled?.status, cancelled?.lease_id, cancelled?.leased], ["cancelled", null, false]);
    const asked = { delaySeconds: 0, counts: true, providerStatus: "x" };
    assert.equal(await tasks.putBack(task, asked), "superseded");
    assert.equal(await tasks.fail(task, { error: "No.", providerStatus: "x" }), "superseded");
    assert.equal(await tasks.complete(taskId, storedAudio(userId, generationId)), "over");
    assert.deepEqual(await taskOf(taskId), cancelled);
    assert.equal(await tasks.audioOf(userId, generationId), null);
  },
);

queueTest("what is completed or failed cannot be cancelled", async (queue) => {
  const { tasks, userId } = queue;
  const completed = await queue.add();
  await queue.claimed();
  await tasks.complete(completed.taskId, storedAudio(userId, completed.generationId));
  const failed = await queue.add();
  await tasks.fail(await queue.claimed(), { error: "No.", providerStatus: null });
  for (const { taskId } of [completed, failed]) {
    const before = await taskOf(taskId);
    assert.equal(await tasks.cancel(userId, taskId), "done");
    assert.deepEqual(await taskOf(taskId), before);
  }
});

queueTest("audio that comes late completes a task that was put back meanwhile", async (queue) => {
  const { taskId, generationId } = await queue.add();
  await queue.claimed();
  await endTaskLease(taskId);
  await queue.tasks.putBack(await queue.claimed(), { delaySeconds: 60, counts: true, providerStatus: null });
  assert.equal(await queue.tasks.complete(taskId, storedAudio(queue.userId, generationId)), "completed");
});

queueTest("of two endings at once the first stands", async (queue) => {
  const { userId } = queue;
  const endings = (taskId: string, leaseId: string) => ({
    complete: completeCall(taskId),
    cancel: cancelCall(userId, taskId),
    fail: failCall(taskId, leaseId),
    putBack: putBackCall(taskId, leaseId),
  });
  type Ending = keyof ReturnType<typeof endings>;
  const stands: [Ending, Ending, string[], string][] = [
    ["cancel", "complete", ["cancelled", "over"], "cancelled"],
    ["fail", "complete", ["failed", "over"], "failed"],
    ["complete", "complete", ["completed", "completed"], "completed"],
    ["complete", "cancel", ["completed", "done"], "completed"],
    ["fail", "cancel", ["failed", "done"], "failed"],
    ["cancel", "cancel", ["cancelled", "done"], "cancelled"],
    ["complete", "fail", ["completed", "superseded"], "completed"],
    ["cancel", "fail", ["cancelled", "superseded"], "cancelled"],
    ["complete", "putBack", ["completed", "superseded"], "completed"],
    ["cancel", "putBack", ["cancelled", "superseded"], "cancelled"],
    ["putBack", "cancel", ["put_back", "cancelled"], "cancelled"],
    ["putBack", "complete", ["put_back", "completed"], "completed"],
  ];
  for (const [first, second, told, status] of stands) {
    const { taskId, generationId } = await queue.add();
    const { leaseId } = await queue.claimed({ taskId });
    const calls = endings(taskId, leaseId);
    assert.deepEqual(
      await oneAfterTheOther(taskId, [calls[first], calls[second]]),
      told,
      `${first}, ${second}`,
    );
    assert.equal((await taskOf(taskId))?.status, status, `${first}, ${second}`);
    const audio = await queue.tasks.audioOf(userId, generationId);
    assert.equal(audio !== null, status === "completed", `${first}, ${second}`);
  }
});

queueTest(
  "a user who is removed takes generations and tasks along, whatever a worker does",
  async (queue) => {
    const { tasks, userId } = queue;
    const { taskId, generationId } = await queue.add();
    const task = await queue.claimed();
    await withDatabase((sql) => sql`delete from auth.users where id = ${userId}`);
    assert.equal(await taskOf(taskId), undefined);
    assert.equal(await tasks.read(userId, taskId), null);
    assert.equal(await tasks.audioOf(userId, generationId), null);
    assert.equal(await tasks.complete(taskId, storedAudio(userId, generationId)), "gone");
    assert.equal(await tasks.fail(task, { error: "No.", providerStatus: null }), "superseded");
    const asked = { delaySeconds: 0, counts: true, providerStatus: null };
    assert.equal(await tasks.putBack(task, asked), "superseded");
    assert.equal(await tasks.cancel(userId, taskId), "deleted");
    assert.deepEqual(await queue.ask(), { outcome: "deleted" });
  },
);

queueTest("a user may be removed just while a worker completes, and neither fails", async (queue) => {
  const { taskId, generationId } = await queue.add();
  await queue.claimed();
  await withDatabase(async (sql) => {
    const started = await sql.begin(async (transaction) => {
      await transaction`select from public.generations where id = ${generationId} for update`;
      const removed = sql`delete from auth.users where id = ${queue.userId}`.execute();
      await waiting("delete from auth.users", 1);
      const completed = askQueue(sql, completeCall(taskId)(sql));
      await waiting("public.task_complete", 1);
      return { removed, completed };
    });
    const [completed] = await Promise.all([started.completed, started.removed]);
    assert.deepEqual(completed, { outcome: "gone" });
  });
  assert.equal(await taskOf(taskId), undefined);
});

queueTest(
  "who asks for a generation while being removed is told that the account was deleted",
  async (queue) => {
    const ids = [queue.userId, queue.voiceId, crypto.randomUUID(), crypto.randomUUID()] as const;
    await withDatabase(async (sql) => {
      const started = await sql.begin(async (transaction) => {
        await transaction`delete from auth.users where id = ${queue.userId}`;
        const answer = askQueue(
          sql,
          sql`public.generation_create(${ids[0]}, ${ids[1]}, ${ids[2]}, ${
            ids[3]
          }, 'Hello.', 'qwen', ${queue.region}, 10)`,
        );
        await waiting("public.generation_create", 1);
        return { answer };
      });
      assert.deepEqual(await started.answer, { outcome: "deleted" });
    });
  },
);
