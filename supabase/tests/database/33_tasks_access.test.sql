-- Who sees and changes tasks: users read own ones, nothing of the queue, and service_role does everything.
begin;
select plan(25);

-- Two users.
create function pg_temp.a() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000a'::uuid $$;
create function pg_temp.b() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000b'::uuid $$;
insert into auth.users (id, email) values (pg_temp.a(), 'pgtap-a@example.com'), (pg_temp.b(), 'pgtap-b@example.com');

-- From here on as a role, and as a user of it.
create function pg_temp.act_as(p_role text, p_user_id uuid default null) returns void
  language plpgsql
as $$
begin
  perform set_config('role', p_role, true),
    set_config('request.jwt.claim.sub', coalesce(p_user_id::text, ''), true),
    set_config('request.jwt.claims', jsonb_build_object('role', p_role, 'sub', p_user_id)::text, true);
end
$$;

insert into public.voices (id, user_id, name)
values
  ('7e570001-0000-4000-8000-000000000001', pg_temp.a(), 'own'),
  ('7e570001-0000-4000-8000-000000000003', pg_temp.b(), 'another''s');
insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
select v.id, v.user_id, v.id, v.name, 'Auto', 'qwen', 'm'
from public.voices v where v.user_id in (pg_temp.a(), pg_temp.b());
insert into public.tasks (id, user_id, type, status, provider, provider_status, generation_id, voice_id)
select g.id, g.user_id, 'generate', 'pending', 'qwen', g.text, g.id, g.voice_id
from public.generations g where g.user_id in (pg_temp.a(), pg_temp.b());
insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
values (
  '7e570002-0000-4000-8000-000000000001', pg_temp.a(), '7e570001-0000-4000-8000-000000000001', 'without a task', 'Auto',
  'qwen', 'm'
);

-- What a browser's roles are refused, whoever a row belongs to.
create function pg_temp.writes() returns setof text
  language sql
as $$
  select unnest(array[
    'insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id) 
      values (gen_random_uuid(), pg_temp.a(), ''generate'', ''pending'', ''qwen'',
        ''7e570002-0000-4000-8000-000000000001'', ''7e570001-0000-4000-8000-000000000001'')',
    'update public.tasks set provider_status = provider_status',
    'delete from public.tasks',
    'truncate public.tasks cascade'
  ])
$$;

select pg_temp.act_as('anon');
select throws_ok(
  'select id from public.tasks', '42501', 'permission denied for table tasks', 'anon sees nothing'
);
select throws_ok(statement, '42501', 'permission denied for table tasks', 'anon may not ' || statement)
from pg_temp.writes() as statement;

select pg_temp.act_as('authenticated', pg_temp.a());
select results_eq(
  'select provider_status from public.tasks', array['own'], 'a user sees own rows alone'
);
select throws_ok(statement, '42501', 'permission denied for table tasks', 'a user may not ' || statement)
from pg_temp.writes() as statement;

select pg_temp.act_as('authenticated', pg_temp.b());
select results_eq(
  'select provider_status from public.tasks', array['another''s'], 'another user sees own rows alone'
);
select throws_ok(statement, '42501', 'permission denied for table tasks', 'another user may not ' || statement)
from pg_temp.writes() as statement;

select pg_temp.act_as('authenticated', pg_temp.a());
select throws_ok(
  format('select %s from public.tasks', hidden), '42501', 'permission denied for table tasks',
  format('a user may not read %s of own tasks', hidden)
)
from unnest(array['*', 'attempts', 'lease_id', 'lease_expires_at', 'run_after']) as hidden;

select pg_temp.act_as('authenticated');
select is_empty('select id from public.tasks', 'a token of no user sees nothing');

select pg_temp.act_as('service_role');
select set_eq(
  'select provider_status from public.tasks where user_id in (pg_temp.a(), pg_temp.b())',
  array['own', 'another''s'],
  'service_role sees the rows of all users'
);
select lives_ok(statement, 'service_role may ' || statement)
from unnest(array[
  'insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id) 
      values (gen_random_uuid(), pg_temp.a(), ''generate'', ''pending'', ''qwen'',
        ''7e570002-0000-4000-8000-000000000001'', ''7e570001-0000-4000-8000-000000000001'')',
  'update public.tasks set provider_status = provider_status where user_id = pg_temp.a()',
  'delete from public.tasks where user_id = pg_temp.a()'
]) as statement;

select * from finish();
rollback;
