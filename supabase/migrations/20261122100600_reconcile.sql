-- What reconcile asks of the ledger. It lists the provider first and calls these second, so that a voice that is listed
-- and unknown here cannot have been created in between.

-- Ends the claims that have expired without sending anything, and marks as unresolved what has expired while sending.
-- Answers how many were, or with p_repair false would be, released.
create function public.reconcile_release(p_repair boolean) returns integer
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  moment timestamptz := clock_timestamp();
  released integer;
begin
  if not p_repair then
    select count(*) into released from private.voice_enrollments e
    where e.state = 'claimed' and e.unresolved_since is null and e.lease_expires_at <= moment;
    return released;
  end if;

  with doomed as (
    select e.user_id, e.voice_id from private.voice_enrollments e
    where e.state = 'claimed' and e.unresolved_since is null and e.lease_expires_at <= moment
    for update skip locked
  )
  delete from private.voice_enrollments e using doomed d
  where e.user_id = d.user_id and e.voice_id = d.voice_id;
  get diagnostics released = row_count;

  update private.voice_enrollments e set unresolved_since = e.lease_expires_at, updated_at = moment
  where e.state = 'sending' and e.unresolved_since is null and e.lease_expires_at <= moment;
  return released;
end
$$;

-- One page, in order of their keys, of the enrollments whose lease is over and whose voice may be at the provider, or is
-- known (created) and lacks its row: [{user_id, voice_id, token, state, region, details}].
create function public.reconcile_expired(p_after_user_id uuid, p_after_voice_id uuid, p_limit integer) returns jsonb
  language sql
  security definer
  set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(entry)), '[]') from (
    select e.user_id, e.voice_id, e.token, e.state, e.region, e.details
    from private.voice_enrollments e
    where e.lease_expires_at <= clock_timestamp()
      and (e.state in ('created', 'sending') or (e.unresolved_since is not null and e.state <> 'finalized'))
      and (e.user_id, e.voice_id) > (p_after_user_id, p_after_voice_id)
    order by e.user_id, e.voice_id
    limit p_limit
  ) entry;
$$;

-- What each provider voice is here. p_voices: [{provider_voice_id, token}], token null when its name carries none.
-- Answers the same list in order, each with kind: ours (a row has it, or its enrollment is still open), orphan (its
-- token is in the ledger, no row has it), foreign (its token is unknown here); and user_id and voice_id where known.
create function public.reconcile_sort(p_region text, p_voices jsonb) returns jsonb
  language sql
  security definer
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'provider_voice_id', listed.provider_voice_id,
    'kind', case
      when v.id is not null then 'ours'
      when o.provider_voice_id is not null then 'orphan'
      when e.voice_id is null then 'foreign'
      when e.state in ('claimed', 'sending', 'created') or (e.unresolved_since is not null and e.state <> 'finalized')
        then 'ours'
      else 'orphan'
    end,
    'user_id', coalesce(v.user_id, o.user_id, e.user_id),
    'voice_id', coalesce(v.id, o.voice_id, e.voice_id)
  ) order by listed.position), '[]')
  from (
    select item.value ->> 'provider_voice_id' as provider_voice_id, item.value ->> 'token' as token, item.position
    from jsonb_array_elements(p_voices) with ordinality as item (value, position)
  ) listed
  left join public.voices v
    on v.provider_region = p_region and v.provider_voice_id = listed.provider_voice_id
  left join private.orphaned_voices o
    on o.region = p_region and o.provider_voice_id = listed.provider_voice_id
  left join lateral (
    select * from private.voice_enrollments e where e.token = listed.token limit 1
  ) e on true;
$$;

-- Records an orphan, after looking again under the enrollment's lock. False when it is none any more.
create function public.reconcile_record_orphan(
  p_region text,
  p_provider_voice_id text,
  p_user_id uuid,
  p_voice_id uuid,
  p_created_at timestamptz
) returns boolean
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  entry private.voice_enrollments;
begin
  select * into entry from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id = p_voice_id for update;
  if entry.state in ('claimed', 'sending', 'created') or (entry.unresolved_since is not null and entry.state <> 'finalized')
    or exists (
      select from public.voices v where v.provider_region = p_region and v.provider_voice_id = p_provider_voice_id
    )
  then
    return false;
  end if;
  insert into private.orphaned_voices (region, provider_voice_id, user_id, voice_id, reason, seen_at)
  values (p_region, p_provider_voice_id, p_user_id, p_voice_id, 'listed', least(p_created_at, clock_timestamp()))
  on conflict do nothing;
  return true;
end
$$;

-- Live rows whose provider voice the provider does not list any more, of those created before the list was read.
create function public.reconcile_gone(
  p_region text,
  p_provider_voice_ids text[],
  p_before timestamptz,
  p_limit integer
) returns jsonb
  language sql
  security definer
  set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(gone)), '[]') from (
    select v.id as voice_id, v.provider_voice_id
    from public.voices v
    where v.provider_region = p_region and v.tts_provider = 'qwen' and v.deleted_at is null
      and v.created_at < p_before and v.provider_voice_id <> all (p_provider_voice_ids)
    order by v.created_at
    limit p_limit
  ) gone;
