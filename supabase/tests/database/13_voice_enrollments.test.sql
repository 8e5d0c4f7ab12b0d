-- The ledger of enrollments: what a row may be.
begin;
select plan(9);

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
