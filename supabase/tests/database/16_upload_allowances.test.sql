-- The allowances of upload URLs: what a row may be.
begin;
select plan(7);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'private.upload_allowances'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('user_id', 'uuid', true, null),
    ('full_at', 'timestamp with time zone', true, null)
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'private.upload_allowances'::regclass and contype <> 'c'
  $$,
  array['PRIMARY KEY (user_id)', 'FOREIGN KEY (user_id) REFERENCES auth.users(id) ON DELETE CASCADE'],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'private.upload_allowances'::regclass and contype = 'c'
  $$,
  array[]::text[],
  'its checks are those that are tested here'
);
select indexes_are('private', 'upload_allowances', array['upload_allowances_pkey'], 'its indexes');

insert into auth.users (id, email) values ('7e570000-0000-4000-8000-000000000001', 'pgtap-allowances@example.com');
select lives_ok(
  $$ insert into private.upload_allowances (user_id, full_at) values ('7e570000-0000-4000-8000-000000000001', now()) $$,
  'a user has one'
);
select throws_ok(
  $$ insert into private.upload_allowances (user_id, full_at) values ('7e570000-0000-4000-8000-000000000001', now()) $$,
  '23505', 'duplicate key value violates unique constraint "upload_allowances_pkey"', 'and no second'
);
select throws_ok(
  $$ insert into private.upload_allowances (user_id, full_at) values (gen_random_uuid(), now()) $$,
  '23503', null, 'without a user there is none'
);

select * from finish();
rollback;
