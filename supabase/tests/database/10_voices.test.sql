-- The table of voices: what a row may be.
begin;
select plan(14);

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
