-- How many rows the calls of the queue read among 20,000 tasks, 50 of them unfinished: those at most.
begin;
select plan(18);

insert into auth.users (id, email)
select ('7e570000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'pgtap-' || number || '@example.com'
from generate_series(0, 199) as number;
insert into public.voices (
  id, user_id, name, tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region
)
select
  ('7e570001-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('7e570000-0000-4000-8000-' || lpad((number % 200)::text, 12, '0'))::uuid, 'voice', 'qwen', 'pgtap-' || number, 'm',
  'vc', 'pgtap'
from generate_series(0, 1999) as number;
insert into public.generations (
  id, user_id, voice_id, text, language, tts_provider, provider_target_model, audio_object_key, completed_at
)
select
  ('7e570002-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid,
  ('7e570000-0000-4000-8000-' || lpad((number % 200)::text, 12, '0'))::uuid,
  ('7e570001-0000-4000-8000-' || lpad((number % 2000)::text, 12, '0'))::uuid, 'text', 'Auto', 'qwen', 'm',
  case when number % 400 <> 7 then 'key' end, case when number % 400 <> 7 then now() end
from generate_series(0, 19999) as number;
insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, completed_at, created_at)
select g.id, g.user_id, 'generate', case when g.completed_at is null then 'pending' else 'completed' end, 'qwen', g.id,
  g.voice_id, g.completed_at, timestamptz '2020-01-01'
from public.generations g where g.id::text like '7e570002-%';
analyze public.voices;
analyze public.generations;
analyze public.tasks;

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

create temporary table calls (what text, statement text, by_index regclass, at_most bigint);
insert into calls (what, statement, by_index, at_most) values
  (
    'taking up the oldest task', $$ select public.task_claim(gen_random_uuid(), 60, 3, 'qwen', 'pgtap') $$,
    'public.tasks_unfinished_oldest_first', 60
  ),
  (
    'finding none to take up', $$ select public.task_claim(gen_random_uuid(), 60, 3, 'qwen', 'elsewhere') $$,
    'public.tasks_unfinished_oldest_first', 60
  ),
  (
    'taking up one task',
    $$ select public.task_claim(
      gen_random_uuid(), 60, 3, 'qwen', 'pgtap', '7e570002-0000-4000-8000-000000019607'
    ) $$,
    'public.tasks_pkey', 60
  ),
  (
    'asking for a generation',
    $$ select public.generation_create(
      '7e570000-0000-4000-8000-000000000011', '7e570001-0000-4000-8000-000000000011', gen_random_uuid(),
      gen_random_uuid(), 'text', 'qwen', 'pgtap', 10
    ) $$,
    'public.tasks_of_user', 110
  ),
  (
    'cancelling a task',
    $$ select public.task_cancel('7e570000-0000-4000-8000-000000000007', '7e570002-0000-4000-8000-000000019207') $$,
    'public.tasks_pkey', 5
  ),
  (
    'completing a task',
    $$ select public.task_complete('7e570002-0000-4000-8000-000000018807', 'key', 1, 1, '{}') $$,
    'public.tasks_pkey', 5
  );

select cmp_ok(rows_read, '<=', at_most, what || ' reads few tasks')
from calls, pg_temp.reads(statement, 'public.tasks', by_index);
select cmp_ok(index_scans, '>', 0::bigint, format('%s goes by %s', what, by_index))
from calls, pg_temp.reads(statement, 'public.tasks', by_index);

-- As it is planned after some calls, for any values.
set local plan_cache_mode = force_generic_plan;
select cmp_ok(rows_read, '<=', at_most, what || ' still reads few tasks')
from calls, pg_temp.reads(statement, 'public.tasks', by_index);

select * from finish();
rollback;
