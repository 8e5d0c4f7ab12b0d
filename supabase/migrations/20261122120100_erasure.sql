-- What is left of a user whose account was deleted, once the foreign keys have taken the rows: what they asked for in the
-- ledger, and objects. Their provider voices are reconcile's orphans. A user is never made again, so nothing is marked.

-- Takes what users who are gone had asked for, and its hash, out of the enrollments that nobody works on; and their record
-- of sendings. The enrollments stay, for they find the provider voices. Answers how many there were, or with p_repair
-- false are.
create function public.erase_details(p_repair boolean) returns integer
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  -- In the form of a user's details: a voice that is found later is still completed, and becomes an orphan.
  nothing jsonb := '{"name": "deleted", "language": "Auto", "transcript": "deleted", "description": null}';
  of_nothing text := private.fingerprint(nothing);
  erased integer;
begin
  if not p_repair then
    select count(*) into erased from private.voice_enrollments e
    where (e.details <> nothing or e.fingerprint <> of_nothing) and e.region <> 'swept'
      and (e.state in ('finalized', 'rejected') or e.lease_expires_at <= clock_timestamp())
      and not exists (select from auth.users u where u.id = e.user_id);
    return erased;
  end if;

  with doomed as (
    select e.user_id, e.voice_id from private.voice_enrollments e
    where (e.details <> nothing or e.fingerprint <> of_nothing) and e.region <> 'swept'
      and (e.state in ('finalized', 'rejected') or e.lease_expires_at <= clock_timestamp())
      and not exists (select from auth.users u where u.id = e.user_id)
    for update skip locked
  )
  update private.voice_enrollments e set
    details = case when e.details is not null then nothing end,
    fingerprint = of_nothing,
    updated_at = clock_timestamp()
  from doomed d where e.user_id = d.user_id and e.voice_id = d.voice_id;
  get diagnostics erased = row_count;

  delete from private.clone_sendings s where not exists (select from auth.users u where u.id = s.user_id);
  return erased;
end
$$;

-- Objects of this project that nobody can ask for any more: those of users who are gone, and audio of an age that no
-- generation has. One that its row names is never among them, whoever the row belongs to; nor is one of the last ten
-- minutes, which may be somebody's at work.
create function public.forgotten_objects(p_older_than_seconds integer, p_limit integer)
  returns table (bucket_id text, name text)
  language sql
  security definer
  set search_path = ''
as $$
  with made_here as materialized (
    select
      o.bucket_id, o.name, o.created_at,
      split_part(o.name, '/', 1)::uuid as user_id,
      substring(o.name from 38 for 36)::uuid as id
    from storage.objects o
    where o.created_at < clock_timestamp() - interval '10 minutes' and (
      o.bucket_id = 'references' and o.name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/reference\.wav$'
      or o.bucket_id = 'generations' and o.name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.wav$'
    )
  )
  select o.bucket_id, o.name from made_here o
  where (
      not exists (select from auth.users u where u.id = o.user_id)
      or o.bucket_id = 'generations' and o.created_at < clock_timestamp() - make_interval(secs => p_older_than_seconds)
    )
    and not exists (
      select from public.voices v where o.bucket_id = 'references' and v.reference_object_key = o.name
    )
    and not exists (
      select from public.generations g left join public.tasks t on t.generation_id = g.id
      where o.bucket_id = 'generations' and g.id = o.id
        and (g.audio_object_key = o.name or t.status in ('pending', 'processing'))
    )
  order by o.created_at, o.name
  limit p_limit;
$$;

-- Both sweeps ask of each object whether a row names it. By hash, for users of the older flow wrote what they liked there,
-- and an ordered index takes 2,704 bytes at most.
create index voices_by_reference on public.voices using hash (reference_object_key)
  where reference_object_key is not null;

revoke all on function public.erase_details(boolean) from public, anon, authenticated;
revoke all on function public.forgotten_objects(integer, integer) from public, anon, authenticated;
grant execute on function public.erase_details(boolean) to service_role;
grant execute on function public.forgotten_objects(integer, integer) to service_role;
