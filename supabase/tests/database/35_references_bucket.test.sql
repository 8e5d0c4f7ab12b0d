-- Who sees and changes the objects of the bucket references, whatever policies a project has.
begin;
select plan(23);

-- Two users.
create function pg_temp.a() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000a'::uuid $$;
create function pg_temp.b() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000b'::uuid $$;
insert into auth.users (id, email) values (pg_temp.a(), 'pgtap-a@example.com'), (pg_temp.b(), 'pgtap-b@example.com');

-- From here on as a role, and as a user of it.
create function pg_temp.act_as(p_role text, p_user_id uuid default null) returns void
  language plpgsql
as $$
begin
  perform set_config('role', p_role, true),
    set_config('request.jwt.claim.sub', coalesce(p_user_id::text, ''), true),
    set_config('request.jwt.claims', jsonb_build_object('role', p_role, 'sub', p_user_id)::text, true);
end
$$;

insert into storage.buckets (id, name, public) values ('pgtap', 'pgtap', false);
insert into storage.objects (bucket_id, name)
values
  ('references', pg_temp.a() || '/own.wav'),
  ('references', pg_temp.b() || '/another.wav'),
  ('references', 'pgtap.wav'),
  ('pgtap', 'elsewhere.wav');

-- The widest policy that a project may have: what is refused below is refused by ours. Hosted Storage refuses to have
-- objects removed by SQL at all, unless this is set.
create policy "pgTAP allows everything" on storage.objects for all to public using (true) with check (true);
select set_config('storage.allow_delete_query', 'true', true);

-- The objects of these tests that the role may read, by the ends of their names.
create view pg_temp.readable as
select substring(name from '[^/]+$') as object from storage.objects
where bucket_id = 'pgtap'
  or bucket_id = 'references'
    and (split_part(name, '/', 1) in (pg_temp.a()::text, pg_temp.b()::text) or name = 'pgtap.wav');
alter view pg_temp.readable set (security_invoker = true);
grant select on pg_temp.readable to public;

-- How many rows a statement touches.
create function pg_temp.touched(p_statement text) returns bigint
  language plpgsql
as $$
declare
  touched bigint;
begin
  execute p_statement;
  get diagnostics touched = row_count;
  return touched;
end
$$;

select results_eq(
  $$ select public, file_size_limit::bigint from storage.buckets where id = 'references' $$,
  $$ values (false, 10485760::bigint) $$,
  'the bucket is private and bounds the size'
);
select set_eq(
  $$ select unnest(allowed_mime_types) from storage.buckets where id = 'references' $$,
  array[
    'audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/mpeg', 'audio/mp3', 'audio/x-mp3',
    'audio/mp4', 'audio/x-m4a', 'audio/m4a', 'audio/aac', 'video/mp4'
  ],
  'it takes what browsers and phones declare WAV, MP3 and M4A to be'
);

select pg_temp.act_as('anon');
select set_eq(
  'select object from pg_temp.readable', array['elsewhere.wav'],
  'anon reads none, and other buckets as before'
);
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('references', pg_temp.a() || '/new.wav') $$,
  '42501', null, 'anon stores nothing here'
);
select throws_ok(
  $$
    update storage.objects set bucket_id = 'references', name = pg_temp.a() || '/new.wav' where bucket_id = 'pgtap'
  $$,
  '42501', null, 'anon moves nothing here'
);
select is(
  pg_temp.touched($$ update storage.objects set metadata = '{}' where bucket_id = 'references' $$), 0::bigint,
  'anon overwrites nothing'
);
select is(
  pg_temp.touched($$ delete from storage.objects where bucket_id = 'references' $$), 0::bigint,
  'anon removes nothing'
);
select is(
  pg_temp.touched($$ update storage.objects set metadata = '{}' where bucket_id = 'pgtap' $$), 1::bigint,
  'anon writes to other buckets as before'
);

select pg_temp.act_as('authenticated', pg_temp.a());
select set_eq(
  'select object from pg_temp.readable', array['own.wav', 'elsewhere.wav'],
  'a user reads own objects alone, and other buckets as before'
);
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('references', pg_temp.a() || '/new.wav') $$,
  '42501', null, 'a user stores nothing here'
);
select throws_ok(
  $$
    update storage.objects set bucket_id = 'references', name = pg_temp.a() || '/new.wav' where bucket_id = 'pgtap'
  $$,
  '42501', null, 'a user moves nothing here'
);
select is(
  pg_temp.touched($$ update storage.objects set metadata = '{}' where bucket_id = 'references' $$), 0::bigint,
  'a user overwrites nothing'
);
select is(
  pg_temp.touched($$ delete from storage.objects where bucket_id = 'references' $$), 0::bigint,
  'a user removes nothing'
);
select is(
  pg_temp.touched($$ update storage.objects set metadata = '{}' where bucket_id = 'pgtap' $$), 1::bigint,
  'a user writes to other buckets as before'
);

select pg_temp.act_as('authenticated', pg_temp.b());
select set_eq(
  'select object from pg_temp.readable', array['another.wav', 'elsewhere.wav'],
  'another user reads own objects alone, and other buckets as before'
);
select throws_ok(
  $$ insert into storage.objects (bucket_id, name) values ('references', pg_temp.b() || '/new.wav') $$,
  '42501', null, 'another user stores nothing here'
);
select throws_ok(
  $$
    update storage.objects set bucket_id = 'references', name = pg_temp.b() || '/new.wav' where bucket_id = 'pgtap'
  $$,
  '42501', null, 'another user moves nothing here'
);
select is(
  pg_temp.touched($$ update storage.objects set metadata = '{}' where bucket_id = 'references' $$), 0::bigint,
  'another user overwrites nothing'
);
select is(
  pg_temp.touched($$ delete from storage.objects where bucket_id = 'references' $$), 0::bigint,
  'another user removes nothing'
);
select is(
  pg_temp.touched($$ update storage.objects set metadata = '{}' where bucket_id = 'pgtap' $$), 1::bigint,
  'another user writes to other buckets as before'
);

select pg_temp.act_as('service_role');
select set_eq(
  'select object from pg_temp.readable', array['own.wav', 'another.wav', 'pgtap.wav', 'elsewhere.wav'],
  'service_role reads all'
);
select lives_ok(
  $$ insert into storage.objects (bucket_id, name) values ('references', pg_temp.a() || '/new.wav') $$,
  'service_role stores'
);
select is(
  pg_temp.touched($$
    delete from storage.objects where bucket_id = 'references' and split_part(name, '/', 1) = pg_temp.a()::text
  $$),
  2::bigint, 'service_role removes'
);

select * from finish();
rollback;
