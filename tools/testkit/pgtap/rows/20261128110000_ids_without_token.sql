insert into private.ids_without_token (region, provider_voice_id, seen_at)
values ('cn', 'voice-20261128100000000-1000', '2026-11-28 10:00:00+00');
insert into private.voice_lists (region, listed_at)
values ('cn', '2026-11-28 10:00:00+00'), ('cn', '2026-11-28 11:00:00+00');
insert into private.listed_voices (region, provider_voice_id, first_listed_at)
values ('cn', 'voice-20261128100000000-1000', '2026-11-28 10:00:00+00');
-- One that was sent twice: only the first time counts.
insert into private.voice_enrollments (
  user_id, voice_id, attempt_id, token, state, lease_expires_at, unresolved_since, region, details, fingerprint,
  sending_since
)
values (
  '00000000-0000-4000-8000-00000000000a', '30000000-0000-4000-8000-00000000000a', gen_random_uuid(), 'token10',
  'claimed', '2026-11-28 10:02:00+00', '2026-11-28 10:02:00+00', 'cn', '{"name": "f"}', 'fingerprint10',
  '2026-11-28 10:00:00+00'
);
