-- The table of voices: what a row may be.
begin;
select plan(18);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'public.voices'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('id', 'uuid', true, 'gen_random_uuid()'),
    ('user_id', 'uuid', true, null),
    ('name', 'text', true, null),
    ('reference_object_key', 'text', false, null),
    ('reference_transcript', 'text', false, null),
    ('language', 'text', true, '''Auto''::text'),
    ('source', 'text', true, '''uploaded''::text'),
    ('description', 'text', false, null),
    ('created_at', 'timestamp with time zone', true, 'now()'),
    ('tts_provider', 'text', true, '''modal''::text'),
    ('provider_voice_id', 'text', false, null),
    ('provider_target_model', 'text', false, null),
    ('provider_voice_kind', 'text', false, null),
    ('provider_region', 'text', false, null),
    ('provider_request_id', 'text', false, null),
    ('provider_metadata', 'jsonb', true, '''{}''::jsonb'),
    ('deleted_at', 'timestamp with time zone', false, null)
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'public.voices'::regclass and contype <> 'c'
  $$,
  array['PRIMARY KEY (id)', 'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE'],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'public.voices'::regclass and contype = 'c'
  $$,
  array['voices_qwen_ready', 'voices_tts_provider_known'],
  'its checks are those that are tested here'
);
select indexes_are(
  'public', 'voices',
  array['voices_pkey', 'voices_live_newest_first', 'voices_provider_voice', 'voices_by_reference'],
  'its indexes'
);

insert into auth.users (id, email) values ('7e570000-0000-4000-8000-000000000001', 'pgtap-voices@example.com');

-- Saves a voice with these values over those of a qwen voice that has all it needs.
create function pg_temp.save(p_changes jsonb) returns void
  language sql
as $$
  insert into public.voices (
    user_id, name, tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region
  )
  select v.user_id, v.name, v.tts_provider, v.provider_voice_id, v.provider_target_model, v.provider_voice_kind,
    v.provider_region
  from jsonb_populate_record(null::public.voices, jsonb_build_object(
    'user_id', '7e570000-0000-4000-8000-000000000001', 'name', 'Grace', 'tts_provider', 'qwen',
    'provider_voice_id', gen_random_uuid(),
    'provider_target_model', 'm', 'provider_voice_kind', 'vc', 'provider_region', 'intl'
  ) || p_changes) v
$$;

select lives_ok($$ select pg_temp.save('{}') $$, 'a qwen voice that has all it needs is saved');
select throws_ok(
  format('select pg_temp.save(%L)', jsonb_build_object(field, value)), '23514',
  'new row for relation "voices" violates check constraint "voices_qwen_ready"',
  format('a qwen voice whose %s is %s is refused', field, case when value is null then 'null' else 'empty' end)
)
from unnest(array['provider_voice_id', 'provider_target_model', 'provider_voice_kind', 'provider_region']) as field,
  unnest(array[null, '']) as value;
select lives_ok(
  $$
    insert into public.voices (user_id, name)
    values ('7e570000-0000-4000-8000-000000000001', 'of the older function')
  $$,
  'the older function, which names no provider, saves a modal voice'
);
select throws_ok(
  $$ select pg_temp.save('{"tts_provider": "other"}') $$, '23514',
  'new row for relation "voices" violates check constraint "voices_tts_provider_known"',
  'another provider is refused'
);

select pg_temp.save('{"provider_voice_id": "one"}');
select throws_ok(
  $$ select pg_temp.save('{"provider_voice_id": "one"}') $$, '23505',
  'duplicate key value violates unique constraint "voices_provider_voice"',
  'a provider voice has one row'
);
select lives_ok(
  $$ select pg_temp.save('{"provider_voice_id": "one", "provider_region": "cn"}') $$,
  'the same id in another region is another provider voice'
);
select throws_ok(
  $$ select pg_temp.save('{"user_id": "7e570000-0000-4000-8000-000000000009"}') $$, '23503', null,
  'a voice without a user is refused'
);

select * from finish();
rollback;
