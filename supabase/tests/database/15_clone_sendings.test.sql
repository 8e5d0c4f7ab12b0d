-- The table of creates that were sent: what a row may be.
begin;
select plan(9);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'private.clone_sendings'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('attempt_id', 'uuid', true, null),
    ('user_id', 'uuid', true, null),
    ('sent_at', 'timestamp with time zone', true, 'now()'),
    ('creates', 'integer', true, '1'),
    ('possible', 'integer', true, '1')
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'private.clone_sendings'::regclass and contype <> 'c'
  $$,
  array['PRIMARY KEY (attempt_id)'],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'private.clone_sendings'::regclass and contype = 'c'
  $$,
  array['clone_sendings_counts'],
  'its checks are those that are tested here'
);
select indexes_are(
  'private', 'clone_sendings',
  array['clone_sendings_pkey', 'clone_sendings_of_user'],
  'its indexes'
);

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
