-- Every function in the schemas public and private: who may call it, and with whose rights it runs.
begin;
select plan(6);

-- A new function needs a row here. Roles: of anon, authenticated and service_role, those that may call it.
create temporary table known (signature text, callers text[], runs_as_definer boolean);
insert into known (signature, callers, runs_as_definer) values
  ('private.created_voice(private.voice_enrollments)', '{}', false),
  ('private.details_of(public.voices)', '{}', false),
  ('private.fingerprint(jsonb)', '{}', false),
  ('private.is_traceable(text)', '{}', false),
  ('private.not_found_for(uuid)', '{}', false),
  ('private.record_orphan(text,text,uuid,uuid,text,text)', '{}', false),
  (
    'private.seconds_until_allowed(uuid,uuid,integer,integer,integer,integer,integer,integer,timestamp with time zone)',
    '{}', false
  ),
  ('private.settle_as_absent(uuid,uuid)', '{}', false),
  ('private.standing_voice(public.voices,uuid,jsonb)', '{}', false),
  ('public.account_stands(uuid)', '{service_role}', true),
  ('public.clone_claim(uuid,uuid,uuid,text,text,jsonb,text,integer,integer,integer)', '{service_role}', true),
  ('public.clone_complete(uuid,uuid,uuid,text,text,jsonb,jsonb)', '{service_role}', true),
  ('public.clone_release(uuid,uuid,uuid,jsonb,integer,integer)', '{service_role}', true),
  (
    'public.clone_sending(uuid,uuid,uuid,text,jsonb,integer,integer,integer,integer,integer,integer)', '{service_role}',
    true
  ),
  ('public.clone_unresolved(uuid,uuid,uuid,jsonb,boolean)', '{service_role}', true),
  ('public.deployment_facts()', '{service_role}', true),
  ('public.erase_details(boolean)', '{service_role}', true),
  ('public.forgotten_objects(integer,integer)', '{service_role}', true),
  ('public.generation_create(uuid,uuid,uuid,uuid,text,text,text,integer,text)', '{service_role}', true),
  ('public.purge_done(text,text)', '{service_role}', true),
  ('public.purge_next(text,integer,text[])', '{service_role}', true),
  ('public.reconcile_absent(uuid)', '{service_role}', true),
  ('public.reconcile_compare(text,text[],timestamp with time zone,boolean)', '{service_role}', true),
  ('public.reconcile_expired(uuid,uuid,integer)', '{service_role}', true),
  ('public.reconcile_gone(text,text[],timestamp with time zone,integer)', '{service_role}', true),
  ('public.reconcile_record_orphan(text,text,uuid,uuid,timestamp with time zone)', '{service_role}', true),
  ('public.reconcile_release(boolean)', '{service_role}', true),
  ('public.reconcile_sort(text,jsonb)', '{service_role}', true),
  ('public.task_cancel(uuid,uuid)', '{service_role}', true),
  ('public.task_claim(uuid,integer,integer,text,text,uuid)', '{service_role}', true),
  ('public.task_complete(uuid,text,integer,double precision,jsonb,text)', '{service_role}', true),
  ('public.task_fail(uuid,uuid,text,text)', '{service_role}', true),
  ('public.task_put_back(uuid,uuid,integer,boolean,text)', '{service_role}', true),
  ('public.unclaimed_uploads(integer,integer,boolean)', '{service_role}', true),
  ('public.upload_url_take(uuid,integer)', '{service_role}', true);

-- Those of extensions are not the project's own. Types are written with their schemas, as they are while no schema is
-- on the search path.
set local search_path = '';
create temporary table functions as
select
  format('%s.%s(%s)', n.nspname, p.proname, (
    select string_agg(format_type(t.type, null), ',' order by t.position)
    from unnest(p.proargtypes) with ordinality as t (type, position)
  )) as signature,
  p.oid,
  array(
    select r from unnest(array['anon', 'authenticated', 'service_role']) r
    where has_function_privilege(r, p.oid, 'execute')
  ) as callers,
  p.prosecdef as runs_as_definer, p.proconfig, p.proacl, p.proowner
from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'private') and not exists (
  select from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
);
reset search_path;

select set_eq(
  'select signature from functions', 'select signature from known', 'the functions are those that are listed here'
);
select bag_eq(
  'select signature, callers::text from functions', 'select signature, callers::text from known',
  'only those who are listed here may call them'
);
select bag_eq(
  'select signature, runs_as_definer from functions', 'select signature, runs_as_definer from known',
  'only those that are listed here run with the rights of their owner'
);
select is_empty(
  $$
    select signature from functions, aclexplode(coalesce(proacl, acldefault('f', proowner))) a where a.grantee = 0
  $$,
  'nothing is granted to public'
);
select is_empty(
  $$ select signature from functions where proconfig is distinct from array['search_path=""'] $$,
  'every function has an empty search path'
);
select is_empty(
  $$ select signature from functions f join pg_catalog.pg_roles r on r.oid = f.proowner where r.rolsuper $$,
  'no function belongs to a superuser'
);

select * from finish();
rollback;
