-- Where voice ids do not carry the token, and the lists that are compared there: what a row may be.
begin;
select plan(18);

create temporary table columns (of text, name text, type text, not_null boolean, has_default text);
insert into columns values
  ('ids_without_token', 'region', 'text', true, null),
  ('ids_without_token', 'provider_voice_id', 'text', true, null),
  ('ids_without_token', 'seen_at', 'timestamp with time zone', true, 'now()'),
  ('voice_lists', 'region', 'text', true, null),
  ('voice_lists', 'listed_at', 'timestamp with time zone', true, null),
  ('listed_voices', 'region', 'text', true, null),
  ('listed_voices', 'provider_voice_id', 'text', true, null),
  ('listed_voices', 'first_listed_at', 'timestamp with time zone', true, null);
create temporary table keys (of text, key text);
insert into keys values
  ('ids_without_token', 'PRIMARY KEY (region)'),
  ('voice_lists', 'PRIMARY KEY (region, listed_at)'),
  ('listed_voices', 'PRIMARY KEY (region, provider_voice_id)');

select set_eq(
  format($$
    select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
    from pg_catalog.pg_attribute a
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = 'private.%s'::regclass and a.attnum > 0 and not a.attisdropped
  $$, of),
  format('select name, type, not_null, has_default from columns where of = %L', of),
  format('the columns of %s: type, whether null is refused, default', of)
)
from keys;
select set_eq(
  format($$
    select replace(pg_get_constraintdef(oid), ' NOT VALID', '') from pg_catalog.pg_constraint
    where conrelid = 'private.%s'::regclass and contype <> 'c'
  $$, of),
  array[key],
  format('the keys of %s', of)
)
from keys;
select set_eq(
  format($$
    select conname::text from pg_catalog.pg_constraint
    where conrelid = 'private.%s'::regclass and contype = 'c'
  $$, of),
  array[]::text[],
  format('%s has no checks', of)
)
from keys;
select indexes_are('private', of, array[of || '_pkey'], format('the indexes of %s', of)) from keys;

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
