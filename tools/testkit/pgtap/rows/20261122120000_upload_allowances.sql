insert into private.upload_allowances (user_id, full_at)
values
  ('00000000-0000-4000-8000-00000000000a', '2026-11-22 10:00:00+00'),
  ('00000000-0000-4000-8000-00000000000b', now() + interval '1 hour');
