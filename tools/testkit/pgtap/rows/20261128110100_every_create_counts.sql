insert into private.clone_sendings (attempt_id, user_id, creates, possible)
values
  (gen_random_uuid(), '00000000-0000-4000-8000-00000000000a', 3, 1),
  (gen_random_uuid(), '00000000-0000-4000-8000-00000000000d', 1, 0);
