-- The table of generations: what a row may be.
begin;
select plan(8);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'public.generations'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('id', 'uuid', true, null),
    ('user_id', 'uuid', true, null),
    ('voice_id', 'uuid', true, null),
    ('text', 'text', true, null),
    ('language', 'text', true, null),
    ('tts_provider', 'text', true, null),
    ('provider_target_model', 'text', true, null),
    ('provider_request_id', 'text', false, null),
    ('provider_metadata', 'jsonb', true, '''{}''::jsonb'),
    ('audio_object_key', 'text', false, null),
    ('audio_size_bytes', 'integer', false, null),
    ('audio_duration_seconds', 'double precision', false, null),
    ('created_at', 'timestamp with time zone', true, 'now()'),
    ('completed_at', 'timestamp with time zone', false, null)
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'public.generations'::regclass and contype <> 'c'
  $$,
  array[
    'PRIMARY KEY (id)',
    'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE',
    'FOREIGN KEY (voice_id) REFERENCES voices(id) ON DELETE CASCADE'
  ],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'public.generations'::regclass and contype = 'c'
  $$,
  array['generations_completed_is_stored'],
  'its checks are those that are tested here'
);
select indexes_are(
  'public', 'generations',
  array['generations_pkey', 'generations_of_user', 'generations_of_voice'],
  'its indexes'
);

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
