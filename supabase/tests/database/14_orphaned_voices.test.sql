-- The table of orphans: what a row may be.
begin;
select plan(6);

select set_eq(
  $$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'private.orphaned_voices'::regclass and a.attnum > 0 and not a.attisdropped
  $$,
  $$ values
    ('region', 'text', true, null),
    ('provider_voice_id', 'text', true, null),
    ('user_id', 'uuid', false, null),
    ('voice_id', 'uuid', false, null),
    ('reason', 'text', true, null),
    ('provider_request_id', 'text', false, null),
    ('seen_at', 'timestamp with time zone', true, 'now()'),
    ('purging_at', 'timestamp with time zone', false, null),
    ('purged_at', 'timestamp with time zone', false, null)
  $$,
  'its columns: type, whether null is refused, default'
);
select set_eq(
  $$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'private.orphaned_voices'::regclass and contype <> 'c'
  $$,
  array['PRIMARY KEY (region, provider_voice_id)'],
  'its keys'
);
select set_eq(
  $$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'private.orphaned_voices'::regclass and contype = 'c'
  $$,
  array[]::text[],
  'its checks are those that are tested here'
);
select indexes_are('private', 'orphaned_voices', array['orphaned_voices_pkey'], 'its indexes');

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
