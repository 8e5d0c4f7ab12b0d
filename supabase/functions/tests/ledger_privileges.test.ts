// Who may reach what: the catalog's own account of it, and what the roles are answered.
import assert from "node:assert/strict";
import { z } from "zod";
import { signUp, stack, withDatabase } from "../../../tools/testkit/harness/project.ts";

const ROLES = ["anon", "authenticated", "service_role"];
const CALLS = [
  "account_stands",
  "clone_claim",
  "clone_complete",
  "clone_release",
  "clone_sending",
  "clone_unresolved",
  "deployment_facts",
  "erase_details",
  "forgotten_objects",
  "generation_create",
  "purge_done",
  "purge_next",
  "reconcile_absent",
  "reconcile_compare",
  "reconcile_expired",
  "reconcile_gone",
  "reconcile_record_orphan",
  "reconcile_release",
  "reconcile_sort",
  "task_cancel",
  "task_claim",
  "task_complete",
  "task_fail",
  "task_put_back",
  "unclaimed_uploads",
  "upload_url_take",
];

Deno.test("only service_role may call the ledger, and nobody what stands behind it", async () => {
  const rows = await withDatabase((sql) =>
    sql`
      select p.pronamespace::regnamespace::text as schema, p.proname as name,
        (select coalesce(array_agg(r order by r), '{}') from unnest(${ROLES}::text[]) r
          where has_function_privilege(r, p.oid, 'execute')) as callers,
        exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)
          as for_public,
        p.prosecdef as definer, coalesce(p.proconfig, '{}') as settings
      from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1, 2`
  );
  const functions = z.array(z.object({
    schema: z.string(),
    name: z.string(),
    callers: z.array(z.string()),
    for_public: z.boolean(),
    definer: z.boolean(),
    settings: z.array(z.string()),
  })).parse([...rows]);
  const called = functions.filter(({ schema }) => schema === "public");
  assert.deepEqual(called.map(({ name }) => name).sort(), CALLS);
  for (const { schema, name, callers, for_public, definer, settings } of functions) {
    assert.deepEqual(callers, schema === "public" ? ["service_role"] : [], name);
    assert.equal(for_public, false, name);
    assert.equal(definer, schema === "public", name);
    assert.deepEqual(settings, ['search_path=""'], name);
  }
});

/** What users read whole; of tasks they read some columns (tasks_privileges.test.ts). */
const READ_BY_USERS = ["generations", "voices"];
const SERVED = ["generations", "tasks", "voices"];

Deno.test("nobody sees the ledger's tables, and users only read what is theirs", async () => {
  const rows = await withDatabase((sql) =>
    sql`
      select c.relname as name, c.relrowsecurity as secured, r as role,
        (select coalesce(array_agg(p order by p), '{}')
          from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
          where has_table_privilege(r, c.oid, p)) as rights,
        has_any_column_privilege(r, c.oid, 'insert, update') as writes_columns
      from pg_class c cross join unnest(${ROLES}::text[]) r
      where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'r'`
  );
  const rights = z.array(z.object({
    name: z.string(),
    secured: z.boolean(),
    role: z.string(),
    rights: z.array(z.string()),
    writes_columns: z.boolean(),
  })).parse([...rows]);
  assert.deepEqual([...new Set(rights.map(({ name }) => name))].sort(), [
    "clone_sendings",
    "generations",
    "ids_without_token",
    "listed_voices",
    "orphaned_voices",
    "tasks",
    "upload_allowances",
    "voice_enrollments",
    "voice_lists",
    "voices",
  ]);
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
  const [schema] = await withDatabase((sql) =>
    sql`
      select count(*)::int as count from unnest(${ROLES}::text[]) r
      where has_schema_privilege(r, 'private', 'usage') or has_schema_privilege(r, 'private', 'create')`
  );
  assert.equal(schema?.count, 0);
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

Deno.test("over REST a user reads own live voices, writes nothing and calls nothing", async () => {
  const [user, other] = [await signUp(), await signUp()];
  const own = await withDatabase(async (sql) => {
    const [row] =
      await sql`insert into public.voices (user_id, name) values (${user.id}, 'mine') returning id`;
    await sql`
      insert into public.voices (user_id, name, deleted_at)
      values (${user.id}, 'deleted', now()), (${other.id}, 'theirs', null)`;
    return z.object({ id: z.guid() }).parse(row).id;
  });
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    token: string | null = user.accessToken,
  ) => {
    const response = await fetch(`${stack.supabase_url}/rest/v1/${path}`, {
      method,
      headers: {
        apikey: stack.publishable_key,
        "Content-Type": "application/json",
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  const read = await ask("GET", "voices?select=id");
  assert.deepEqual([read.status, JSON.parse(read.text)], [200, [{ id: own }]]);

  const claim = {
    p_user_id: user.id,
    p_voice_id: own,
    p_attempt_id: own,
    p_token: "t",
    p_region: "intl",
    p_details: {},
    p_tts_provider: "qwen",
    p_limit_per_hour: 1,
    p_limit_per_day: 1,
  };
  for (const token of [user.accessToken, null]) {
    const refusals = [
      await ask("POST", "voices", { user_id: user.id, name: "another" }, token),
      await ask("PATCH", `voices?id=eq.${own}`, { name: "changed" }, token),
      await ask("DELETE", `voices?id=eq.${own}`, undefined, token),
      await ask("POST", "rpc/clone_claim", claim, token),
      await ask("GET", "voice_enrollments", undefined, token),
    ];
    for (const { status, text } of refusals) assert([401, 403, 404].includes(status), `${status} ${text}`);
  }
  const rows = await withDatabase((sql) =>
    sql`select name from public.voices where user_id = ${user.id} order by 1`
  );
  assert.deepEqual(rows.map(({ name }) => name), ["deleted", "mine"]);
});

Deno.test("a qwen row always has what synthesis needs, and no other provider is known", async () => {
  const { id: userId } = await signUp();
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
    for (
      const needed of [
        "provider_voice_id",
        "provider_target_model",
        "provider_voice_kind",
        "provider_region",
      ]
    ) {
      for (const value of [null, ""]) {
        await assert.rejects(insert({ ...ready, [needed]: value }), {
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
