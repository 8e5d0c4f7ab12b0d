// The migrations on an empty project and on one that has the older flow, run by `postgres`, who is no superuser.
import assert from "node:assert/strict";
import { join } from "node:path";
import { z } from "zod";
import { type Database, openDatabase } from "./project_database.ts";
import { applyMigrations } from "./migrations.ts";
import { ALICE, BOB, olderFlow } from "../../testkit/pgtap/projects_before.ts";
import type { StackRecord } from "../stack_record.ts";
import { withTemporaryStack } from "../temporary_stack.ts";
import { repository } from "../repository.ts";

const folder = join(repository, "supabase", "migrations");
const GONE = "00000000-0000-4000-8000-00000000000c";

/** A project without any of our migrations, and a connection as its owner. */
async function withEmptyProject(use: (record: StackRecord, sql: Database) => Promise<void>): Promise<void> {
  const elsewhere = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(elsewhere, "supabase", "migrations"), { recursive: true });
    await withTemporaryStack(elsewhere, async (record) => {
      const sql = openDatabase(record.database_url);
      await use(record, sql).finally(() => sql.end());
    });
  } finally {
    await Deno.remove(elsewhere, { recursive: true });
  }
}

const oldColumns = (sql: Database) =>
  sql`
    select id::text, user_id::text, name, reference_object_key, reference_transcript, language, source, description,
      created_at::text
    from public.voices order by id`;

const migrate = ({ database_url }: StackRecord) => applyMigrations({ databaseUrl: database_url, folder });

const files = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();

/** What the schema is once the migrations have run on an empty project. */
let fresh: unknown;

Deno.test("an empty project: they run as no superuser, once", async () => {
  await withEmptyProject(async (record, sql) => {
    const [role] =
      await sql`select current_user::text as name, rolsuper from pg_roles where rolname = current_user`;
    assert.deepEqual({ ...role }, { name: "postgres", rolsuper: false });
    assert.deepEqual(await migrate(record), files);
    assert.deepEqual(await migrate(record), []);
    fresh = await finalSchema(sql);
  });
});

/** What users of the older flow do, each a statement that touches one row of Alice, and what it comes to afterwards. */
const OWN_OBJECT = `bucket_id = 'references' and name = '${ALICE}/1/reference.wav'`;
const OWN_VOICES = "id in ('10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000003')";
const ACTIONS: [action: string, statement: string, user: string, anon: string][] = [
  ["read a voice", `select from public.voices where ${OWN_VOICES} limit 1`, "1 row", "refused"],
  [
    "add a voice",
    `insert into public.voices (user_id, name) values ('${ALICE}', 'mine')`,
    "refused",
    "refused",
  ],
  ["change a voice", `update public.voices set name = 'mine' where ${OWN_VOICES}`, "refused", "refused"],
  ["delete a voice", `delete from public.voices where ${OWN_VOICES}`, "refused", "refused"],
  [
    "write to references",
    `insert into storage.objects (bucket_id, name) values ('references', '${ALICE}/x/reference.wav')`,
    "refused",
    "refused",
  ],
  [
    "overwrite a reference",
    `update storage.objects set metadata = '{}' where ${OWN_OBJECT}`,
    "0 rows",
    "0 rows",
  ],
  ["remove a reference", `delete from storage.objects where ${OWN_OBJECT}`, "0 rows", "0 rows"],
  [
    "read another's reference",
    "select from storage.objects where bucket_id = 'references' and name = 'another/1/reference.wav'",
    "0 rows",
    "0 rows",
  ],
  ["read an own reference", `select from storage.objects where ${OWN_OBJECT}`, "1 row", "0 rows"],
  [
    "write to avatars",
    `insert into storage.objects (bucket_id, name) values ('avatars', '${ALICE}.png')`,
    "1 row",
    "refused",
  ],
];

/** What a statement does in a role and for a user, undone at once: how many rows it touched, or that it was refused. */
async function as(
  sql: Database,
  role: "anon" | "authenticated",
  userId: string | null,
  statement: string,
): Promise<string> {
  const undo = new Error("undone");
  let touched = "";
  try {
    await sql.begin(async (transaction) => {
      const claims = JSON.stringify({ role, ...(userId === null ? {} : { sub: userId }) });
      await transaction`select set_config('request.jwt.claims', ${claims}, true),
        set_config('request.jwt.claim.sub', ${userId ?? ""}, true)`;
      await transaction.unsafe(`set local role ${role}`);
      const { count } = await transaction.unsafe(statement);
      touched = `${count} ${count === 1 ? "row" : "rows"}`;
      throw undo;
    });
  } catch (error) {
    if (error === undo) return touched;
    // insufficient_privilege: no right on the table, or a row that a policy refuses.
    if (error instanceof Error && "code" in error && error.code === "42501") return "refused";
    throw error;
  }
  return touched;
}