$$;

-- Marks the next orphan of an age as being purged, so that no row can be made of it any more, and gives its id; null
-- when there is none. One that an earlier purge marked and did not finish comes first. p_skip: those tried already.
create function public.purge_next(p_region text, p_older_than_seconds integer, p_skip text[]) returns text
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  candidate private.orphaned_voices;
begin
  for candidate in
    select * from private.orphaned_voices o
    where o.region = p_region and o.purged_at is null and o.provider_voice_id <> all (p_skip)
      and (o.purging_at is not null or o.seen_at <= clock_timestamp() - make_interval(secs => p_older_than_seconds))
    order by o.purging_at nulls last, o.seen_at, o.provider_voice_id
  loop
    -- In the order of clone_complete: the enrollment first, then the orphan.
    perform from private.voice_enrollments e
    where e.user_id = candidate.user_id and e.voice_id = candidate.voice_id for update;
    if exists (
      select from public.voices v
      where v.provider_region = p_region and v.provider_voice_id = candidate.provider_voice_id
    ) or exists (
      select from private.voice_enrollments e
      where e.state = 'created' and e.region = p_region and e.provider_voice_id = candidate.provider_voice_id
    ) then
      delete from private.orphaned_voices o
      where o.region = p_region and o.provider_voice_id = candidate.provider_voice_id and o.purging_at is null;
      continue;
    end if;
    update private.orphaned_voices o set purging_at = coalesce(o.purging_at, clock_timestamp())
    where o.region = p_region and o.provider_voice_id = candidate.provider_voice_id and o.purged_at is null;
    if found then
      return candidate.provider_voice_id;
    end if;
  end loop;
  return null;
end
$$;

-- The provider has deleted it.
create function public.purge_done(p_region text, p_provider_voice_id text) returns void
  language sql
  security definer
  set search_path = ''
as $$
  update private.orphaned_voices o set purged_at = coalesce(o.purged_at, clock_timestamp())
  where o.region = p_region and o.provider_voice_id = p_provider_voice_id and o.purging_at is not null;
$$;

-- Keys of uploads of an age that no finalize holds and no row refers to. With p_repair they are marked as swept first, by
-- an enrollment that has ended without a row: whoever claims later is told that there is no such voice, and whoever
-- claimed before keeps the clip.
create function public.unclaimed_uploads(p_older_than_seconds integer, p_limit integer, p_repair boolean)
  returns setof text
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  upload record;
begin
  for upload in
    select o.name, split_part(o.name, '/', 1)::uuid as user_id, split_part(o.name, '/', 2)::uuid as voice_id
    from storage.objects o
    where o.bucket_id = 'references'
      and o.created_at < clock_timestamp() - make_interval(secs => p_older_than_seconds)
      and o.name ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/reference\.wav$'
      and not exists (select from public.voices v where v.reference_object_key = o.name)
      and not exists (
        select from private.voice_enrollments e
        where e.user_id = split_part(o.name, '/', 1)::uuid and e.voice_id = split_part(o.name, '/', 2)::uuid
          and e.region <> 'swept'
      )
    order by o.created_at
    limit p_limit
  loop
    if p_repair then
      perform pg_advisory_xact_lock(hashtextextended('reference:' || upload.voice_id::text, 0));
      insert into private.voice_enrollments
        (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint)
      values
        (upload.user_id, upload.voice_id, gen_random_uuid(), '', 'finalized', clock_timestamp(), 'swept', '')
      on conflict do nothing;
      continue when exists (select from public.voices v where v.reference_object_key = upload.name)
        or not exists (
          select from private.voice_enrollments e
          where e.user_id = upload.user_id and e.voice_id = upload.voice_id and e.region = 'swept'
        );
    end if;
    return next upload.name;
  end loop;
end
$$;

revoke all on function public.reconcile_expired(uuid, uuid, integer) from public, anon, authenticated;
revoke all on function public.reconcile_release(boolean) from public, anon, authenticated;
revoke all on function public.reconcile_sort(text, jsonb) from public, anon, authenticated;
revoke all on function public.reconcile_record_orphan(text, text, uuid, uuid, timestamptz) from public, anon, authenticated;
revoke all on function public.reconcile_gone(text, text[], timestamptz, integer) from public, anon, authenticated;
revoke all on function public.purge_next(text, integer, text[]) from public, anon, authenticated;
revoke all on function public.purge_done(text, text) from public, anon, authenticated;
revoke all on function public.unclaimed_uploads(integer, integer, boolean) from public, anon, authenticated;
grant execute on function public.reconcile_expired(uuid, uuid, integer) to service_role;
grant execute on function public.reconcile_release(boolean) to service_role;
grant execute on function public.reconcile_sort(text, jsonb) to service_role;
grant execute on function public.reconcile_record_orphan(text, text, uuid, uuid, timestamptz) to service_role;
grant execute on function public.reconcile_gone(text, text[], timestamptz, integer) to service_role;
grant execute on function public.purge_next(text, integer, text[]) to service_role;
grant execute on function public.purge_done(text, text) to service_role;
grant execute on function public.unclaimed_uploads(integer, integer, boolean) to service_role;
