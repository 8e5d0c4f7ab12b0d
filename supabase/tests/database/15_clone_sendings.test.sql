-- The table of creates that were sent: what a row may be.
begin;
select plan(5);

select lives_ok(
  $$
    insert into private.clone_sendings (attempt_id, user_id)
    values ('7e570000-0000-4000-8000-000000000001', gen_random_uuid())
  $$,
  'a user who is gone may have one'
);
select throws_ok(
  $$
    insert into private.clone_sendings (attempt_id, user_id)
    values ('7e570000-0000-4000-8000-000000000001', gen_random_uuid())
  $$,
  '23505', 'duplicate key value violates unique constraint "clone_sendings_pkey"', 'an attempt counts once'
);
select throws_ok(
  format(
    'insert into private.clone_sendings (attempt_id, user_id, creates, possible) values (%L, %L, %s, %s)',
    gen_random_uuid(), gen_random_uuid(), creates, possible
  ),
  '23514', 'new row for relation "clone_sendings" violates check constraint "clone_sendings_counts"',
  format('%s creates of which %s may have made a voice are none', creates, possible)
)
from (values (0, 0), (1, 2), (1, -1)) as counts (creates, possible);

select * from finish();
rollback;
