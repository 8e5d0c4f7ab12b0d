// How a task ends: put back, failed, cancelled, or its user removed; and which of two endings at once stands.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { askQueue, endDelay, endTaskLease, queueTest, taskOf } from "../../../tools/testkit/harness/queue.ts";
import { waiting } from "../../../tools/testkit/harness/project.ts";
import {
  AGAIN,
  assertFields,
  complete,
  deleteAccount,
  FAILED,
} from "../../../tools/testkit/harness/setups.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";

type Call = (sql: postgres.Sql) => postgres.PendingQuery<postgres.Row[]>;

const completeCall = (taskId: string): Call => (sql) =>
  sql`public.task_complete(${taskId}, ${`key of ${taskId}`}, 1, 1, '{}')`;

/** Holds a task, lets two calls wait for it in this order, lets it go, and gives their outcomes. */
function oneAfterTheOther(
  taskId: string,
  calls: Call[],
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
  assertFields(uncounted, {
    status: "pending",
    attempts: 0,
    waits: true,
    lease_id: null,
    provider_status: "throttled",
  });
  assert.equal(await queue.claim(), null);
  await endDelay(taskId);
  const second = await queue.claimed();
  assert.equal(second.attempt, 1);
  await queue.tasks.putBack(second, AGAIN);
  assertFields(await taskOf(taskId), { attempts: 1, waits: false, provider_status: "throttled" });
  assert.equal((await queue.claimed()).attempt, 2);
  assert.equal((await taskOf(taskId))?.provider_poll_count, 3);
});

queueTest("a failed task says why, and is over", async (queue) => {
  const { tasks, userId } = queue;
  const added = await queue.add();
  const { taskId, generationId } = added;
  const task = await queue.claimed();
  const reason = { error: "The text was refused.", providerStatus: "refused" };
  assert.equal(await tasks.fail(task, reason), "failed");
  const row = await tasks.read(userId, taskId);
  assert.deepEqual([row?.status, row?.error, row?.provider_status], ["failed", ...Object.values(reason)]);
  assert(row?.completed_at);
  assert.equal((await taskOf(taskId))?.lease_id, null);
  assert.equal(await tasks.fail(task, FAILED), "superseded");
  assert.equal(await complete(queue, added), "over");
  assert.equal(await tasks.audioOf(userId, generationId), null);
  assert.deepEqual(await tasks.read(userId, taskId), row);
  assert.equal(await queue.claim(), null);
});

queueTest("a user cancels a task that is not over, and nobody else does", async (queue) => {
  const { tasks, userId } = queue;
  const added = await queue.add();
  const { taskId } = added;
  const { id: stranger } = await signUp();
  assert.equal(await tasks.cancel(stranger, taskId), "not_found");
  assert.equal(await tasks.cancel(userId, crypto.randomUUID()), "not_found");
  assert.equal((await taskOf(taskId))?.status, "pending");

  assert.equal(await tasks.cancel(userId, taskId), "cancelled");
  const row = await tasks.read(userId, taskId);
  assertFields(row, { status: "cancelled", error: null });
  assert(row?.completed_at);
  assert.equal(row.updated_at, row.completed_at);
  assert.equal(await queue.claim(), null);
  assert.equal(await tasks.cancel(userId, taskId), "done");
  assert.equal(await tasks.cancel(stranger, taskId), "not_found");
  assert.deepEqual(await tasks.read(userId, taskId), row);
  assert.equal(await complete(queue, added), "over");
});

queueTest("a task cancelled while it runs stays cancelled, whatever its worker says", async (queue) => {
  const { tasks, userId } = queue;
  const added = await queue.add();
  const { taskId, generationId } = added;
  const task = await queue.claimed();
  assert.equal(await tasks.cancel(userId, taskId), "cancelled");
  const cancelled = await taskOf(taskId);
  assertFields(cancelled, { status: "cancelled", lease_id: null, leased: false });
  assert.equal(await tasks.putBack(task, { ...AGAIN, providerStatus: "x" }), "superseded");
  assert.equal(await tasks.fail(task, { ...FAILED, providerStatus: "x" }), "superseded");
  assert.equal(await complete(queue, added), "over");
  assert.deepEqual(await taskOf(taskId), cancelled);
  assert.equal(await tasks.audioOf(userId, generationId), null);
});

