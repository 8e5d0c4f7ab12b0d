-- Which policies there are: a list that is complete for our tables, and names ours on the objects of Storage.
begin;
select plan(2);

select set_eq(
  $$
    select format('%s.%s: %s, %s for %s to %s', schemaname, tablename, policyname, lower(permissive), lower(cmd), roles)
    from pg_catalog.pg_policies where schemaname in ('public', 'private')
  $$,
  array[
    'public.generations: A user reads own generations, permissive for select to {authenticated}',
    'public.tasks: A user reads own tasks, permissive for select to {authenticated}',
    'public.voices: A user reads own live voices, permissive for select to {authenticated}'
  ],
  'the policies on our tables are those that are listed here'
);

-- A project may have policies of its own there.
select set_has(
  $$
    select format('%s, %s for %s to %s', policyname, lower(permissive), lower(cmd), roles)
    from pg_catalog.pg_policies where schemaname = 'storage' and tablename = 'objects'
  $$,
  $$ values
    ('Generations are never overwritten by users, restrictive for update to {anon,authenticated}'),
    ('Generations are never removed by users, restrictive for delete to {anon,authenticated}'),
    ('Generations are never stored by users, restrictive for insert to {anon,authenticated}'),
    ('Generations are read by their own users at most, restrictive for select to {anon,authenticated}'),
    ('References are never overwritten by users, restrictive for update to {anon,authenticated}'),
    ('References are never removed by users, restrictive for delete to {anon,authenticated}'),
    ('References are read by their own users at most, restrictive for select to {anon,authenticated}'),
    ('References are uploaded through signed URLs only, restrictive for insert to {anon,authenticated}')
  $$,
  'objects are guarded by restrictive policies, which hold against any other'
);

select * from finish();
rollback;
