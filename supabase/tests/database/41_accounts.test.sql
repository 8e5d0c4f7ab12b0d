-- What an account gets that was deleted while its token is still valid, and what one that exists.
begin;
select plan(13);

insert into auth.users (id, email) values
  ('7e570000-0000-4000-8000-00000000000a', 'pgtap-a@example.com'),
  ('7e570000-0000-4000-8000-00000000000b', 'pgtap-b@example.com');
insert into public.voices (
  id, user_id, name, tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region
)
select
  ('7e570001-0000-4000-8000-00000000000' || letter)::uuid, ('7e570000-0000-4000-8000-00000000000' || letter)::uuid,
  'Grace', 'qwen', 'pgtap voice ' || letter, 'model', 'vc', 'pgtap'
from unnest(array['a', 'b']) as letter;

create function pg_temp.speak(p_user text, p_voice text, p_task text) returns text
  language sql
as $$
  select public.generation_create(
    ('7e570000-0000-4000-8000-00000000000' || p_user)::uuid, ('7e570001-0000-4000-8000-00000000000' || p_voice)::uuid,
    ('7e570002-0000-4000-8000-00000000000' || p_task)::uuid, ('7e570003-0000-4000-8000-00000000000' || p_task)::uuid,
    'Hello.', 'qwen', 'pgtap', 20
  ) ->> 'outcome';
$$;
create function pg_temp.cancel(p_user text, p_task text) returns text
  language sql
as $$
  select public.task_cancel(
    ('7e570000-0000-4000-8000-00000000000' || p_user)::uuid, ('7e570003-0000-4000-8000-00000000000' || p_task)::uuid
  ) ->> 'outcome';
$$;

set local role service_role;
select ok(public.account_stands('7e570000-0000-4000-8000-00000000000a'), 'an account that exists stands');
select ok(not public.account_stands('7e570000-0000-4000-8000-00000000000c'), 'one that never was does not');
select is(pg_temp.speak('a', 'a', '1'), 'created', 'a text is taken');
select is(pg_temp.speak('a', 'a', '1'), 'created', 'and again with the same ids');
select is(pg_temp.speak('a', 'b', '2'), 'not_found', 'another user''s voice is not found');
select is(pg_temp.speak('b', 'b', '1'), 'not_found', 'nor is what would take another user''s ids');
select is(pg_temp.cancel('b', '1'), 'not_found', 'nor is another user''s task');
reset role;

delete from auth.users where id = '7e570000-0000-4000-8000-00000000000a';

set local role service_role;
select ok(not public.account_stands('7e570000-0000-4000-8000-00000000000a'), 'an account that was deleted does not stand');
select is(pg_temp.speak('a', 'a', '3'), 'deleted', 'its own voice: the account was deleted');
select is(pg_temp.speak('a', 'b', '3'), 'deleted', 'another''s voice: the same');
select is(pg_temp.cancel('a', '1'), 'deleted', 'its own task: the same');
select is(pg_temp.cancel('a', '9'), 'deleted', 'an unknown task: the same');
select is(pg_temp.cancel('b', '9'), 'not_found', 'an account that stands has no such task');

select * from finish();
rollback;
