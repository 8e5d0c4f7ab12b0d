-- deployment_facts also tells where voice ids do not carry the token.

-- Functions of extensions are left out; tables and functions of others in these schemas are not, for the doctor knows its own.
create or replace function public.deployment_facts() returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  v_migrations jsonb;
begin
  -- The Supabase CLI keeps its record there; a project whose migrations were run by hand has none.
  if to_regclass('supabase_migrations.schema_migrations') is not null then
    begin
      execute 'select coalesce(jsonb_agg(version order by version), ''[]'') from supabase_migrations.schema_migrations'
        into v_migrations;
    exception when insufficient_privilege then
      v_migrations := null;
    end;
  end if;

  return jsonb_build_object(
    'now', clock_timestamp(),
    'migrations', v_migrations,
    'functions', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'schema', n.nspname,
        'name', p.proname,
        'arguments', pg_catalog.pg_get_function_identity_arguments(p.oid),
        'callers', (
          select coalesce(jsonb_agg(r order by r), '[]')
          from unnest(array['anon', 'authenticated', 'service_role']) r
          where has_function_privilege(r, p.oid, 'execute')
        ),
        'security_definer', p.prosecdef,
        'settings', coalesce(to_jsonb(p.proconfig), '[]'),
        'body_md5', md5(replace(p.prosrc, chr(13), ''))
      ) order by n.nspname, p.proname, p.oid), '[]')
      from pg_catalog.pg_proc p
      join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('public', 'private')
        and not exists (
          select from pg_catalog.pg_depend d
          where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
        )
    ),
    'tables', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'schema', n.nspname,
        'name', c.relname,
        'row_level_security', c.relrowsecurity,
        'columns', (
          select coalesce(jsonb_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), '{}')
          from pg_catalog.pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        )
      ) || reach.rights order by n.nspname, c.relname), '[]')
      from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
        select jsonb_object_agg(r, (
          select coalesce(jsonb_agg(held order by held), '[]')
          from (
            select p
            from unnest(array['select', 'insert', 'update', 'references', 'delete', 'truncate', 'trigger']) p
            where has_table_privilege(r, c.oid, p)
            union all
            select format('%s (%I)', p, a.attname)
            from unnest(array['select', 'insert', 'update', 'references']) p
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
            where not has_table_privilege(r, c.oid, p) and has_column_privilege(r, c.oid, a.attnum, p)
          ) rights (held)
        )) as rights
        from unnest(array['anon', 'authenticated', 'service_role']) r
      ) reach
      where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
    ),
    'ids_without_token', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'region', t.region,
        'provider_voice_id', t.provider_voice_id,
        'seen_at', t.seen_at,
        'unresolved', (
          select count(*) from private.voice_enrollments e
          where e.region = t.region and e.lease_expires_at <= clock_timestamp()
            and (e.state = 'sending' or (e.unresolved_since is not null and e.state in ('claimed', 'rejected')))
        )
      ) order by t.region), '[]')
      from private.ids_without_token t
    ),
    'buckets', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'id', b.id,
        'public', coalesce(b.public, false),
        'file_size_limit', b.file_size_limit,
        'allowed_mime_types', to_jsonb(b.allowed_mime_types)
      ) order by b.id), '[]')
      from storage.buckets b
      where b.id in ('references', 'generations')
    ),
    'policies', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'schema', p.schemaname,
        'table', p.tablename,
        'name', p.policyname,
        'command', lower(p.cmd),
        'restrictive', p.permissive = 'RESTRICTIVE',
        'roles', (select jsonb_agg(r order by r) from unnest(p.roles) r),
        'using_md5', md5(p.qual),
        'check_md5', md5(p.with_check)
      ) order by p.schemaname, p.tablename, p.policyname), '[]')
      from pg_catalog.pg_policies p
      where p.schemaname in ('public', 'private') or (p.schemaname, p.tablename) = ('storage', 'objects')
    )
  );
end
$$;

-- Given before; said again for a database that lost the function, and gets it back by this file.
revoke all on function public.deployment_facts() from public, anon, authenticated;
grant execute on function public.deployment_facts() to service_role;
