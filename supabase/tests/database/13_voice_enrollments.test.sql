-- The ledger of enrollments: what a row may be.
begin;
select plan(13);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'private.voice_enrollments'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('user_id', 'uuid', true, null),
    ('voice_id', 'uuid', true, null),
    ('attempt_id', 'uuid', true, null),
    ('token', 'text', true, null),
    ('state', 'text', true, null),
    ('lease_expires_at', 'timestamp with time zone', true, null),
    ('unresolved_since', 'timestamp with time zone', false, null),
    ('region', 'text', true, null),
    ('details', 'jsonb', false, null),
    ('fingerprint', 'text', true, null),
    ('provider_voice_id', 'text', false, null),
    ('provider_target_model', 'text', false, null),
    ('provider_voice_kind', 'text', false, null),
    ('provider_request_id', 'text', false, null),
    ('provider_metadata', 'jsonb', false, null),
    ('error', 'jsonb', false, null),
    ('created_at', 'timestamp with time zone', true, 'now()'),
    ('updated_at', 'timestamp with time zone', true, 'now()'),
    ('sending_since', 'timestamp with time zone', false, null)
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'private.voice_enrollments'::regclass and contype <> 'c'
  $$,
  array['PRIMARY KEY (user_id, voice_id)'],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'private.voice_enrollments'::regclass and contype = 'c'
  $$,
  array['voice_enrollments_created_is_known', 'voice_enrollments_state_check'],
  'its checks are those that are tested here'
);
select indexes_are(
  'private', 'voice_enrollments',
  array[
    'voice_enrollments_pkey', 'voice_enrollments_by_provider_voice', 'voice_enrollments_by_token',
    'voice_enrollments_open'
  ],
  'its indexes'
);

create function pg_temp.save(p_changes jsonb) returns void
  language sql
as $$
  insert into private.voice_enrollments
  select e.* from jsonb_populate_record(null::private.voice_enrollments, jsonb_build_object(
    'user_id', gen_random_uuid(), 'voice_id', gen_random_uuid(), 'attempt_id', gen_random_uuid(), 'token', 't',
    'state', 'claimed', 'lease_expires_at', now(), 'region', 'intl', 'fingerprint', 'f', 'created_at', now(),
    'updated_at', now()
  ) || p_changes) e
$$;

select lives_ok(format('select pg_temp.save(%L)', entry), format('an enrollment that is %s', entry ->> 'state'))
from jsonb_array_elements('[
  {"state": "claimed"},
  {"state": "sending"},
  {"state": "created", "provider_voice_id": "v", "provider_target_model": "m", "details": {}},
  {"state": "finalized"},
  {"state": "rejected"}
]') as entry;
select throws_ok(
  $$ select pg_temp.save('{"state": "lost"}') $$, '23514',
  'new row for relation "voice_enrollments" violates check constraint "voice_enrollments_state_check"',
  'no other state'
);
select throws_ok(
  format('select pg_temp.save(%L)', jsonb_build_object(
    'state', 'created', 'provider_voice_id', 'v', 'provider_target_model', 'm', 'details', '{}'::jsonb
  ) || jsonb_build_object(field, null)),
  '23514', 'new row for relation "voice_enrollments" violates check constraint "voice_enrollments_created_is_known"',
  format('one that is created has its %s', field)
)
from unnest(array['provider_voice_id', 'provider_target_model', 'details']) as field;

select * from finish();
rollback;
