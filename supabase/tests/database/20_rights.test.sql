-- What each role may do with each table, each column, and the schema private, according to the catalog.
begin;
select plan(5);

-- Every right on a whole table of the two roles that a browser has; of service_role those that the function uses.
select set_eq(
  $$
    select format('%s %s on %s.%s', r, p, n.nspname, c.relname)
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join unnest(array['anon', 'authenticated', 'service_role']) r
      cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) p
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and has_table_privilege(r, c.oid, p)
      and (r <> 'service_role' or p in ('select', 'insert', 'update', 'delete'))
  $$,
  array[
    'authenticated select on public.generations',
    'authenticated select on public.voices',
    'service_role delete on public.generations',
    'service_role delete on public.tasks',
    'service_role delete on public.voices',
    'service_role insert on public.generations',
    'service_role insert on public.tasks',
    'service_role insert on public.voices',
    'service_role select on public.generations',
    'service_role select on public.tasks',
    'service_role select on public.voices',
    'service_role update on public.generations',
    'service_role update on public.tasks',
    'service_role update on public.voices'
  ],
  'the rights on tables are those that are listed here'
);

-- Where a role has no right on the whole table.
select set_eq(
  $$
    select format('%s %s on %s.%s.%s', r, p, n.nspname, c.relname, a.attname)
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      cross join unnest(array['anon', 'authenticated', 'service_role']) r
      cross join unnest(array['select', 'insert', 'update', 'references']) p
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and has_column_privilege(r, c.oid, a.attnum, p) and not has_table_privilege(r, c.oid, p)
  $$,
  array[
    'authenticated select on public.tasks.completed_at',
    'authenticated select on public.tasks.created_at',
    'authenticated select on public.tasks.error',
    'authenticated select on public.tasks.generation_id',
    'authenticated select on public.tasks.id',
    'authenticated select on public.tasks.provider',
    'authenticated select on public.tasks.provider_poll_count',
    'authenticated select on public.tasks.provider_status',
    'authenticated select on public.tasks.status',
    'authenticated select on public.tasks.type',
    'authenticated select on public.tasks.updated_at',
    'authenticated select on public.tasks.user_id',
    'authenticated select on public.tasks.voice_id'
  ],
  'the rights on single columns are those that are listed here: users see nothing of the queue'
);

select is_empty(
  $$
    select r, p from unnest(array['anon', 'authenticated']) r, unnest(array['usage', 'create']) p
    where has_schema_privilege(r, 'private', p)
  $$,
  'users cannot enter the schema private'
);
select is_empty(
  $$ select r from unnest(array['anon', 'authenticated']) r where has_schema_privilege(r, 'public', 'create') $$,
  'users create nothing in the schema public'
);
select is_empty(
  $$
    select c.relname, r from pg_catalog.pg_class c, unnest(array['anon', 'authenticated']) r
    where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'S'
      and has_sequence_privilege(r, c.oid, 'usage, update')
  $$,
  'users advance no sequence'
);

select * from finish();
rollback;
