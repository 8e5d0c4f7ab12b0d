insert into private.voice_enrollments (
  user_id, voice_id, attempt_id, token, state, lease_expires_at, unresolved_since, region, details, fingerprint,
  provider_voice_id, provider_target_model, provider_voice_kind, error
)
select
  '00000000-0000-4000-8000-00000000000a', ('30000000-0000-4000-8000-00000000000' || number)::uuid, gen_random_uuid(),
  'token' || number, state, '2026-11-22 10:00:20+00', unresolved_since, 'intl', details, 'fingerprint' || number,
  provider_voice_id, provider_target_model, provider_voice_kind, error
from (values
  (1, 'claimed', null::timestamptz, '{"name": "a"}'::jsonb, null, null, null, null::jsonb),
  (2, 'claimed', '2026-11-22 09:00:00+00', '{"name": "b"}', null, null, null, '{"category": "no_answer"}'),
  (3, 'sending', null, '{"name": "c"}', null, null, null, null),
  (4, 'created', null, '{"name": "d"}', 'qwen-4', 'qwen3-tts-vc-2026-01-22', 'vc', null),
  (5, 'finalized', null, null, 'qwen-5', 'qwen3-tts-vc-2026-01-22', 'vc', null),
  (6, 'rejected', null, null, null, null, null, '{"category": "rejected"}'),
  (7, 'rejected', '2026-11-22 09:00:00+00', '{"name": "e"}', null, null, null, '{"category": "rejected"}')
) as entry (
  number, state, unresolved_since, details, provider_voice_id, provider_target_model, provider_voice_kind, error
);

-- A user who is gone, too: no foreign key keeps the ledger from that.
insert into private.voice_enrollments
  (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint)
values (
  '00000000-0000-4000-8000-00000000000d', '30000000-0000-4000-8000-000000000009', gen_random_uuid(), '', 'finalized',
  '2026-11-22 10:00:20+00', 'swept', ''
);

insert into private.orphaned_voices (region, provider_voice_id, user_id, voice_id, reason, purging_at, purged_at)
values
  ('intl', 'orphan-1', null, null, 'listed', null, null),
  ('intl', 'orphan-2', '00000000-0000-4000-8000-00000000000a', gen_random_uuid(), 'superseded', now(), null),
  ('cn', 'orphan-2', '00000000-0000-4000-8000-00000000000d', gen_random_uuid(), 'user_deleted', now(), now());

insert into private.clone_sendings (attempt_id, user_id)
values
  (gen_random_uuid(), '00000000-0000-4000-8000-00000000000a'),
  (gen_random_uuid(), '00000000-0000-4000-8000-00000000000d');
