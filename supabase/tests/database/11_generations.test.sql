-- The table of generations: what a row may be.
begin;
select plan(4);

insert into auth.users (id, email) values ('7e570000-0000-4000-8000-000000000001', 'pgtap-generations@example.com');
insert into public.voices (id, user_id, name)
values ('7e570001-0000-4000-8000-000000000001', '7e570000-0000-4000-8000-000000000001', 'Grace');

create function pg_temp.save(p_completed_at timestamptz, p_audio_object_key text) returns void
  language sql
as $$
  insert into public.generations
    (id, user_id, voice_id, text, language, tts_provider, provider_target_model, completed_at, audio_object_key)
  values (
    gen_random_uuid(), '7e570000-0000-4000-8000-000000000001', '7e570001-0000-4000-8000-000000000001', 'Hello.',
    'Auto', 'qwen', 'm', p_completed_at, p_audio_object_key
  )
$$;

select lives_ok($$ select pg_temp.save(null, null) $$, 'one that is not completed has no audio');
select lives_ok($$ select pg_temp.save(now(), 'key') $$, 'one that is completed has audio');
select throws_ok(
  format('select pg_temp.save(%L, %L)', completed_at, audio_object_key), '23514',
  'new row for relation "generations" violates check constraint "generations_completed_is_stored"', what
)
from (values
  (now(), null, 'completed without audio is refused'),
  (null, 'key', 'audio without completion is refused')
) as refused (completed_at, audio_object_key, what);

select * from finish();
rollback;
