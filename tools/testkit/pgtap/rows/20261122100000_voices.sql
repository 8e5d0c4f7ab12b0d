insert into public.voices (
  id, user_id, name, reference_object_key, reference_transcript, language, source, description, tts_provider,
  provider_voice_id, provider_target_model, provider_voice_kind, provider_region, provider_request_id,
  provider_metadata, created_at, deleted_at
) values
  (
    '20000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', 'Ana',
    '00000000-0000-4000-8000-00000000000a/20000000-0000-4000-8000-000000000001/reference.wav', 'Good morning.',
    'English', 'uploaded', 'warm', 'qwen', 'qwen-tts-vc-ana_0000000001-voice-1-a', 'qwen3-tts-vc-2026-01-22', 'vc',
    'intl', 'request-1', '{"language": "en"}', '2026-11-22 10:00:00.123456+00', null
  ),
  (
    '20000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a', 'Deleted',
    '00000000-0000-4000-8000-00000000000a/20000000-0000-4000-8000-000000000002/reference.wav', 'Good night.',
    'Auto', 'uploaded', null, 'qwen', 'qwen-tts-vc-delet_0000000002-voice-1-b', 'qwen3-tts-vc-2026-01-22', 'vc',
    'cn', null, '{}', '2026-11-22 10:00:01+00', '2026-11-22 11:00:00+00'
  ),
  (
    '20000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-00000000000b', 'Modal', null, null, 'Auto',
    'designed', null, 'modal', null, null, null, null, null, '{}', '2026-11-22 10:00:02+00', null
  );
