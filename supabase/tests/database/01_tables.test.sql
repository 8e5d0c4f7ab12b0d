-- Which tables there are, whose they are, that each refuses rows unless a policy allows them, and what each consists of.
-- A check is tested by rows in the file of its table.
begin;
select plan(43);

create temporary table columns (of text, name text, type text, not_null boolean, has_default text);
insert into columns values
  ('public.voices', 'id', 'uuid', true, 'gen_random_uuid()'),
  ('public.voices', 'user_id', 'uuid', true, null),
  ('public.voices', 'name', 'text', true, null),
  ('public.voices', 'reference_object_key', 'text', false, null),
  ('public.voices', 'reference_transcript', 'text', false, null),
  ('public.voices', 'language', 'text', true, '''Auto''::text'),
  ('public.voices', 'source', 'text', true, '''uploaded''::text'),
  ('public.voices', 'description', 'text', false, null),
  ('public.voices', 'created_at', 'timestamp with time zone', true, 'now()'),
  ('public.voices', 'tts_provider', 'text', true, '''modal''::text'),
  ('public.voices', 'provider_voice_id', 'text', false, null),
  ('public.voices', 'provider_target_model', 'text', false, null),
  ('public.voices', 'provider_voice_kind', 'text', false, null),
  ('public.voices', 'provider_region', 'text', false, null),
  ('public.voices', 'provider_request_id', 'text', false, null),
  ('public.voices', 'provider_metadata', 'jsonb', true, '''{}''::jsonb'),
  ('public.voices', 'deleted_at', 'timestamp with time zone', false, null),
  ('public.generations', 'id', 'uuid', true, null),
  ('public.generations', 'user_id', 'uuid', true, null),
  ('public.generations', 'voice_id', 'uuid', true, null),
  ('public.generations', 'text', 'text', true, null),
  ('public.generations', 'language', 'text', true, null),
  ('public.generations', 'tts_provider', 'text', true, null),
  ('public.generations', 'provider_target_model', 'text', true, null),
  ('public.generations', 'provider_request_id', 'text', false, null),
  ('public.generations', 'provider_metadata', 'jsonb', true, '''{}''::jsonb'),
  ('public.generations', 'audio_object_key', 'text', false, null),
  ('public.generations', 'audio_size_bytes', 'integer', false, null),
  ('public.generations', 'audio_duration_seconds', 'double precision', false, null),
  ('public.generations', 'created_at', 'timestamp with time zone', true, 'now()'),
  ('public.generations', 'completed_at', 'timestamp with time zone', false, null),
  ('public.tasks', 'id', 'uuid', true, null),
  ('public.tasks', 'user_id', 'uuid', true, null),
  ('public.tasks', 'type', 'text', true, null),
  ('public.tasks', 'status', 'text', true, null),
  ('public.tasks', 'provider', 'text', true, null),
  ('public.tasks', 'provider_status', 'text', false, null),
  ('public.tasks', 'provider_poll_count', 'integer', true, '0'),
  ('public.tasks', 'generation_id', 'uuid', true, null),
  ('public.tasks', 'voice_id', 'uuid', true, null),
  ('public.tasks', 'error', 'text', false, null),
  ('public.tasks', 'created_at', 'timestamp with time zone', true, 'now()'),
  ('public.tasks', 'updated_at', 'timestamp with time zone', true, 'now()'),
  ('public.tasks', 'completed_at', 'timestamp with time zone', false, null),
  ('public.tasks', 'attempts', 'integer', true, '0'),
  ('public.tasks', 'lease_id', 'uuid', false, null),
  ('public.tasks', 'lease_expires_at', 'timestamp with time zone', false, null),
  ('public.tasks', 'run_after', 'timestamp with time zone', true, 'now()'),
  ('private.voice_enrollments', 'user_id', 'uuid', true, null),
  ('private.voice_enrollments', 'voice_id', 'uuid', true, null),
  ('private.voice_enrollments', 'attempt_id', 'uuid', true, null),
  ('private.voice_enrollments', 'token', 'text', true, null),
  ('private.voice_enrollments', 'state', 'text', true, null),
  ('private.voice_enrollments', 'lease_expires_at', 'timestamp with time zone', true, null),
  ('private.voice_enrollments', 'unresolved_since', 'timestamp with time zone', false, null),
  ('private.voice_enrollments', 'region', 'text', true, null),
  ('private.voice_enrollments', 'details', 'jsonb', false, null),
  ('private.voice_enrollments', 'fingerprint', 'text', true, null),
  ('private.voice_enrollments', 'provider_voice_id', 'text', false, null),
  ('private.voice_enrollments', 'provider_target_model', 'text', false, null),
  ('private.voice_enrollments', 'provider_voice_kind', 'text', false, null),
  ('private.voice_enrollments', 'provider_request_id', 'text', false, null),
  ('private.voice_enrollments', 'provider_metadata', 'jsonb', false, null),
  ('private.voice_enrollments', 'error', 'jsonb', false, null),
  ('private.voice_enrollments', 'created_at', 'timestamp with time zone', true, 'now()'),
  ('private.voice_enrollments', 'updated_at', 'timestamp with time zone', true, 'now()'),
  ('private.voice_enrollments', 'sending_since', 'timestamp with time zone', false, null),
  ('private.orphaned_voices', 'region', 'text', true, null),
  ('private.orphaned_voices', 'provider_voice_id', 'text', true, null),
  ('private.orphaned_voices', 'user_id', 'uuid', false, null),
  ('private.orphaned_voices', 'voice_id', 'uuid', false, null),
  ('private.orphaned_voices', 'reason', 'text', true, null),
  ('private.orphaned_voices', 'provider_request_id', 'text', false, null),
  ('private.orphaned_voices', 'seen_at', 'timestamp with time zone', true, 'now()'),
  ('private.orphaned_voices', 'purging_at', 'timestamp with time zone', false, null),
  ('private.orphaned_voices', 'purged_at', 'timestamp with time zone', false, null),
  ('private.clone_sendings', 'attempt_id', 'uuid', true, null),
  ('private.clone_sendings', 'user_id', 'uuid', true, null),
  ('private.clone_sendings', 'sent_at', 'timestamp with time zone', true, 'now()'),
  ('private.clone_sendings', 'creates', 'integer', true, '1'),
  ('private.clone_sendings', 'possible', 'integer', true, '1'),
  ('private.upload_allowances', 'user_id', 'uuid', true, null),
  ('private.upload_allowances', 'full_at', 'timestamp with time zone', true, null),
  ('private.ids_without_token', 'region', 'text', true, null),
  ('private.ids_without_token', 'provider_voice_id', 'text', true, null),
  ('private.ids_without_token', 'seen_at', 'timestamp with time zone', true, 'now()'),
  ('private.voice_lists', 'region', 'text', true, null),
  ('private.voice_lists', 'listed_at', 'timestamp with time zone', true, null),
  ('private.listed_voices', 'region', 'text', true, null),
  ('private.listed_voices', 'provider_voice_id', 'text', true, null),
  ('private.listed_voices', 'first_listed_at', 'timestamp with time zone', true, null);

create temporary table tables (of text, keys text[], checks text[], indexes text[]);
insert into tables values
  (
    'public.voices',
    array['PRIMARY KEY (id)', 'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE'],
    array['voices_qwen_ready', 'voices_tts_provider_known'],
    array['voices_pkey', 'voices_live_newest_first', 'voices_provider_voice', 'voices_by_reference']
  ),
  (
    'public.generations',
    array[
      'PRIMARY KEY (id)', 'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE',
      'FOREIGN KEY (voice_id) REFERENCES voices(id) ON DELETE CASCADE'
    ],
    array['generations_completed_is_stored'],
    array['generations_pkey', 'generations_of_user', 'generations_of_voice']
  ),
  (
    'public.tasks',
    array[
      'PRIMARY KEY (id)', 'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE',
      'UNIQUE (generation_id)', 'FOREIGN KEY (generation_id) REFERENCES generations(id) ON DELETE CASCADE'
    ],
    array[
      'tasks_attempts_check', 'tasks_failed_says_why', 'tasks_over_is_dated', 'tasks_processing_is_leased',
      'tasks_provider_poll_count_check', 'tasks_status_check', 'tasks_type_check'
    ],
    array['tasks_pkey', 'tasks_generation_id_key', 'tasks_of_user', 'tasks_unfinished_oldest_first']
  ),
  (
    'private.voice_enrollments',
    array['PRIMARY KEY (user_id, voice_id)'],
    array['voice_enrollments_created_is_known', 'voice_enrollments_state_check'],
    array[
      'voice_enrollments_pkey', 'voice_enrollments_by_provider_voice', 'voice_enrollments_by_token',
      'voice_enrollments_open'
    ]
  ),
  (
    'private.orphaned_voices',
    array['PRIMARY KEY (region, provider_voice_id)'],
    array[]::text[],
    array['orphaned_voices_pkey']
  ),
  (
    'private.clone_sendings',
    array['PRIMARY KEY (attempt_id)'],
    array['clone_sendings_counts'],
    array['clone_sendings_pkey', 'clone_sendings_of_user']
  ),
  (
    'private.upload_allowances',
    array['PRIMARY KEY (user_id)', 'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE'],
    array[]::text[],
    array['upload_allowances_pkey']
  ),
  ('private.ids_without_token', array['PRIMARY KEY (region)'], array[]::text[], array['ids_without_token_pkey']),
  ('private.voice_lists', array['PRIMARY KEY (region, listed_at)'], array[]::text[], array['voice_lists_pkey']),
  (
    'private.listed_voices',
    array['PRIMARY KEY (region, provider_voice_id)'],
    array[]::text[],
    array['listed_voices_pkey']
  );

-- Views, materialized views and foreign tables count: they show rows as well.
create temporary view relations as
select format('%s.%s', n.nspname, c.relname) as name, c.relrowsecurity, r.rolsuper
from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_roles r on r.oid = c.relowner
where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f');

select set_eq('select name from relations', 'select of from tables', 'the tables are those that are listed here');
select is_empty(
  'select name from relations where not relrowsecurity',
  'every table has row level security'
);
select is_empty('select name from relations where rolsuper', 'no table belongs to a superuser');
select set_eq(
  format($$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = %L::regclass and a.attnum > 0 and not a.attisdropped
  $$, of),
  format('select name, type, not_null, has_default from columns where of = %L', of),
  format('the columns of %s: type, whether null is refused, default', of)
)
from tables;
select set_eq(
  format($$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = %L::regclass and contype <> 'c'
  $$, of),
  keys, format('the keys of %s', of)
)
from tables;
select set_eq(
  format($$
    select conname::text from pg_catalog.pg_constraint where conrelid = %L::regclass and contype = 'c'
  $$, of),
  checks, format('the checks of %s are those that are tested', of)
)
from tables;
select indexes_are(split_part(of, '.', 1), split_part(of, '.', 2), indexes, format('the indexes of %s', of))
from tables;

select * from finish();
rollback;
