-- The table of tasks: what a row may be.
begin;
select plan(17);

insert into auth.users (id, email) values ('7e570000-0000-4000-8000-000000000001', 'pgtap-tasks@example.com');
insert into public.voices (id, user_id, name)
values ('7e570001-0000-4000-8000-000000000001', '7e570000-0000-4000-8000-000000000001', 'Grace');

-- Saves a task, and its generation, with these values over those of a pending one.
create function pg_temp.save(p_changes jsonb) returns void
  language sql
as $$
  with generation as (
    insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
    values (
      gen_random_uuid(), '7e570000-0000-4000-8000-000000000001', '7e570001-0000-4000-8000-000000000001', 'Hello.',
      'Auto', 'qwen', 'm'
    )
    returning id
  )
  insert into public.tasks
  select t.* from generation g, jsonb_populate_record(null::public.tasks, jsonb_build_object(
    'id', gen_random_uuid(), 'user_id', '7e570000-0000-4000-8000-000000000001', 'type', 'generate', 'status', 'pending',
    'provider', 'qwen', 'provider_poll_count', 0, 'generation_id', g.id,
    'voice_id', '7e570001-0000-4000-8000-000000000001', 'created_at', now(), 'updated_at', now(), 'attempts', 0,
    'run_after', now()
  ) || p_changes) t
$$;

select lives_ok(format('select pg_temp.save(%L)', task), format('a task that is %s', task ->> 'status'))
from jsonb_array_elements('[
  {"status": "pending"},
  {"status": "processing", "lease_id": "7e570000-0000-4000-8000-000000000001", "lease_expires_at": "2026-11-22"},
  {"status": "completed", "completed_at": "2026-11-22"},
  {"status": "failed", "completed_at": "2026-11-22", "error": "why"},
  {"status": "cancelled", "completed_at": "2026-11-22"}
]') as task;

select throws_ok(
  format('select pg_temp.save(%L)', changes), '23514',
  format('new row for relation "tasks" violates check constraint "%s"', check_name), 'refused: ' || changes
)
from (values
  ('tasks_status_check', '{"status": "lost"}'),
  ('tasks_type_check', '{"type": "other"}'),
  ('tasks_attempts_check', '{"attempts": -1}'),
  ('tasks_provider_poll_count_check', '{"provider_poll_count": -1}'),
  ('tasks_over_is_dated', '{"status": "completed"}'),
  ('tasks_over_is_dated', '{"completed_at": "2026-11-22"}'),
  ('tasks_failed_says_why', '{"status": "failed", "completed_at": "2026-11-22"}'),
  ('tasks_failed_says_why', '{"error": "why"}'),
  ('tasks_processing_is_leased', '{"status": "processing"}'),
  (
    'tasks_processing_is_leased',
    '{"lease_id": "7e570000-0000-4000-8000-000000000001", "lease_expires_at": "2026-11-22"}'
  ),
  ('tasks_processing_is_leased', '{"lease_expires_at": "2026-11-22"}')
) as refused (check_name, changes);
select throws_ok(
  $$
    insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id)
    select gen_random_uuid(), t.user_id, 'generate', 'pending', 'qwen', t.generation_id, t.voice_id
    from public.tasks t where t.user_id = '7e570000-0000-4000-8000-000000000001' limit 1
  $$,
  '23505', 'duplicate key value violates unique constraint "tasks_generation_id_key"', 'a generation has one task'
);

select * from finish();
rollback;
