// Asking for a generation: who may, with which voice, how often; on the real database.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import {
  allAtOnce,
  createQueue,
  deleteVoice,
  type Queue,
  queueTest,
} from "../../../tools/testkit/harness/queue.ts";
import { complete, FAILED, query } from "../../../tools/testkit/harness/setups.ts";

/** How many generations and tasks a user has. */
async function countedRows(userId: string): Promise<[number, number]> {
  const [row] = await query`
    select (select count(*)::int from public.generations where user_id = ${userId}) as generations,
      (select count(*)::int from public.tasks where user_id = ${userId}) as tasks`;
  return [row?.generations, row?.tasks];
}

/** So many requests at once, with these ids or with new ones. */
const requests = ({ userId, voiceId, region }: Queue, count: number, most: number, id?: string) =>
  allAtOnce(
    "generation_create",
    Array.from({ length: count }, () => (sql: postgres.Sql) =>
      sql`public.generation_create(${userId}, ${voiceId}, ${id ?? crypto.randomUUID()}, ${
        id ?? crypto.randomUUID()
      },
      'Hello.', 'qwen', ${region}, ${most})`),
  );

queueTest("a voice that is not there, deleted or somebody else's is not found", async (queue) => {
  const other = await createQueue();
  const deleted = await queue.addVoice({ deleted: true });
  for (const voiceId of [crypto.randomUUID(), deleted, other.voiceId]) {
    assert.deepEqual(await queue.ask({ voiceId, region: other.region }), { outcome: "not_found" });
  }
  assert.deepEqual(await countedRows(queue.userId), [0, 0]);
  assert.deepEqual(await countedRows(other.userId), [0, 0]);
});

queueTest("a voice that cannot speak here is not ready, and the answer says why", async (queue) => {
  const modal = await queue.addVoice({ provider: "modal" });
  const notReady = (reason: string) => ({ outcome: "not_ready", reason });
  assert.deepEqual(await queue.ask({ voiceId: modal }), notReady("other_provider"));
  assert.deepEqual(await queue.ask({ provider: "modal" }), notReady("other_provider"));
  assert.deepEqual(await queue.ask({ provider: "modal", voiceId: modal }), notReady("other_provider"));
  assert.deepEqual(await queue.ask({ region: `${queue.region}-2` }), notReady("other_region"));
  assert.deepEqual(await countedRows(queue.userId), [0, 0]);
});

queueTest("a voice without what its provider needs is not ready", async (queue) => {
  const undo = new Error("undone");
  const undone = withDatabase((sql) =>
    sql.begin(async (transaction) => {
      await transaction`alter table public.voices drop constraint voices_qwen_ready`;
      const needed = ["voice_id", "target_model", "voice_kind", "region"];
      for (const column of needed.map((name) => `provider_${name}`)) {
        for (const value of [null, ""]) {
          const [voice] = await transaction`
            insert into public.voices (user_id, name, tts_provider, provider_voice_id, provider_target_model,
              provider_voice_kind, provider_region)
            values (${queue.userId}, 'Grace', 'qwen', gen_random_uuid(), 'm', 'vc', ${queue.region}) returning id`;
          await transaction`
            update public.voices set ${transaction({ [column]: value })} where id = ${voice?.id}`;
          const [row] = await transaction`
            select public.generation_create(${queue.userId}, ${voice?.id}, gen_random_uuid(), gen_random_uuid(), 'Hello.',
              'qwen', ${queue.region}, 10) as answer`;
          assert.deepEqual(row?.answer, { outcome: "not_ready", reason: "no_metadata" }, column);
        }
      }
      throw undo;
    })
  );
  await assert.rejects(undone, undo);
});

queueTest("the language is the one asked for, else the voice's own, else Auto", async (queue) => {
  await queue.add({ language: "Korean" });
  assert.equal((await queue.claimed()).language, "Korean");
  await queue.add();
  assert.equal((await queue.claimed()).language, "English");
  // A name that the function does not know, however it came there, stops no worker.
  await query`update public.voices set language = 'Klingon' where id = ${queue.voiceId}`;
  await queue.add();
  assert.equal((await queue.claimed()).language, "Auto");
});

