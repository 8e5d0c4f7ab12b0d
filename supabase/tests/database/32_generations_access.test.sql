-- Who sees and changes generations: users read own ones, and service_role does everything.
begin;
select plan(20);

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

-- What a browser's roles are refused, whoever a row belongs to.
create function pg_temp.writes() returns setof text
  language sql
as $$
  select unnest(array[
    'insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model) 
      values (gen_random_uuid(), pg_temp.a(), ''7e570001-0000-4000-8000-000000000001'', ''new'', ''x'', ''x'', ''x'')',
    'update public.generations set text = text',
    'delete from public.generations',
    'truncate public.generations cascade'
  ])
$$;

select pg_temp.act_as('anon');
select throws_ok(
  'select id from public.generations', '42501', 'permission denied for table generations', 'anon sees nothing'
);
select throws_ok(statement, '42501', 'permission denied for table generations', 'anon may not ' || statement)
from pg_temp.writes() as statement;

select pg_temp.act_as('authenticated', pg_temp.a());
select results_eq(
  'select text from public.generations', array['own'], 'a user sees own rows alone'
);
select throws_ok(statement, '42501', 'permission denied for table generations', 'a user may not ' || statement)
from pg_temp.writes() as statement;

select pg_temp.act_as('authenticated', pg_temp.b());
select results_eq(
  'select text from public.generations', array['another''s'], 'another user sees own rows alone'
);
select throws_ok(statement, '42501', 'permission denied for table generations', 'another user may not ' || statement)
from pg_temp.writes() as statement;

select pg_temp.act_as('authenticated');
select is_empty('select id from public.generations', 'a token of no user sees nothing');

select pg_temp.act_as('service_role');
select set_eq(
  'select text from public.generations where user_id in (pg_temp.a(), pg_temp.b())',
  array['own', 'another''s'],
  'service_role sees the rows of all users'
);
select lives_ok(statement, 'service_role may ' || statement)
from unnest(array[
  'insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model) 
      values (gen_random_uuid(), pg_temp.a(), ''7e570001-0000-4000-8000-000000000001'', ''new'', ''x'', ''x'', ''x'')',
  'update public.generations set text = text where user_id = pg_temp.a()',
  'delete from public.generations where user_id = pg_temp.a()'
]) as statement;

select * from finish();
rollback;
