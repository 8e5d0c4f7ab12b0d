-- Who sees and changes the objects of the buckets references and generations, whatever policies a project has.
begin;
select plan(46);

-- Two users.
create function pg_temp.a() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000a'::uuid $$;
create function pg_temp.b() returns uuid
  language sql immutable
as $$ select '7e570000-0000-4000-8000-00000000000b'::uuid $$;
insert into auth.users (id, email) values (pg_temp.a(), 'pgtap-a@example.com'), (pg_temp.b(), 'pgtap-b@example.com');

-- Continues as a role, and as a user of it.
create function pg_temp.act_as(p_role text, p_user_id uuid default null) returns void
  language plpgsql
as $$
begin
  perform set_config('role', p_role, true),
    set_config('request.jwt.claim.sub', coalesce(p_user_id::text, ''), true),
    set_config('request.jwt.claims', jsonb_build_object('role', p_role, 'sub', p_user_id)::text, true);
end
$$;

-- The buckets, how many bytes an object may have, and which types: of clips, what browsers and phones declare WAV, MP3 and
-- M4A to be.
create temporary table guarded (bucket text, size bigint, types text[]);
insert into guarded values
  (
    'references', 10485760, array[
      'audio/wav', 'audio/x-wav', 'audio/wave', 'audio/vnd.wave', 'audio/mpeg', 'audio/mp3', 'audio/x-mp3',
      'audio/mp4', 'audio/x-m4a', 'audio/m4a', 'audio/aac', 'video/mp4'
    ]
  ),
  ('generations', 33554432, array['audio/wav']);
grant select on guarded to public;

insert into storage.buckets (id, name, public) values ('pgtap', 'pgtap', false);
insert into storage.objects (bucket_id, name)
select bucket, name
from guarded, unnest(array[pg_temp.a() || '/own.wav', pg_temp.b() || '/another.wav', 'pgtap.wav']) as name
union all values ('pgtap', 'elsewhere.wav');

-- The widest policy that a project may have: what is refused below is refused by ours. Hosted Storage refuses to have
-- objects removed by SQL at all, unless this is set.
create policy "pgTAP allows everything" on storage.objects for all to public using (true) with check (true);
select set_config('storage.allow_delete_query', 'true', true);

-- The objects of these tests that the role may read, by the ends of their names.
create view pg_temp.readable as
select bucket_id, substring(name from '[^/]+$') as object from storage.objects
where bucket_id = 'pgtap' or split_part(name, '/', 1) in (pg_temp.a()::text, pg_temp.b()::text) or name = 'pgtap.wav';
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

-- What those for whom a browser acts read of a bucket and of other buckets, and that they change nothing in it.
create function pg_temp.guards(p_who text, p_user_id uuid, p_bucket text, p_readable text[]) returns setof text
  language plpgsql
as $$
begin
  return query values
    (set_eq(
      format('select object from pg_temp.readable where bucket_id in (%L, ''pgtap'')', p_bucket), p_readable,
      format('%s reads own objects of %s at most, and other buckets as before', p_who, p_bucket)
    )),
    (throws_ok(
      format('insert into storage.objects (bucket_id, name) values (%L, %L)', p_bucket, p_user_id || '/new.wav'),
      '42501', null, format('%s stores nothing in %s', p_who, p_bucket)
    )),
    (throws_ok(
      format(
        'update storage.objects set bucket_id = %L, name = %L where bucket_id = ''pgtap''', p_bucket,
        p_user_id || '/new.wav'
      ),
      '42501', null, format('%s moves nothing to %s', p_who, p_bucket)
    )),
    (is(
      pg_temp.touched(format('update storage.objects set metadata = ''{}'' where bucket_id = %L', p_bucket)), 0::bigint,
      format('%s overwrites nothing in %s', p_who, p_bucket)
    )),
    (is(
      pg_temp.touched(format('delete from storage.objects where bucket_id = %L', p_bucket)), 0::bigint,
      format('%s removes nothing from %s', p_who, p_bucket)
    )),
    (is(
      pg_temp.touched('update storage.objects set metadata = ''{}'' where bucket_id = ''pgtap'''), 1::bigint,
      format('%s writes to other buckets than %s as before', p_who, p_bucket)
    ));
end
$$;

select results_eq(
  format('select public, file_size_limit::bigint from storage.buckets where id = %L', bucket),
  format('values (false, %s::bigint)', size), format('the bucket %s is private and bounds the size', bucket)
)
from guarded;
select set_eq(
  format('select unnest(allowed_mime_types) from storage.buckets where id = %L', bucket), types,
  format('%s takes these types alone', bucket)
)
from guarded;

select pg_temp.act_as('anon');
select pg_temp.guards('anon', pg_temp.a(), bucket, '{elsewhere.wav}') from guarded;
select pg_temp.act_as('authenticated', pg_temp.a());
select pg_temp.guards('a user', pg_temp.a(), bucket, '{own.wav, elsewhere.wav}') from guarded;
select pg_temp.act_as('authenticated', pg_temp.b());
select pg_temp.guards('another user', pg_temp.b(), bucket, '{another.wav, elsewhere.wav}') from guarded;

select pg_temp.act_as('service_role');
select set_eq(
  format('select object from pg_temp.readable where bucket_id in (%L, ''pgtap'')', bucket),
  array['own.wav', 'another.wav', 'pgtap.wav', 'elsewhere.wav'], format('service_role reads all of %s', bucket)
)
from guarded;
select lives_ok(
  format('insert into storage.objects (bucket_id, name) values (%L, %L)', bucket, pg_temp.a() || '/new.wav'),
  format('service_role stores in %s', bucket)
)
from guarded;
select is(
  pg_temp.touched(format(
    'delete from storage.objects where bucket_id = %L and split_part(name, ''/'', 1) = %L', bucket, pg_temp.a()
  )),
  2::bigint, format('service_role removes from %s', bucket)
)
from guarded;

select * from finish();
rollback;
