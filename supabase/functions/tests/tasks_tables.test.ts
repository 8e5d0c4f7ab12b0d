// What the tables of generations and tasks hold, whoever writes to them; and that they take over no other.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { queueTest } from "../../../tools/testkit/harness/queue.ts";
import { REPOSITORY } from "../../../tools/testkit/harness/sources.ts";

type Changes = Record<string, postgres.SerializableParameter>;

queueTest("a state that makes no sense is refused", async (queue) => {
  const { taskId, generationId } = await queue.add();
  const [lease_id, time] = [crypto.randomUUID(), new Date()];
  const lease = { lease_id, lease_expires_at: time };
  const refused: [string, Changes][] = [
    ["tasks_status_check", { status: "lost" }],
    ["tasks_type_check", { type: "sing" }],
    ["tasks_attempts_check", { attempts: -1 }],
    ["tasks_provider_poll_count_check", { provider_poll_count: -1 }],
    ["tasks_over_is_dated", { status: "completed" }],
    ["tasks_over_is_dated", { status: "cancelled" }],
    ["tasks_over_is_dated", { status: "failed", error: "x" }],
    ["tasks_over_is_dated", { completed_at: time }],
    ["tasks_processing_is_leased", { status: "processing" }],
    ["tasks_processing_is_leased", { status: "processing", lease_id }],
    ["tasks_processing_is_leased", { lease_expires_at: time }],
    ["tasks_processing_is_leased", lease],
    ["tasks_processing_is_leased", { status: "completed", completed_at: time, ...lease }],
    ["tasks_failed_says_why", { status: "failed", completed_at: time }],
    ["tasks_failed_says_why", { error: "x" }],
  ];
  await withDatabase(async (sql) => {
    for (const [constraint_name, changes] of refused) {
      await assert.rejects(
        sql`update public.tasks set ${sql(changes)} where id = ${taskId}`,
        { code: "23514", constraint_name },
        JSON.stringify(changes),
      );
    }
    const halves: Changes[] = [{ completed_at: time }, { audio_object_key: "k" }];
    for (const changes of halves) {
      await assert.rejects(
        sql`update public.generations set ${sql(changes)} where id = ${generationId}`,
        { code: "23514", constraint_name: "generations_completed_is_stored" },
      );
    }
  });
});

queueTest("a generation has one task", async (queue) => {
  const { generationId } = await queue.add();
  await withDatabase((sql) =>
    assert.rejects(
      sql`
        insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id)
        values (gen_random_uuid(), ${queue.userId}, 'generate', 'pending', 'qwen', ${generationId},
          ${queue.voiceId})`,
      { code: "23505", constraint_name: "tasks_generation_id_key" },
    )
  );
});

queueTest("a voice that is removed takes its generations and tasks along", async (queue) => {
  const { taskId, generationId } = await queue.add();
  const other = await queue.add({ voiceId: await queue.addVoice() });
  await withDatabase(async (sql) => {
    await sql`delete from public.voices where id = ${queue.voiceId}`;
    assert.equal((await sql`select from public.generations where id = ${generationId}`).length, 0);
  });
  assert.equal(await queue.tasks.read(queue.userId, taskId), null);
  assert.equal((await queue.claimed()).taskId, other.taskId);
});

const MADE = { generations: "20261122110000_generations", tasks: "20261122110100_generation_tasks" };

for (const [table, migration] of Object.entries(MADE)) {
  Deno.test(`a table ${table} that stands already is not taken over: the migration fails`, async () => {
    const text = await Deno.readTextFile(new URL(`supabase/migrations/${migration}.sql`, REPOSITORY));
    await withDatabase((sql) =>
      assert.rejects(sql.begin((transaction) => transaction.unsafe(text).simple()), {
        code: "42P07",
        message: `relation "${table}" already exists`,
      })
    );
  });
}
