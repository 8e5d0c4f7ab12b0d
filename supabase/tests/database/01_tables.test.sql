-- Which tables there are, whose they are, and that each refuses rows unless a policy allows them.
begin;
select plan(3);

create temporary table known (name text);
insert into known (name) values
  ('private.clone_sendings'),
  ('private.ids_without_token'),
  ('private.listed_voices'),
  ('private.orphaned_voices'),
  ('private.upload_allowances'),
  ('private.voice_enrollments'),
  ('private.voice_lists'),
  ('public.generations'),
  ('public.tasks'),
  ('public.voices');

-- Views, materialized views and foreign tables count: they show rows as well.
create temporary view relations as
select format('%s.%s', n.nspname, c.relname) as name, c.relrowsecurity, r.rolsuper
from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_roles r on r.oid = c.relowner
where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f');

select set_eq('select name from relations', 'select name from known', 'the tables are those that are listed here');
select is_empty(
  'select name from relations where not relrowsecurity',
  'every table has row level security'
);
select is_empty('select name from relations where rolsuper', 'no table is a superuser''s');

select * from finish();
rollback;
