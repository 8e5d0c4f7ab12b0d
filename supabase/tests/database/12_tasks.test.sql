-- The table of tasks: what a row may be.
begin;
select plan(21);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'public.tasks'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('id', 'uuid', true, null),
    ('user_id', 'uuid', true, null),
    ('type', 'text', true, null),
    ('status', 'text', true, null),
    ('provider', 'text', true, null),
    ('provider_status', 'text', false, null),
    ('provider_poll_count', 'integer', true, '0'),
    ('generation_id', 'uuid', true, null),
    ('voice_id', 'uuid', true, null),
    ('error', 'text', false, null),
    ('created_at', 'timestamp with time zone', true, 'now()'),
    ('updated_at', 'timestamp with time zone', true, 'now()'),
    ('completed_at', 'timestamp with time zone', false, null),
    ('attempts', 'integer', true, '0'),
    ('lease_id', 'uuid', false, null),
    ('lease_expires_at', 'timestamp with time zone', false, null),
    ('run_after', 'timestamp with time zone', true, 'now()')
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'public.tasks'::regclass and contype <> 'c'
  $$,
  array[
    'PRIMARY KEY (id)',
    'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE',
    'UNIQUE (generation_id)',
    'FOREIGN KEY (generation_id) REFERENCES generations(id) ON DELETE CASCADE'
  ],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'public.tasks'::regclass and contype = 'c'
  $$,
  array[
    'tasks_attempts_check',
    'tasks_failed_says_why',
    'tasks_over_is_dated',
    'tasks_processing_is_leased',
    'tasks_provider_poll_count_check',
    'tasks_status_check',
    'tasks_type_check'
  ],
  'its checks are those that are tested here'
);
select indexes_are(
  'public', 'tasks',
  array['tasks_pkey', 'tasks_generation_id_key', 'tasks_of_user', 'tasks_unfinished_oldest_first'],
  'its indexes'
);

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
