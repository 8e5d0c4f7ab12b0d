// Who may reach generations and tasks past the function: over REST as any browser could, and in the catalog's own account.
import assert from "node:assert/strict";
import { z } from "zod";
import { askProject, withDatabase } from "../../../tools/testkit/harness/project.ts";
import { createQueue, storedAudio } from "../../../tools/testkit/harness/queue.ts";

const VISIBLE = [
  "completed_at",
  "created_at",
  "error",
  "generation_id",
  "id",
  "provider",
  "provider_poll_count",
  "provider_status",
  "status",
  "type",
  "updated_at",
  "user_id",
  "voice_id",
];
const HIDDEN = ["attempts", "lease_expires_at", "lease_id", "run_after"];

const queue = await createQueue();
const other = await createQueue();
const own = await queue.add();
const foreign = await other.add();
await queue.claimed();
await queue.tasks.complete(own.taskId, storedAudio(queue.userId, own.generationId));

const CALLERS = { "a user": queue.accessToken, "a stranger": undefined };

const rest = (path: string, request: Parameters<typeof askProject>[1] = {}) =>
  askProject(`/rest/v1/${path}`, request);

async function assertDenied(answer: ReturnType<typeof rest>, what: string): Promise<void> {
  const { status, body } = await answer;
  assert(status === 401 || status === 403, `${what}: status ${status}`);
  assert.equal(z.object({ code: z.string() }).parse(body).code, "42501", what);
}

/** All rows of these tests, as they stand. */
const rows = () =>
  withDatabase(async (sql) =>
    JSON.stringify([
      await sql`select * from public.generations where user_id in (${queue.userId}, ${other.userId}) order by id`,
      await sql`select * from public.tasks where user_id in (${queue.userId}, ${other.userId}) order by id`,
    ])
  );

Deno.test("over REST a user reads own generations and tasks, and no others", async () => {
  const token = queue.accessToken;
  assert.deepEqual(await rest("generations?select=id,text,audio_object_key", { token }), {
    status: 200,
    body: [{
      id: own.generationId,
      text: own.text,
      audio_object_key: `${queue.userId}/${own.generationId}.wav`,
    }],
  });
  const tasks = await rest(`tasks?select=${VISIBLE}`, { token });
  const read = z.array(z.record(z.string(), z.unknown())).parse(tasks.body);
  assert.deepEqual(read.map((row) => [row.id, row.status]), [[own.taskId, "completed"]]);
  assert.deepEqual(Object.keys(read[0] ?? {}).sort(), VISIBLE);
  assert.deepEqual((await rest(`generations?id=eq.${foreign.generationId}&select=id`, { token })).body, []);
  assert.deepEqual((await rest(`tasks?id=eq.${foreign.taskId}&select=id`, { token })).body, []);
});

Deno.test("over REST the columns of the queue are nobody's business", async () => {
  const token = queue.accessToken;
  for (const column of HIDDEN) {
    await assertDenied(rest(`tasks?select=${column}`, { token }), column);
    await assertDenied(rest(`tasks?select=id&${column}=not.is.null`, { token }), `by ${column}`);
    await assertDenied(rest(`tasks?select=id&order=${column}`, { token }), `in order of ${column}`);
  }
  await assertDenied(rest("tasks", { token }), "all columns");
});

Deno.test("over REST nobody reads a generation or a task without signing in", async () => {
  await assertDenied(rest("generations?select=id"), "generations");
  await assertDenied(rest("tasks?select=id"), "tasks");
});

for (const [caller, token] of Object.entries(CALLERS)) {
  Deno.test(`over REST ${caller} can write no generation and no task`, async () => {
    const before = await rows();
    const generation = {
      id: crypto.randomUUID(),
      user_id: queue.userId,
      voice_id: queue.voiceId,
      text: "x",
      language: "Auto",
      tts_provider: "qwen",
      provider_target_model: "m",
    };
    const task = {
      id: crypto.randomUUID(),
      user_id: queue.userId,
      type: "generate",
      status: "pending",
      provider: "qwen",
      generation_id: own.generationId,
      voice_id: queue.voiceId,
    };
    for (const [table, body] of Object.entries({ generations: generation, tasks: task })) {
      const all = `${table}?id=not.is.null`;
      const change = { created_at: new Date().toISOString() };
      await assertDenied(rest(table, { token, method: "POST", body }), `insert into ${table}`);
      await assertDenied(rest(all, { token, method: "PATCH", body: change }), `update ${table}`);
      await assertDenied(rest(all, { token, method: "DELETE" }), `delete from ${table}`);
    }
    assert.equal(await rows(), before);
  });

  Deno.test(`over REST ${caller} can call nothing of the queue`, async () => {
    const before = await rows();
    const id = crypto.randomUUID();
    const calls = {
      generation_create: {
        p_user_id: queue.userId,
        p_voice_id: queue.voiceId,
        p_generation_id: id,
        p_task_id: id,
        p_text: "x",
        p_provider: "qwen",
        p_region: queue.region,
        p_max_unfinished: 10,
      },
      task_claim: {
        p_lease_id: id,
        p_lease_seconds: 60,
        p_max_attempts: 3,
        p_provider: "qwen",
        p_region: other.region,
      },
      task_complete: {
        p_task_id: foreign.taskId,
        p_object_key: "k",
        p_size_bytes: 1,
        p_duration_seconds: 1,
        p_metadata: {},
      },
      task_put_back: { p_task_id: foreign.taskId, p_lease_id: id, p_delay_seconds: 0, p_counts: false },
      task_fail: { p_task_id: foreign.taskId, p_lease_id: id, p_error: "x" },
      task_cancel: { p_user_id: other.userId, p_task_id: foreign.taskId },
    };
    for (const [name, body] of Object.entries(calls)) {
      await assertDenied(rest(`rpc/${name}`, { token, method: "POST", body }), name);
    }
    assert.equal(await rows(), before);
  });
}

Deno.test("in the catalog, users read all but the queue, and only service_role writes", async () => {
  const columns = await withDatabase((sql) =>
    sql`
      select c.relname as table, a.attname as column, r as role,
        array(select p from unnest(array['select', 'insert', 'update', 'references']) p
          where has_column_privilege(r, c.oid, a.attnum, p)) as rights
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        cross join unnest(array['anon', 'authenticated']) r
      where c.oid in ('public.generations'::regclass, 'public.tasks'::regclass)`
  );
  assert(columns.length > 50);
  for (const { table, column, role, rights } of columns) {
    const reads = role === "authenticated" && !(table === "tasks" && HIDDEN.includes(column));
    assert.deepEqual(rights, reads ? ["select"] : [], `${table}.${column}, ${role}`);
  }
  const tables = await withDatabase((sql) =>
    sql`
      select c.relrowsecurity as secured,
        array(select p from unnest(array['select', 'insert', 'update', 'delete']) p
          where has_table_privilege('service_role', c.oid, p)) as served,
        array(select p from unnest(array['delete', 'truncate', 'trigger']) p, unnest(array['anon', 'authenticated']) r
          where has_table_privilege(r, c.oid, p)) as spoilt
      from pg_class c where c.oid in ('public.generations'::regclass, 'public.tasks'::regclass)`
  );
  const rights = { secured: true, served: ["select", "insert", "update", "delete"], spoilt: [] };
  assert.deepEqual(tables.map((table) => ({ ...table })), [rights, rights]);
});