queueTest("what is completed or failed cannot be cancelled", async (queue) => {
  const { tasks, userId } = queue;
  const completed = await queue.add();
  await queue.claimed();
  await complete(queue, completed);
  const failed = await queue.add();
  await tasks.fail(await queue.claimed(), FAILED);
  for (const { taskId } of [completed, failed]) {
    const before = await taskOf(taskId);
    assert.equal(await tasks.cancel(userId, taskId), "done");
    assert.deepEqual(await taskOf(taskId), before);
  }
});

queueTest("audio that comes late completes a task that was put back meanwhile", async (queue) => {
  const added = await queue.add();
  const { taskId } = added;
  await queue.claimed();
  await endTaskLease(taskId);
  await queue.tasks.putBack(await queue.claimed(), { ...AGAIN, delaySeconds: 60 });
  assert.equal(await complete(queue, added), "completed");
});

queueTest("of two endings at once the first stands", async (queue) => {
  const { userId } = queue;
  const endings = (taskId: string, leaseId: string) => ({
    complete: completeCall(taskId),
    cancel: (sql: postgres.Sql) => sql`public.task_cancel(${userId}, ${taskId})`,
    fail: (sql: postgres.Sql) => sql`public.task_fail(${taskId}, ${leaseId}, 'No.')`,
    putBack: (sql: postgres.Sql) => sql`public.task_put_back(${taskId}, ${leaseId}, 0, true)`,
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
  for (const [first, second, outcomes, status] of stands) {
    const { taskId, generationId } = await queue.add();
    const { leaseId } = await queue.claimed({ taskId });
    const calls = endings(taskId, leaseId);
    const what = `${first}, ${second}`;
    assert.deepEqual(await oneAfterTheOther(taskId, [calls[first], calls[second]]), outcomes, what);
    assert.equal((await taskOf(taskId))?.status, status, what);
    const audio = await queue.tasks.audioOf(userId, generationId);
    assert.equal(audio !== null, status === "completed", what);
  }
});

queueTest("a removed user takes generations and tasks along, whatever a worker does", async (queue) => {
  const { tasks, userId } = queue;
  const added = await queue.add();
  const { taskId, generationId } = added;
  const task = await queue.claimed();
  await deleteAccount(userId);
  assert.equal(await taskOf(taskId), undefined);
  assert.equal(await tasks.read(userId, taskId), null);
  assert.equal(await tasks.audioOf(userId, generationId), null);
  assert.equal(await complete(queue, added), "gone");
  assert.equal(await tasks.fail(task, FAILED), "superseded");
  assert.equal(await tasks.putBack(task, AGAIN), "superseded");
  assert.equal(await tasks.cancel(userId, taskId), "deleted");
  assert.deepEqual(await queue.ask(), { outcome: "deleted" });
});

queueTest("a user may be removed just while a worker completes, and neither fails", async (queue) => {
  const added = await queue.add();
  const { taskId, generationId } = added;
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

queueTest("a request for a generation while its user is removed finds the account deleted", async (queue) => {
  const { userId, voiceId, region } = queue;
  await withDatabase(async (sql) => {
    const started = await sql.begin(async (transaction) => {
      await transaction`delete from auth.users where id = ${userId}`;
      const ask =
        sql`public.generation_create(${userId}, ${voiceId}, ${crypto.randomUUID()}, ${crypto.randomUUID()},
        'Hello.', 'qwen', ${region}, 10)`;
      const answer = askQueue(sql, ask);
      await waiting("public.generation_create", 1);
      return { answer };
    });
    assert.deepEqual(await started.answer, { outcome: "deleted" });
  });
});
