insert into public.tasks (
  id, user_id, type, status, provider, generation_id, voice_id, error, completed_at, attempts, lease_id,
  lease_expires_at
)
select
  ('50000000-0000-4000-8000-00000000000' || number)::uuid, '00000000-0000-4000-8000-00000000000a', 'generate', status,
  'qwen', ('40000000-0000-4000-8000-00000000000' || number)::uuid, '20000000-0000-4000-8000-000000000001',
  case when status = 'failed' then 'The text was refused.' end,
  case when status in ('completed', 'failed', 'cancelled') then now() end,
  number - 1,
  case when status = 'processing' then gen_random_uuid() end,
  case when status = 'processing' then now() end
from (values (1, 'pending'), (2, 'processing'), (3, 'completed'), (4, 'failed'), (5, 'cancelled'))
  as task (number, status);
