-- Where voice ids do not carry the token: what reconcile concludes from lists about a create, and what it settles.
begin;
select plan(31);

-- Times are in the past, except for lists of now: only their order counts.
create function pg_temp.enroll(
  p_number integer, p_state text, p_unresolved_since timestamptz,
  p_sending_since timestamptz default '2026-11-20 10:00:00+00', p_region text default 'pgtap',
  p_lease timestamptz default '2026-11-20 10:02:30+00'
) returns void
  language sql
as $$
  insert into private.voice_enrollments (
    user_id, voice_id, attempt_id, token, state, lease_expires_at, unresolved_since, sending_since, region, details,
    fingerprint, error, provider_voice_id, provider_target_model
  ) values (
    '7e570000-0000-4000-8000-00000000000a', ('7e570001-0000-4000-8000-' || lpad(p_number::text, 12, '0'))::uuid,
    gen_random_uuid(), 'pgtap' || lpad(p_number::text, 5, '0'), p_state, p_lease, p_unresolved_since, p_sending_since,
    p_region, '{"name": "a"}', 'f', '{"category": "no_answer"}',
    case when p_state in ('created', 'finalized') then 'pgtap-voice-' || p_number end,
    case when p_state in ('created', 'finalized') then 'm' end
  )
$$;

-- What reconcile_compare returns for the enrollments of this file, by number.
create function pg_temp.compare(
  p_ids text[], p_from timestamptz default clock_timestamp(), p_repair boolean default false
) returns table (number integer, candidates jsonb, absent boolean)
  language sql
as $$
  select right(entry ->> 'voice_id', 12)::integer, entry -> 'candidates', (entry ->> 'absent')::boolean
  from jsonb_array_elements(public.reconcile_compare('pgtap', p_ids, p_from, p_repair)) as entry
$$;

create view pg_temp.entries as
select right(voice_id::text, 12)::integer as number, state, unresolved_since is not null as unresolved
from private.voice_enrollments where user_id = '7e570000-0000-4000-8000-00000000000a';

insert into auth.users (id, email) values ('7e570000-0000-4000-8000-00000000000a', 'pgtap-lists@example.com');
select pg_temp.enroll(1, 'sending', null);

select is_empty(
  $$ select * from pg_temp.compare('{}', p_repair => true) $$, 'while ids carry the token, lists prove nothing'
);
select is_empty(
  $$ select from private.voice_lists where region = 'pgtap' $$, 'and none is kept'
);

insert into private.ids_without_token (region, provider_voice_id) values ('pgtap', 'pgtap-seen');

select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old']) $$, $$ values (1, 'null'::jsonb, false) $$,
  'without a list from before the create its outcome is unknown'
);
select is_empty(
  $$ select from private.voice_lists where region = 'pgtap' $$, 'a look-up without repair saves no list'
);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old'], p_repair => true) $$, $$ values (1, 'null'::jsonb, false) $$,
  'with repair it is unknown too, the first time'
);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old'], p_repair => true) $$, $$ values (1, 'null'::jsonb, false) $$,
  'and the second time: both lists are younger than the create'
);
select results_eq(
  $$
    select provider_voice_id, first_listed_at between statement_timestamp() - interval '1 minute' and clock_timestamp()
    from private.listed_voices where region = 'pgtap'
  $$,
  $$ values ('pgtap-old', true) $$, 'a repair saves what was listed, and when first'
);
select is(
  (select count(*) from private.voice_lists where region = 'pgtap'), 2::bigint, 'and when each list was made'
);

-- A list of before the create.
insert into private.voice_lists (region, listed_at) values ('pgtap', '2026-11-20 09:00:00+00');
update private.listed_voices set first_listed_at = '2026-11-20 09:00:00+00' where region = 'pgtap';

