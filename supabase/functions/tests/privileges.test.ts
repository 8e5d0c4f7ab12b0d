// Who may reach what past the function: the catalog's own account of it, and what roles and browsers are answered.
// That users call no function and write no voice over REST is in direct_access.test.ts.
import assert from "node:assert/strict";
import { z } from "zod";
import { askProject } from "../../../tools/testkit/harness/project.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { createQueue, storedAudio } from "../../../tools/testkit/harness/queue.ts";
import { query } from "../../../tools/testkit/harness/setups.ts";

const ROLES = ["anon", "authenticated", "service_role"];
const words = (text: string) => text.trim().split(/\s+/);

const CALLS = words(`
  account_stands clone_claim clone_complete clone_release clone_sending clone_unresolved deployment_facts erase_details
  forgotten_objects generation_create purge_done purge_next reconcile_absent reconcile_compare reconcile_expired
  reconcile_gone reconcile_record_orphan reconcile_release reconcile_sort task_cancel task_claim task_complete task_fail
  task_put_back unclaimed_uploads upload_url_take`);
const TABLES = words(`
  clone_sendings generations ids_without_token listed_voices orphaned_voices tasks upload_allowances voice_enrollments
  voice_lists voices`);
/** What users read whole; of tasks they read some columns. */
const READ_BY_USERS = ["generations", "voices"];
const SERVED = ["generations", "tasks", "voices"];
const VISIBLE_OF_TASKS = words(`
  completed_at created_at error generation_id id provider provider_poll_count provider_status status type updated_at
  user_id voice_id`);
const HIDDEN_OF_TASKS = ["attempts", "lease_expires_at", "lease_id", "run_after"];

const queue = await createQueue();
const other = await createQueue();
const own = await queue.add();
const foreign = await other.add();
await queue.claimed();
await queue.tasks.complete(own.taskId, storedAudio(queue.userId, own.generationId));

Deno.test("only service_role may call the ledger, and nobody what stands behind it", async () => {
  const rows = await query`
    select p.pronamespace::regnamespace::text as schema, p.proname as name,
      (select coalesce(array_agg(r order by r), '{}') from unnest(${ROLES}::text[]) r
        where has_function_privilege(r, p.oid, 'execute')) as callers,
      exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
        as for_public,
      p.prosecdef as definer, coalesce(p.proconfig, '{}') as settings
    from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1, 2`;
  const functions = z.array(z.object({
    schema: z.string(),
    name: z.string(),
    callers: z.array(z.string()),
    for_public: z.boolean(),
    definer: z.boolean(),
    settings: z.array(z.string()),
  })).parse(rows);
  const called = functions.filter(({ schema }) => schema === "public");
  assert.deepEqual(called.map(({ name }) => name).sort(), CALLS);
  for (const { schema, name, callers, for_public, definer, settings } of functions) {
    assert.deepEqual(callers, schema === "public" ? ["service_role"] : [], name);
    assert.equal(for_public, false, name);
    assert.equal(definer, schema === "public", name);
    assert.deepEqual(settings, ['search_path=""'], name);
  }
});

Deno.test("nobody sees the ledger's tables, and users only read what is theirs", async () => {
  const rows = await query`
    select c.relname as name, c.relrowsecurity as secured, r as role,
      (select coalesce(array_agg(p order by p), '{}')
        from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
        where has_table_privilege(r, c.oid, p)) as rights,
      has_any_column_privilege(r, c.oid, 'insert, update') as writes_columns
    from pg_class c cross join unnest(${ROLES}::text[]) r
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'r'`;
  const rights = z.array(z.object({
    name: z.string(),
    secured: z.boolean(),
    role: z.string(),
    rights: z.array(z.string()),
    writes_columns: z.boolean(),
  })).parse(rows);
  assert.deepEqual([...new Set(rights.map(({ name }) => name))].sort(), TABLES);
  for (const right of rights) {
    assert.equal(right.secured, true, right.name);
    if (SERVED.includes(right.name) && right.role === "service_role") {
      for (const needed of ["select", "insert", "update", "delete"]) assert(right.rights.includes(needed));
    } else {
      const reads = READ_BY_USERS.includes(right.name) && right.role === "authenticated";
      assert.deepEqual(right.rights, reads ? ["select"] : [], `${right.name}, ${right.role}`);
      assert.equal(right.writes_columns, false, `${right.name}, ${right.role}`);
    }
  }
  const [schema] = await query`
    select count(*)::int as count from unnest(${ROLES}::text[]) r
    where has_schema_privilege(r, 'private', 'usage') or has_schema_privilege(r, 'private', 'create')`;
  assert.equal(schema?.count, 0);
});