queueTest("asked again with the same ids, it is created once", async (queue) => {
  const asked = await queue.add();
  assert.deepEqual(await queue.ask(asked), { outcome: "created" });
  assert.deepEqual(await queue.ask({ ...asked, maxUnfinished: 1 }), { outcome: "created" });
  await queue.claimed();
  await complete(queue, asked);
  const done = await queue.tasks.read(queue.userId, asked.taskId);
  await deleteVoice(queue.voiceId);
  assert.deepEqual(await queue.ask(asked), { outcome: "created" });
  assert.deepEqual(await queue.tasks.read(queue.userId, asked.taskId), done);
  assert.deepEqual(await countedRows(queue.userId), [1, 1]);
});

queueTest("asked many times at once with the same ids, it is created once", async (queue) => {
  const answers = await requests(queue, 20, 1, crypto.randomUUID());
  assert.deepEqual(answers, Array.from({ length: 20 }, () => ({ outcome: "created" })));
  assert.deepEqual(await countedRows(queue.userId), [1, 1]);
});

queueTest("an id that is taken is not found, and what has it stays as it is", async (queue) => {
  const asked = await queue.add({ text: "Mine." });
  const other = await createQueue();
  const own = { userId: other.userId, voiceId: other.voiceId, region: other.region };
  const another = await queue.addVoice();
  const before = await queue.tasks.read(queue.userId, asked.taskId);
  const { taskId, generationId } = asked;
  for (const ids of [{ taskId, generationId }, { taskId }, { generationId }]) {
    assert.deepEqual(await queue.ask({ ...own, ...ids }), { outcome: "not_found" });
    assert.deepEqual(await queue.ask({ voiceId: another, ...ids }), { outcome: "not_found" });
  }
  assert.deepEqual(await queue.ask({ taskId }), { outcome: "not_found" });
  assert.deepEqual(await queue.ask({ generationId }), { outcome: "not_found" });
  assert.deepEqual(await countedRows(other.userId), [0, 0]);
  assert.deepEqual(await countedRows(queue.userId), [1, 1]);
  assert.equal(await queue.tasks.read(other.userId, taskId), null);
  assert.deepEqual(await queue.tasks.read(queue.userId, taskId), before);
  assert.equal((await queue.claimed()).text, "Mine.");
});

queueTest("nobody reads the task or the audio of another user", async (queue) => {
  const { taskId, generationId } = await queue.add();
  await queue.claimed();
  await complete(queue, { taskId, generationId });
  const other = await createQueue();
  assert.equal(await other.tasks.read(other.userId, taskId), null);
  assert.equal(await other.tasks.audioOf(other.userId, generationId), null);
});

queueTest("so many tasks may be under way, and what is over makes room", async (queue) => {
  const { tasks, userId } = queue;
  const [first, second] = [await queue.add(), await queue.add(), await queue.add()];
  const limited = { outcome: "limited" };
  await queue.claimed();
  assert.deepEqual(await queue.ask({ maxUnfinished: 3 }), limited);
  assert.deepEqual(await countedRows(userId), [3, 3]);
  await complete(queue, first);
  await queue.add({ maxUnfinished: 3 });
  assert.deepEqual(await queue.ask({ maxUnfinished: 3 }), limited);
  await tasks.cancel(userId, second.taskId);
  await queue.add({ maxUnfinished: 3 });
  assert.deepEqual(await queue.ask({ maxUnfinished: 3 }), limited);
  await tasks.fail(await queue.claimed(), FAILED);
  await queue.add({ maxUnfinished: 3 });
  assert.deepEqual(await queue.ask({ maxUnfinished: 3 }), limited);
  const other = await createQueue();
  await other.add({ maxUnfinished: 1 });
});

queueTest("the limit holds when many are asked for at once", async (queue) => {
  const answers = await requests(queue, 30, 5);
  assert.equal(answers.filter(({ outcome }) => outcome === "created").length, 5);
  assert.equal(answers.filter(({ outcome }) => outcome === "limited").length, 25);
  assert.deepEqual(await countedRows(queue.userId), [5, 5]);
});