select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old', 'pgtap-new', 'pgtap-newer']) $$,
  $$ values (1, '["pgtap-new", "pgtap-newer"]'::jsonb, false) $$, 'what is new since may be its voice'
);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old'], p_from => '2026-11-20 10:12:30+00') $$,
  $$ values (1, '[]'::jsonb, false) $$,
  'with nothing new it stays undecided for ten minutes, in which a voice may still be listed'
);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old'], p_from => '2026-11-20 10:12:31+00') $$,
  $$ values (1, '[]'::jsonb, true) $$, 'after that, it made none'
);
select results_eq(
  'select * from pg_temp.entries', $$ values (1, 'sending', false) $$, 'a look-up does not settle it'
);

-- A voice that is known here is no candidate.
insert into public.voices (
  user_id, name, tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region
) values ('7e570000-0000-4000-8000-00000000000a', 'voice', 'qwen', 'pgtap-in-a-row', 'm', 'vc', 'pgtap');
insert into private.orphaned_voices (region, provider_voice_id, reason) values ('pgtap', 'pgtap-orphan', 'listed');
select pg_temp.enroll(2, 'created', null);
insert into private.orphaned_voices (region, provider_voice_id, reason)
values ('pgtap-other', 'pgtap-orphan-elsewhere', 'listed');
select results_eq(
  $$
    select * from pg_temp.compare(
      array['pgtap-in-a-row', 'pgtap-orphan', 'pgtap-voice-2', 'pgtap-old', 'pgtap-orphan-elsewhere']
    )
  $$,
  $$ values (1, '["pgtap-orphan-elsewhere"]'::jsonb, false) $$,
  'the voices of a row, an orphan and another enrollment are no candidates; one of another region is'
);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-in-a-row', 'pgtap-orphan', 'pgtap-voice-2']) $$,
  $$ values (1, '[]'::jsonb, true) $$, 'and where they alone are new, none was made'
);

-- Whose outcome is open, and whose is not.
select pg_temp.enroll(3, 'claimed', '2026-11-20 10:01:00+00');
select pg_temp.enroll(4, 'rejected', '2026-11-20 10:01:00+00');
select pg_temp.enroll(5, 'claimed', null);
select pg_temp.enroll(6, 'rejected', null);
select pg_temp.enroll(7, 'finalized', null);
select pg_temp.enroll(8, 'sending', null, p_region => 'pgtap-other');
select pg_temp.enroll(9, 'sending', null, p_lease => now() + interval '1 hour');
select pg_temp.enroll(10, 'claimed', '2026-11-20 08:30:00+00', p_sending_since => '2026-11-20 08:00:00+00');
select pg_temp.enroll(11, 'claimed', '2026-11-20 08:30:00+00', p_sending_since => null);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-old', 'pgtap-voice-2']) $$,
  $$ values (1, '[]'::jsonb, true), (3, '[]', true), (4, '[]', true), (10, 'null', false), (11, 'null', false) $$,
  'those of the region that were sent, are over and not settled; unknown if sent before all lists, or nobody knows when'
);