const QUERIES = {
  columns: `
    select c.oid::regclass::text as relation, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull,
      pg_get_expr(d.adbin, d.adrelid) as fallback, col_description(c.oid, a.attnum) as comment
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and a.attnum > 0 and not a.attisdropped
      and c.relkind = 'r'
    order by 1, a.attnum`,
  // A foreign key added to an older table does not judge the rows that were there.
  constraints: `
    select conrelid::regclass::text as relation, conname, replace(pg_get_constraintdef(oid), ' NOT VALID', '') as definition
    from pg_constraint where connamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1, 2`,
  indexes: `
    select indexdef from pg_indexes where schemaname in ('public', 'private') order by 1`,
  policies: `
    select schemaname, tablename, policyname, permissive, roles::text, cmd, qual, with_check from pg_policies
    where schemaname in ('public', 'private') or policyname like 'References %' or policyname like 'Generations %' order by 1, 2, 3`,
  tables: `
    select c.oid::regclass::text as relation, c.relrowsecurity, c.relforcerowsecurity, c.relowner::regrole::text as owner,
      (select array_agg(g.grantee::regrole::text || ' ' || g.privilege_type order by 1) from aclexplode(c.relacl) g)::text as rights
    from pg_class c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'r' order by 1`,
  functions: `
    select pg_get_functiondef(p.oid) as definition, p.proowner::regrole::text as owner,
      (select array_agg(g.grantee::regrole::text || ' ' || g.privilege_type order by 1) from aclexplode(p.proacl) g)::text as rights
    from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1`,
  schemas: `
    select nspname,
      (select array_agg(g.grantee::regrole::text || ' ' || g.privilege_type order by 1) from aclexplode(nspacl) g)::text as rights
    from pg_namespace where nspname in ('public', 'private') order by 1`,
  buckets: `
    select id, name, public, file_size_limit::int, allowed_mime_types::text from storage.buckets
    where id in ('references', 'generations') order by id`,
};

/** Everything the migrations make, as the catalog shows it. */
async function finalSchema(sql: Database): Promise<Record<string, unknown[]>> {
  const schema: Record<string, unknown[]> = {};
  for (const [what, query] of Object.entries(QUERIES)) {
    const rows = [...await sql.unsafe(query)];
    if (rows.length === 0) throw new Error(`The catalog has no ${what}.`);
    schema[what] = rows;
  }
  return schema;
}

for (
  const [what, reference] of [
    ["with", "references auth.users (id) on delete cascade"],
    ["without", ""],
  ] as const
) {
  Deno.test(`a project with the older flow, ${what} a foreign key: its rows stay, its users write no more`, async () => {
    await withEmptyProject(async (record, sql) => {
      await sql.unsafe(olderFlow(reference)).simple();
      if (reference === "") {
        await sql`insert into public.voices (user_id, name) values (${GONE}, 'of a user long gone')`;
      }
      const before = [...await oldColumns(sql)];
      for (const [action, statement] of ACTIONS) {
        assert.equal(await as(sql, "authenticated", ALICE, statement), "1 row", `${action}, before`);
      }

      assert.deepEqual(await migrate(record), files);
      assert.deepEqual(await migrate(record), []);
      assert.deepEqual([...await oldColumns(sql)], before);
      const added = z.array(z.looseObject({})).parse([
        ...await sql`
            select distinct tts_provider, provider_voice_id, provider_target_model, provider_voice_kind,
              provider_region, provider_request_id, provider_metadata::text, deleted_at
            from public.voices`,
      ]);
      assert.deepEqual(added, [{
        tts_provider: "modal",
        provider_voice_id: null,
        provider_target_model: null,
        provider_voice_kind: null,
        provider_region: null,
        provider_request_id: null,
        provider_metadata: "{}",
        deleted_at: null,
      }]);

      for (const [action, statement, user, anon] of ACTIONS) {
        const others = statement.replaceAll(ALICE, BOB);
        assert.equal(await as(sql, "authenticated", ALICE, statement), user, action);
        assert.equal(await as(sql, "authenticated", BOB, others), user, action);
        assert.equal(await as(sql, "anon", null, statement), anon, action);
      }
      assert.equal(
        await as(sql, "authenticated", ALICE, `select from public.voices where user_id = '${BOB}'`),
        "0 rows",
      );

      const [own] = await sql`
          select has_schema_privilege('service_role', 'private', 'usage')
            and has_table_privilege('service_role', 'private.settings', 'select') as kept`;
      assert.equal(own?.kept, true);
      await sql`drop table private.settings`;
      await sql`revoke usage on schema private from service_role`;

      const [claim] = await sql`
          select public.clone_claim(${ALICE}, '10000000-0000-4000-8000-000000000001', gen_random_uuid(), 'token', 'intl',
            ${
        sql.json({ name: "Alice", language: "English", transcript: "Hello there.", description: null })
      },
            'qwen', 1, 1) ->> 'outcome' as outcome`;
      assert.equal(claim?.outcome, "finalized");
      assert.deepEqual(await finalSchema(sql), fresh);
    });
  });
}
