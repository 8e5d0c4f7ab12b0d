-- A function that was deployed before a migration keeps calling with its arguments until it is deployed again.
begin;
select plan(9);

insert into auth.users (id, email) values ('7e570000-0000-4000-8000-00000000000a', 'pgtap-older@example.com');

select is(
  public.clone_claim(
    p_user_id => '7e570000-0000-4000-8000-00000000000a', p_voice_id => '7e570001-0000-4000-8000-000000000001',
    p_attempt_id => '7e570002-0000-4000-8000-000000000001', p_token => 'pgtap00001', p_region => 'pgtap',
    p_details => '{"name": "a"}', p_tts_provider => 'qwen', p_limit_per_hour => 10, p_limit_per_day => 50
  ),
  '{"outcome": "claimed"}', 'a claim without CLONE_ATTEMPTS_PER_HOUR'
);
select is(
  public.clone_sending(
    p_user_id => '7e570000-0000-4000-8000-00000000000a', p_voice_id => '7e570001-0000-4000-8000-000000000001',
    p_attempt_id => '7e570002-0000-4000-8000-000000000001', p_region => 'pgtap', p_details => '{"name": "a"}',
    p_lease_seconds => 60
  ),
  '{"outcome": "sending"}', 'a create without counts and limits'
);
select is(
  public.clone_sending(
    p_user_id => '7e570000-0000-4000-8000-00000000000a', p_voice_id => '7e570001-0000-4000-8000-000000000001',
    p_attempt_id => '7e570002-0000-4000-8000-000000000001', p_region => 'pgtap', p_details => '{"name": "a"}',
    p_lease_seconds => 60
  ),
  '{"outcome": "sending"}', 'and another one of the same attempt'
);
select results_eq(
  $$
    select creates, possible from private.clone_sendings
    where attempt_id = '7e570002-0000-4000-8000-000000000001'
  $$,
  $$ values (2, 2) $$, 'both are counted'
);
select is(
  public.clone_release(
    p_user_id => '7e570000-0000-4000-8000-00000000000a', p_voice_id => '7e570001-0000-4000-8000-000000000001',
    p_attempt_id => '7e570002-0000-4000-8000-000000000001', p_rejection => null
  ),
  '{"outcome": "released"}', 'a release without counts'
);
select is_empty(
  $$ select from private.clone_sendings where attempt_id = '7e570002-0000-4000-8000-000000000001' $$,
  'removes what it counted'
);

insert into private.voice_enrollments (
  user_id, voice_id, attempt_id, token, state, lease_expires_at, unresolved_since, region, details, fingerprint
) values (
  '7e570000-0000-4000-8000-00000000000a', '7e570001-0000-4000-8000-000000000002',
  '7e570002-0000-4000-8000-000000000002', 'pgtap00002', 'claimed', now() + interval '20 seconds', now(), 'pgtap', '{}', 'f'
);
insert into private.ids_without_token (region, provider_voice_id) values ('pgtap', 'one');
select isnt(
  public.clone_sending(
    p_user_id => '7e570000-0000-4000-8000-00000000000a', p_voice_id => '7e570001-0000-4000-8000-000000000002',
    p_attempt_id => '7e570002-0000-4000-8000-000000000002', p_region => 'pgtap', p_details => '{}', p_lease_seconds => 60
  ) ->> 'outcome',
  'sending', 'it does not create again where no look-up can find the voice'
);
select is(
  public.reconcile_sort('pgtap', '[
    {"provider_voice_id": "pgtap-PGTAP00002", "token": "pgtap00002"},
    {"provider_voice_id": "pgtap-foreign", "token": null}
  ]'),
  '[
    {
      "provider_voice_id": "pgtap-PGTAP00002", "kind": "ours", "user_id": "7e570000-0000-4000-8000-00000000000a",
      "voice_id": "7e570001-0000-4000-8000-000000000002"
    },
    {"provider_voice_id": "pgtap-foreign", "kind": "foreign", "user_id": null, "voice_id": null}
  ]',
  'a list with the tokens that the older function read off its ids'
);
select is(
  (
    select array_agg(name order by name) from unnest(array['clone_claim', 'clone_release', 'clone_sending']) as name
    where (select count(*) from pg_catalog.pg_proc p where p.proname = name and p.pronamespace = 'public'::regnamespace) = 1
  ),
  array['clone_claim', 'clone_release', 'clone_sending'], 'each exists once, so that no call is ambiguous'
);

select * from finish();
rollback;