-- A repair settles what is proved, and nothing else.
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-voice-2'], p_repair => true) $$,
  $$ values (1, '[]'::jsonb, true), (3, '[]', true), (4, '[]', true), (10, 'null', false), (11, 'null', false) $$,
  'a repair returns the same'
);
select results_eq(
  'select * from pg_temp.entries order by number',
  $$ values
    (2, 'created', false), (4, 'rejected', false), (5, 'claimed', false), (6, 'rejected', false), (7, 'finalized', false),
    (8, 'sending', false), (9, 'sending', false), (10, 'claimed', true), (11, 'claimed', true) $$,
  'it settles what made no voice, and keeps a refusal'
);
select is_empty(
  $$ select details from private.voice_enrollments
    where voice_id = '7e570001-0000-4000-8000-000000000004' and details is not null $$,
  'without its details, which nobody needs any more'
);
select results_eq(
  $$ select provider_voice_id from private.listed_voices where region = 'pgtap' $$, array['pgtap-voice-2'],
  'a voice that is no longer listed is forgotten'
);
select results_eq(
  $$ select * from pg_temp.compare(array['pgtap-voice-2'], p_repair => true) $$,
  $$ values (10, 'null'::jsonb, false), (11, 'null'::jsonb, false) $$, 'a second repair has nothing more to settle'
);
-- Sorted by the ledger's id of it, where there is no token: 2 is created, 13's row went with its user.
select pg_temp.enroll(13, 'finalized', null);
select results_eq(
  $$
    select entry ->> 'provider_voice_id', entry ->> 'kind', right(entry ->> 'voice_id', 12)::integer
    from jsonb_array_elements(public.reconcile_sort('pgtap', '[
      {"provider_voice_id": "pgtap-voice-2"}, {"provider_voice_id": "pgtap-voice-13"},
      {"provider_voice_id": "pgtap-voice-14"}, {"provider_voice_id": "qwen-PGTAP00013-1"}
    ]')) as entry
  $$,
  $$ values
    ('pgtap-voice-2', 'ours', 2), ('pgtap-voice-13', 'orphan', 13), ('pgtap-voice-14', 'foreign', null::integer),
    ('qwen-PGTAP00013-1', 'orphan', 13) $$,
  'a voice without the token is known by its id'
);

-- As it goes: a list is kept, then a create is sent.
select pg_temp.compare(array['pgtap-voice-2', 'pgtap-foreign'], p_repair => true);
select pg_temp.enroll(
  12, 'claimed', clock_timestamp(), p_sending_since => clock_timestamp(), p_lease => clock_timestamp()
);
select results_eq(
  $$ select * from pg_temp.compare(
    array['pgtap-voice-2', 'pgtap-foreign'], clock_timestamp() + interval '9 minutes', p_repair => true
  ) where number = 12 $$,
  $$ values (12, '[]'::jsonb, false) $$, 'the list that was kept last, with nothing new in the next, nine minutes later'
);
select results_eq(
  $$ select * from pg_temp.compare(
    array['pgtap-voice-2', 'pgtap-foreign', 'pgtap-new'], clock_timestamp() + interval '11 minutes', p_repair => true
  ) where number = 12 $$,
  $$ values (12, '["pgtap-new"]'::jsonb, false) $$, 'with a new one in it'
);
select results_eq(
  $$ select * from pg_temp.compare(
    array['pgtap-voice-2', 'pgtap-foreign', 'pgtap-new'], clock_timestamp() + interval '12 minutes', p_repair => true
  ) where number = 12 $$,
  $$ values (12, '["pgtap-new"]'::jsonb, false) $$, 'which stays a candidate in the list after it'
);

-- The operator decides.
select is(public.reconcile_absent('7e570001-0000-4000-8000-000000000010'), true, 'the operator may say that none was made');
select is_empty(
  'select from pg_temp.entries where number = 10', 'and the next finalize begins anew'
);
select is(public.reconcile_absent('7e570001-0000-4000-8000-000000000010'), false, 'once');
select results_eq(
  $$ select number, public.reconcile_absent(('7e570001-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid)
    from (values (2), (4), (5), (6), (7), (9)) as entry (number) $$,
  $$ values (2, false), (4, false), (5, false), (6, false), (7, false), (9, false) $$,
  'but not of one that is known, settled or under way'
);
select is(public.reconcile_absent(gen_random_uuid()), false, 'nor of an unknown voice');
select is(
  (select count(*) from pg_temp.entries where number in (2, 4, 5, 6, 7, 8, 9, 11)), 8::bigint, 'and all of these stay'
);

insert into private.voice_lists (region, listed_at) values ('pgtap', clock_timestamp() - interval '91 days');
select pg_temp.compare(array['pgtap-voice-2'], p_repair => true);
select is_empty(
  $$ select from private.voice_lists where region = 'pgtap' and listed_at < clock_timestamp() - interval '90 days' $$,
  'lists are kept for 90 days'
);

select * from finish();
rollback;
