insert into public.generations (
  id, user_id, voice_id, text, language, tts_provider, provider_target_model, audio_object_key, audio_size_bytes,
  audio_duration_seconds, completed_at
)
select
  ('40000000-0000-4000-8000-00000000000' || number)::uuid, '00000000-0000-4000-8000-00000000000a',
  '20000000-0000-4000-8000-000000000001', 'Text ' || number, 'English', 'qwen', 'qwen3-tts-vc-2026-01-22',
  case when number = 3
    then '00000000-0000-4000-8000-00000000000a/40000000-0000-4000-8000-000000000003.wav' end,
  case when number = 3 then 96044 end,
  case when number = 3 then 2.0 end,
  case when number = 3 then timestamptz '2026-11-22 10:00:00+00' end
from generate_series(1, 5) as number;
