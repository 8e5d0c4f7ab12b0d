-- The allowances of upload URLs: what a row may be.
begin;
select plan(3);

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
