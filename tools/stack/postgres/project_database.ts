import postgres from "postgres";

/** A connection pool to the embedded database. */
export type Database = postgres.Sql;

/** Opens a small pool. Nothing is connected until the first query; `end()` closes it. */
export function openDatabase(url: string): Database {
  return postgres(url, { max: 4, onnotice: () => {}, idle_timeout: 30, connect_timeout: 10 });
}

// What a hosted project has before its first migration: https://supabase.com/docs/guides/database/postgres/roles.
// Migrations run as `postgres`, which is no superuser there either. supabase_storage_admin owns the storage tables;
// `postgres` may write policies on them, which hosted projects allow by an extension and we by membership.
const rolesSql = (password: string) => `
do $$ begin
  if not exists (select from pg_roles where rolname = 'postgres') then
    create role postgres login createrole createdb replication bypassrls password '${password}';
    create role anon nologin noinherit;
    create role authenticated nologin noinherit;
    create role service_role nologin noinherit bypassrls;
    create role supabase_auth_admin nologin noinherit createrole;
    create role supabase_storage_admin nologin noinherit createrole;
    grant anon, authenticated, service_role to postgres with admin option;
    grant supabase_storage_admin to postgres;
  end if;
end $$;
alter database postgres owner to postgres;
grant usage on schema public to anon, authenticated, service_role;
grant all on schema public to postgres;
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
create schema if not exists extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension if not exists pgcrypto with schema extensions;
alter role postgres set search_path to "$user", public, extensions;
`;

const schemaRightsSql = `
grant usage on schema auth, storage to postgres, anon, authenticated, service_role;
grant all on all tables in schema auth to postgres;
grant execute on all functions in schema auth to anon, authenticated, service_role, postgres;
alter table storage.buckets owner to supabase_storage_admin;
alter table storage.objects owner to supabase_storage_admin;
grant all on storage.buckets, storage.objects to postgres, anon, authenticated, service_role;
grant execute on all functions in schema storage to anon, authenticated, service_role, postgres;
grant all on schema storage to supabase_storage_admin;
`;

/** Makes the roles and default rights of a hosted project; safe to repeat. `password` is the one of `postgres`. */
export async function createRoles(database: Database, password: string): Promise<void> {
  await database.unsafe(rolesSql(password)).simple();
}

/** Gives the roles their rights on the schemas `auth` and `storage` once those are there; safe to repeat. */
export async function grantSchemaRights(database: Database): Promise<void> {
  await database.unsafe(schemaRightsSql).simple();
}
