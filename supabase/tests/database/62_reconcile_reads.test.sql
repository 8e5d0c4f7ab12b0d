-- How many rows the calls of reconcile read among 100,000 enrollments, 30 of them open: those and a batch's at most.
begin;
select plan(38);

insert into private.voice_enrollments
  (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint)
select
  ('7e570000-0000-4000-8000-' || lpad((number % 200)::text, 12, '0'))::uuid,
  ('7e570001-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, gen_random_uuid(),
  'pgtap' || lpad(number::text, 5, '0'), 'finalized',
  timestamptz '2020-01-01', 'pgtap', 'f'
from generate_series(0, 99999) as number;
insert into private.voice_enrollments (
  user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint, details, provider_voice_id,
  provider_target_model
)
select
  ('7e570000-0000-4000-8000-' || lpad((number * 6)::text, 12, '0'))::uuid, gen_random_uuid(), gen_random_uuid(),
  'pgtap-open-' || number, (array['claimed', 'sending', 'created'])[1 + number % 3], timestamptz '2020-01-01', 'pgtap',
  'f', '{}', 'pgtap-' || number, 'm'
from generate_series(1, 30) as number;
insert into auth.users (id, email) values ('7e570000-0000-4000-8000-00000000000a', 'pgtap-reconcile@example.com');
-- As many provider voices as an account of the provider may have, among voices of modal.
insert into public.voices (
  user_id, name, tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region
)
select '7e570000-0000-4000-8000-00000000000a', 'voice', 'qwen', 'pgtap-voice-' || number, 'm', 'vc', 'pgtap'
from generate_series(1, 1000) as number;
insert into public.voices (user_id, name)
select '7e570000-0000-4000-8000-00000000000a', 'voice' from generate_series(1, 19000);
insert into private.clone_sendings (attempt_id, user_id)
select
  gen_random_uuid(),
  ('7e570000-0000-4000-8000-' || lpad(case number % 200 when 0 then 'a' else number::text end, 12, '0'))::uuid
from generate_series(1, 20000) as number;
-- Uploads that nobody claimed, and clips of a user who is gone.
insert into storage.objects (bucket_id, name, created_at)
select
  'references', format('%s/%s/reference.wav', (array[
    '7e570000-0000-4000-8000-00000000000a', '7e570000-0000-4000-8000-00000000000b'
  ])[1 + number % 2], gen_random_uuid()), timestamptz '2020-01-01'
from generate_series(1, 40) as number;
-- A region whose ids do not carry the token: 1,000 voices in each of 100 lists, and 30 creates to settle.
insert into private.ids_without_token (region, provider_voice_id) values ('pgtap', 'pgtap-seen');
insert into private.voice_lists (region, listed_at)
select 'pgtap', timestamptz '2019-01-01' + make_interval(hours => number) from generate_series(1, 100) as number;
insert into private.listed_voices (region, provider_voice_id, first_listed_at)
select 'pgtap', 'pgtap-voice-' || number, timestamptz '2019-01-01' from generate_series(1, 1000) as number;
update private.voice_enrollments set sending_since = '2020-01-01' where token like 'pgtap-open-%';
analyze private.voice_enrollments;
analyze private.voice_lists;
analyze private.listed_voices;
analyze public.voices;
analyze private.clone_sendings;

-- How many rows of a table a statement reads, with an index or without, and how often it goes through an index.
create function pg_temp.reads(p_statement text, p_table regclass, p_index regclass)
  returns table (rows_read bigint, index_scans bigint)
  language plpgsql
as $$
declare
  rows_before bigint;
  scans_before bigint := pg_stat_get_xact_numscans(p_index);
begin
  select seq_tup_read + coalesce(idx_tup_fetch, 0) into rows_before
  from pg_stat_xact_user_tables where relid = p_table;
  execute p_statement;
  return query
  select seq_tup_read + coalesce(idx_tup_fetch, 0) - rows_before, pg_stat_get_xact_numscans(p_index) - scans_before
  from pg_stat_xact_user_tables where relid = p_table;
end
$$;

create temporary table calls (what text, statement text, read regclass, by_index regclass, at_most bigint);
insert into calls (what, statement, read, by_index, at_most) values
  (
    'counting what to release', 'select public.reconcile_release(false)', 'private.voice_enrollments',
    'private.voice_enrollments_open', 100
  ),
  (
    'the first page of what is open',
    $$ select public.reconcile_expired(
      '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000', 20
    ) $$,
    'private.voice_enrollments', 'private.voice_enrollments_open', 100
  ),
  (
    'a later page of it',
    $$ select public.reconcile_expired(
      '7e570000-0000-4000-8000-000000000100', '00000000-0000-0000-0000-000000000000', 20
    ) $$,
    'private.voice_enrollments', 'private.voice_enrollments_open', 100
  ),
  (
    'looking for a token in 1,000 ids',
    $$ select public.reconcile_sort('pgtap', jsonb_agg(jsonb_build_object(
      'provider_voice_id', format('qwen-tts-vc-grace_PGTAP%s-voice-20261128100000000-1f3c', lpad(number::text, 5, '0'))
    ))) from generate_series(1, 1000) as number $$,
    'private.voice_enrollments', 'private.voice_enrollments_by_token', 1000
  ),
  (
    'looking for a token in 1,000 ids that carry none',
    $$ select public.reconcile_sort('pgtap', jsonb_agg(jsonb_build_object(
      'provider_voice_id', format('voice-20261128100000000-%s', number)
    ))) from generate_series(1, 1000) as number $$,
    'private.voice_enrollments', 'private.voice_enrollments_by_token', 0
  ),
  (
    'comparing 1,000 listed voices',
    $$ select public.reconcile_compare(
      'pgtap', (select array_agg('pgtap-voice-' || number) from generate_series(1, 1000) as number), now(), false
    ) $$,
    -- The region's enrollments once, and the open ones.
    'private.voice_enrollments', 'private.voice_enrollments_open', 100200
  ),
  (
    'comparing them with lists',
    $$ select public.reconcile_compare(
      'pgtap', (select array_agg('pgtap-new-' || number) from generate_series(1, 1000) as number), now(), false
    ) $$,
    -- As many as are listed for each open one, in one go.
    'private.listed_voices', null, 30000
  ),
  (
    'looking up 100 provider voices',
    $$ select public.reconcile_sort('pgtap', jsonb_agg(jsonb_build_object(
      'provider_voice_id', 'pgtap-voice-' || number
    ))) from generate_series(1, 100) as number $$,
    'public.voices', 'public.voices_provider_voice', 1000
  ),
  (
    'recording an orphan',
    $$ select public.reconcile_record_orphan(
      'pgtap', 'pgtap-orphan', '7e570000-0000-4000-8000-000000000001', '7e570001-0000-4000-8000-000000000001', now()
    ) $$,
    'private.voice_enrollments', 'private.voice_enrollments_pkey', 5
  ),
  (
    'a claim against the limits',
    $$ select public.clone_claim(
      '7e570000-0000-4000-8000-00000000000a', gen_random_uuid(), gen_random_uuid(), 't', 'pgtap', '{}', 'qwen', 10, 50
    ) $$,
    -- Those of the user, 100, twice for each of three limits.
    'private.clone_sendings', 'private.clone_sendings_of_user', 600
  ),
  (
    'a claim', $$ select public.clone_claim(
      '7e570000-0000-4000-8000-00000000000a', gen_random_uuid(), gen_random_uuid(), 't', 'pgtap', '{}', 'qwen', 10, 50
    ) $$,
    'private.voice_enrollments', 'private.voice_enrollments_pkey', 10
  ),
  (
    'sweeping uploads', 'select public.unclaimed_uploads(86400, 20, true)', 'public.voices',
    'public.voices_by_reference', 100
  ),
  (
    'finding what users who are gone have left', 'select public.forgotten_objects(86400, 20)', 'public.voices',
    'public.voices_by_reference', 100
  );

select cmp_ok(rows_read, '<=', at_most, format('%s reads few rows of %s', what, read))
from calls, pg_temp.reads(statement, read, by_index);
select cmp_ok(index_scans, '>', 0::bigint, format('%s goes by %s', what, by_index))
from calls, pg_temp.reads(statement, read, by_index)
where by_index is not null;

-- As it is planned after some calls, for any values.
set local plan_cache_mode = force_generic_plan;
select cmp_ok(rows_read, '<=', at_most, format('%s still reads few rows of %s', what, read))
from calls, pg_temp.reads(statement, read, by_index);

select * from finish();
rollback;
