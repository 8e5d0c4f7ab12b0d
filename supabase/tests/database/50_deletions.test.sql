-- What is deleted with a user and with a voice, and what stays: the ledger, by which provider voices are found.
begin;
select plan(8);

insert into auth.users (id, email)
values
  ('7e570000-0000-4000-8000-00000000000a', 'pgtap-a@example.com'),
  ('7e570000-0000-4000-8000-00000000000b', 'pgtap-b@example.com');
insert into public.voices (id, user_id, name)
values
  ('7e570001-0000-4000-8000-000000000001', '7e570000-0000-4000-8000-00000000000a', 'stays longer'),
  ('7e570001-0000-4000-8000-000000000002', '7e570000-0000-4000-8000-00000000000a', 'removed'),
  ('7e570001-0000-4000-8000-000000000003', '7e570000-0000-4000-8000-00000000000b', 'another''s');
insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
select v.id, v.user_id, v.id, 'text', 'Auto', 'qwen', 'm' from public.voices v where v.id::text like '7e570001-%';
insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id)
select g.id, g.user_id, 'generate', 'pending', 'qwen', g.id, g.voice_id
from public.generations g where g.id::text like '7e570001-%';
insert into private.upload_allowances (user_id, full_at)
select u.id, now() from auth.users u where u.id::text like '7e570000-%';
insert into private.voice_enrollments
  (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint)
select v.user_id, v.id, v.id, 't', 'finalized', now(), 'intl', 'f'
from public.voices v where v.id::text like '7e570001-%';
insert into private.orphaned_voices (region, provider_voice_id, user_id, voice_id, reason)
select 'intl', v.id::text, v.user_id, v.id, 'listed' from public.voices v where v.id::text like '7e570001-%';
insert into private.clone_sendings (attempt_id, user_id)
select v.id, v.user_id from public.voices v where v.id::text like '7e570001-%';
-- Of no user: the provider's ids and lists.
insert into private.ids_without_token (region, provider_voice_id) values ('7e570000-region', 'one');
insert into private.voice_lists (region, listed_at) values ('7e570000-region', now());
insert into private.listed_voices (region, provider_voice_id, first_listed_at) values ('7e570000-region', 'one', now());

-- How many rows of these tests each table has.
create view pg_temp.counts as
select name, (xpath('/row/count/text()', query_to_xml(
  format('select count(*) from %s where %s::text like ''7e57000%%''', name, key), false, true, ''
)))[1]::text::integer as count
from (values
  ('public.voices', 'id'),
  ('public.generations', 'id'),
  ('public.tasks', 'id'),
  ('private.upload_allowances', 'user_id'),
  ('private.voice_enrollments', 'user_id'),
  ('private.orphaned_voices', 'user_id'),
  ('private.clone_sendings', 'attempt_id'),
  ('private.ids_without_token', 'region'),
  ('private.voice_lists', 'region'),
  ('private.listed_voices', 'region')
) as tables (name, key);

select set_eq(
  $$
    select format('%s.%s', n.nspname, c.relname)
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'private') and c.relkind in ('r', 'p')
  $$,
  'select name from pg_temp.counts', 'all tables are looked at'
);
select set_eq(
  'select name, count from pg_temp.counts',
  $$ values ('public.voices', 3), ('public.generations', 3), ('public.tasks', 3), ('private.upload_allowances', 2),
    ('private.voice_enrollments', 3), ('private.orphaned_voices', 3), ('private.clone_sendings', 3), ('private.ids_without_token', 1),
    ('private.voice_lists', 1), ('private.listed_voices', 1) $$,
  'every table has rows of both users'
);

update public.voices set deleted_at = now() where id = '7e570001-0000-4000-8000-000000000002';
select is(
  (select sum(count) from pg_temp.counts), 23::bigint, 'a soft delete removes nothing'
);

delete from public.voices where id = '7e570001-0000-4000-8000-000000000002';
select set_eq(
  'select name, count from pg_temp.counts',
  $$ values ('public.voices', 2), ('public.generations', 2), ('public.tasks', 2), ('private.upload_allowances', 2),
    ('private.voice_enrollments', 3), ('private.orphaned_voices', 3), ('private.clone_sendings', 3), ('private.ids_without_token', 1),
    ('private.voice_lists', 1), ('private.listed_voices', 1) $$,
  'a voice takes its generations with it, and they their tasks'
);

delete from public.tasks where id = '7e570001-0000-4000-8000-000000000003';
select is(
  (select count(*) from public.generations where id = '7e570001-0000-4000-8000-000000000003'), 1::bigint,
  'a task takes nothing with it'
);
delete from public.generations where id = '7e570001-0000-4000-8000-000000000003';
select is(
  (select count(*) from public.voices where id = '7e570001-0000-4000-8000-000000000003'), 1::bigint,
  'nor does a generation'
);

delete from auth.users where id = '7e570000-0000-4000-8000-00000000000a';
select set_eq(
  'select name, count from pg_temp.counts',
  $$ values ('public.voices', 1), ('public.generations', 0), ('public.tasks', 0), ('private.upload_allowances', 1),
    ('private.voice_enrollments', 3), ('private.orphaned_voices', 3), ('private.clone_sendings', 3), ('private.ids_without_token', 1),
    ('private.voice_lists', 1), ('private.listed_voices', 1) $$,
  'a user takes voices, generations, tasks and the allowance with them; the ledger stays'
);
select is(
  (select user_id::text from public.voices where id::text like '7e570001-%'), '7e570000-0000-4000-8000-00000000000b',
  'another user''s stay'
);

select * from finish();
rollback;
