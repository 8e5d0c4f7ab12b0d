-- The table of orphans: what a row may be.
begin;
select plan(2);

insert into private.orphaned_voices (region, provider_voice_id, reason) values ('test', 'one', 'listed');
select lives_ok(
  $$ insert into private.orphaned_voices (region, provider_voice_id, reason) values ('another', 'one', 'listed') $$,
  'the same id in another region is another provider voice'
);
select throws_ok(
  $$ insert into private.orphaned_voices (region, provider_voice_id, reason) values ('test', 'one', 'superseded') $$,
  '23505', 'duplicate key value violates unique constraint "orphaned_voices_pkey"', 'an orphan is recorded once'
);

select * from finish();
rollback;
