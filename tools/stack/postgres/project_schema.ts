import type { Database } from "./database.ts";

/** What a user of the older flow may do: each statement touches one row of the user whose id it names. */
export const USER_ACTIONS = {
  "read a voice":
    "select from public.voices where id = '10000000-0000-4000-8000-000000000001' or id = '10000000-0000-4000-8000-000000000003' limit 1",
  "add a voice":
    "insert into public.voices (user_id, name) values ('00000000-0000-4000-8000-00000000000a', 'mine')",
  "change a voice":
    "update public.voices set name = 'mine' where id in ('10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000003')",
  "delete a voice":
    "delete from public.voices where id in ('10000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000003')",
  "write to references":
    "insert into storage.objects (bucket_id, name) values ('references', '00000000-0000-4000-8000-00000000000a/x/reference.wav')",
  "overwrite a reference":
    "update storage.objects set metadata = '{}' where bucket_id = 'references' and name = '00000000-0000-4000-8000-00000000000a/1/reference.wav'",
  "remove a reference":
    "delete from storage.objects where bucket_id = 'references' and name = '00000000-0000-4000-8000-00000000000a/1/reference.wav'",
  "read another's reference":
    "select from storage.objects where bucket_id = 'references' and name = 'another/1/reference.wav'",
  "read an own reference":
    "select from storage.objects where bucket_id = 'references' and name = '00000000-0000-4000-8000-00000000000a/1/reference.wav'",
  "write to avatars":
    "insert into storage.objects (bucket_id, name) values ('avatars', '00000000-0000-4000-8000-00000000000a.png')",
};

/** What a statement does in a role and for a user, undone at once: how many rows it touched, or that it was refused. */
export async function as(
  sql: Database,
  role: "anon" | "authenticated",
  userId: string | null,
  statement: string,
): Promise<string> {
  const undo = new Error("undone");
  let told = "";
  try {
    await sql.begin(async (transaction) => {
      const claims = JSON.stringify({ role, ...(userId === null ? {} : { sub: userId }) });
      await transaction`select set_config('request.jwt.claims', ${claims}, true),
        set_config('request.jwt.claim.sub', ${userId ?? ""}, true)`;
      await transaction.unsafe(`set local role ${role}`);
      const { count } = await transaction.unsafe(statement);
      told = `${count} ${count === 1 ? "row" : "rows"}`;
      throw undo;
    });
  } catch (error) {
    if (error === undo) return told;
    // insufficient_privilege: no right on the table, or a row that a policy refuses.
    if (error instanceof Error && "code" in error && error.code === "42501") return "refused";
    throw error;
  }
  return told;
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

/** Everything the migrations make, as the catalog tells it. */
export async function finalSchema(sql: Database): Promise<Record<string, unknown[]>> {
  const schema: Record<string, unknown[]> = {};
  for (const [what, query] of Object.entries(QUERIES)) {
    const rows = [...await sql.unsafe(query)];
    if (rows.length === 0) throw new Error(`The catalog tells nothing of ${what}.`);
    schema[what] = rows;
  }
  return schema;
}
