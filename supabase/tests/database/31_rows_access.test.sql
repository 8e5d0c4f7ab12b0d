-- Who sees and changes voices, generations and tasks: users read own ones, no deleted voice and nothing of the queue, and
-- service_role does everything.
begin;
select plan(65);

-- Two users.
create function pg_temp.a() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000a'::uuid $$;
create function pg_temp.b() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000b'::uuid $$;
insert into auth.users (id, email) values (pg_temp.a(), 'pgtap-a@example.com'), (pg_temp.b(), 'pgtap-b@example.com');

-- Continues as a role, and as a user of it.
create function pg_temp.act_as(p_role text, p_user_id uuid default null) returns void
  language plpgsql
as $$
begin
  perform set_config('role', p_role, true),
    set_config('request.jwt.claim.sub', coalesce(p_user_id::text, ''), true),
    set_config('request.jwt.claims', jsonb_build_object('role', p_role, 'sub', p_user_id)::text, true);
end
$$;

insert into public.voices (id, user_id, name, deleted_at)
values
  ('7e570001-0000-4000-8000-000000000001', pg_temp.a(), 'own', null),
  ('7e570001-0000-4000-8000-000000000002', pg_temp.a(), 'deleted', now()),
  ('7e570001-0000-4000-8000-000000000003', pg_temp.b(), 'another''s', null);
insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
select v.id, v.user_id, v.id, v.name, 'Auto', 'qwen', 'm'
from public.voices v where v.user_id in (pg_temp.a(), pg_temp.b()) and v.deleted_at is null;
insert into public.tasks (id, user_id, type, status, provider, provider_status, generation_id, voice_id)
select g.id, g.user_id, 'generate', 'pending', 'qwen', g.text, g.id, g.voice_id
from public.generations g where g.user_id in (pg_temp.a(), pg_temp.b());
-- A generation without a task, of a third user, whom no list here shows.
insert into auth.users (id, email) values ('7e570000-0000-4000-8000-00000000000c', 'pgtap-c@example.com');
insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
values (
  '7e570002-0000-4000-8000-000000000001', '7e570000-0000-4000-8000-00000000000c',
  '7e570001-0000-4000-8000-000000000003', 'without a task', 'Auto', 'qwen', 'm'
);

-- The tables in the order in which their rows are removed below, each with a column that names its rows above.
create temporary table guarded (position integer, of text, label text, addition text, names text[]);
insert into guarded values
  (
    1, 'tasks', 'provider_status',
    'insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id)
      values (gen_random_uuid(), pg_temp.a(), ''generate'', ''pending'', ''qwen'',
        ''7e570002-0000-4000-8000-000000000001'', ''7e570001-0000-4000-8000-000000000001'')',
    array['own', 'another''s']
  ),
  (
    2, 'generations', 'text',
    'insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
      values (gen_random_uuid(), pg_temp.a(), ''7e570001-0000-4000-8000-000000000001'', ''new'', ''x'', ''x'', ''x'')',
    array['own', 'another''s']
  ),
  (
    3, 'voices', 'name', 'insert into public.voices (user_id, name) values (pg_temp.a(), ''new'')',
    array['own', 'deleted', 'another''s']
  );

-- What a browser's roles are refused, whoever a row belongs to.
create view pg_temp.writes as
select of, unnest(array[
  addition, format('update public.%1$s set %2$s = %2$s', of, label), format('delete from public.%s', of),
  format('truncate public.%s cascade', of)
]) as statement
from guarded;
grant select on guarded, pg_temp.writes to public;

select pg_temp.act_as('anon');
select throws_ok(
  format('select id from public.%s', of), '42501', 'permission denied for table ' || of, 'anon sees no ' || of
)
from guarded;
select throws_ok(statement, '42501', 'permission denied for table ' || of, 'anon may not ' || statement)
from pg_temp.writes;

select pg_temp.act_as('authenticated', pg_temp.a());
select results_eq(format('select %s from public.%s', label, of), array['own'], format('a user sees own %s alone', of))
from guarded;
select throws_ok(statement, '42501', 'permission denied for table ' || of, 'a user may not ' || statement)
from pg_temp.writes;
select throws_ok(
  format('select %s from public.tasks', hidden), '42501', 'permission denied for table tasks',
  format('a user may not read %s of own tasks', hidden)
)
from unnest(array['*', 'attempts', 'lease_id', 'lease_expires_at', 'run_after']) as hidden;

select pg_temp.act_as('authenticated', pg_temp.b());
select results_eq(
  format('select %s from public.%s', label, of), array['another''s'], format('another user sees own %s alone', of)
)
from guarded;
select throws_ok(statement, '42501', 'permission denied for table ' || of, 'another user may not ' || statement)
from pg_temp.writes;

select pg_temp.act_as('authenticated');
select is_empty(format('select id from public.%s', of), 'a token of no user sees no ' || of) from guarded;

select pg_temp.act_as('service_role');
select set_eq(
  format('select %s from public.%s where user_id in (pg_temp.a(), pg_temp.b())', label, of), names,
  format('service_role sees the %s of all users', of)
)
from guarded;
select lives_ok(statement, 'service_role may ' || statement)
from (
  select statement
  from guarded, unnest(array[
    addition, format('update public.%1$s set %2$s = %2$s where user_id = pg_temp.a()', of, label),
    format('delete from public.%s where user_id = pg_temp.a()', of)
  ]) with ordinality as step (statement, number)
  order by position, number
) as steps;

select * from finish();
rollback;
