-- Where voice ids do not carry the token, and the lists that are compared there: what a row may be.
begin;
select plan(6);

insert into private.ids_without_token (region, provider_voice_id) values ('pgtap', 'one');
insert into private.voice_lists (region, listed_at) values ('pgtap', '2020-01-01');
insert into private.listed_voices (region, provider_voice_id, first_listed_at) values ('pgtap', 'one', '2020-01-01');
select lives_ok(
  $$ insert into private.ids_without_token (region, provider_voice_id) values ('pgtap-2', 'one') $$,
  'another region may be seen as well'
);
select throws_ok(
  $$ insert into private.ids_without_token (region, provider_voice_id) values ('pgtap', 'two') $$,
  '23505', 'duplicate key value violates unique constraint "ids_without_token_pkey"', 'a region is seen once'
);
select lives_ok(
  $$ insert into private.voice_lists (region, listed_at) values ('pgtap', '2020-01-02'), ('pgtap-2', '2020-01-01') $$,
  'a region has many lists'
);
select throws_ok(
  $$ insert into private.voice_lists (region, listed_at) values ('pgtap', '2020-01-01') $$,
  '23505', 'duplicate key value violates unique constraint "voice_lists_pkey"', 'but one at a time'
);
select lives_ok(
  $$
    insert into private.listed_voices (region, provider_voice_id, first_listed_at)
    values ('pgtap', 'two', '2020-01-01'), ('pgtap-2', 'one', '2020-01-01')
  $$,
  'a list shows many voices'
);
select throws_ok(
  $$
    insert into private.listed_voices (region, provider_voice_id, first_listed_at)
    values ('pgtap', 'one', '2020-01-02')
  $$,
  '23505', 'duplicate key value violates unique constraint "listed_voices_pkey"', 'each was listed first once'
);

select * from finish();
rollback;