Deno.test("in the catalog, users read all columns of generations and tasks but those of the queue, and write none", async () => {
  const columns = await query`
    select c.relname as table, a.attname as column, r as role,
      array(select p from unnest(array['select', 'insert', 'update', 'references']) p
        where has_column_privilege(r, c.oid, a.attnum, p)) as rights
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      cross join unnest(array['anon', 'authenticated']) r
    where c.oid in ('public.generations'::regclass, 'public.tasks'::regclass)`;
  assert(columns.length > 50);
  for (const { table, column, role, rights } of columns) {
    const reads = role === "authenticated" && !(table === "tasks" && HIDDEN_OF_TASKS.includes(column));
    assert.deepEqual(rights, reads ? ["select"] : [], `${table}.${column}, ${role}`);
  }
});

for (const role of ROLES) {
  Deno.test(`${role} is refused whatever it tries behind the ledger's calls`, async () => {
    const refused = { code: "42501" };
    await withDatabase(async (sql) => {
      for (const table of ["voice_enrollments", "orphaned_voices", "clone_sendings"]) {
        await assert.rejects(sql`select from private.${sql(table)}`, refused);
        await assert.rejects(sql`delete from private.${sql(table)}`, refused);
      }
      await assert.rejects(sql`select private.fingerprint('{}')`, refused);
      if (role === "service_role") return;
      const id = crypto.randomUUID();
      const attempts = [
        sql`select public.clone_claim(${id}, ${id}, ${id}, 't', 'intl', '{}', 'qwen', 1, 1)`,
        sql`select public.clone_sending(${id}, ${id}, ${id}, 'intl', '{}', 1)`,
        sql`select public.clone_release(${id}, ${id}, ${id}, null)`,
        sql`select public.clone_unresolved(${id}, ${id}, ${id}, null, true)`,
        sql`select public.clone_complete(${id}, ${id}, ${id}, 't', 'k', '{}', '{"tts_provider":"modal"}')`,
        sql`insert into public.voices (user_id, name) values (${id}, 'mine')`,
        sql`update public.voices set name = 'mine'`,
        sql`delete from public.voices`,
      ];
      for (const attempt of attempts) await assert.rejects(attempt, refused);
    }, role);
  });
}

Deno.test("a qwen row always has what synthesis needs, and no other provider is known", async () => {
  const { userId } = queue;
  await withDatabase(async (sql) => {
    const ready = {
      user_id: userId,
      name: "Grace",
      tts_provider: "qwen",
      provider_voice_id: crypto.randomUUID(),
      provider_target_model: "m",
      provider_voice_kind: "vc",
      provider_region: "intl",
    };
    const insert = (row: Record<string, string | null>) => sql`insert into public.voices ${sql(row)}`;
    const needed = words("provider_voice_id provider_target_model provider_voice_kind provider_region");
    for (const column of needed) {
      for (const value of [null, ""]) {
        await assert.rejects(insert({ ...ready, [column]: value }), {
          code: "23514",
          constraint_name: "voices_qwen_ready",
        });
      }
    }
    await assert.rejects(insert({ ...ready, tts_provider: "other" }), {
      code: "23514",
      constraint_name: "voices_tts_provider_known",
    });
    await insert(ready);
    await assert.rejects(insert(ready), { code: "23505", constraint_name: "voices_provider_voice" });
    await insert({ user_id: userId, name: "modal", tts_provider: "modal" });
  });
});

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
  const tasks = await rest(`tasks?select=${VISIBLE_OF_TASKS}`, { token });
  const read = z.array(z.record(z.string(), z.unknown())).parse(tasks.body);
  assert.deepEqual(read.map((row) => [row.id, row.status]), [[own.taskId, "completed"]]);
  assert.deepEqual(Object.keys(read[0] ?? {}).sort(), VISIBLE_OF_TASKS);
  assert.deepEqual((await rest(`generations?id=eq.${foreign.generationId}&select=id`, { token })).body, []);
  assert.deepEqual((await rest(`tasks?id=eq.${foreign.taskId}&select=id`, { token })).body, []);
});

Deno.test("over REST nobody reads the columns of the queue", async () => {
  const token = queue.accessToken;
  for (const column of HIDDEN_OF_TASKS) {
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
}
