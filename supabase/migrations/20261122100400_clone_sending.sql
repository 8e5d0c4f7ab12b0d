-- The calls between claim and complete: marking the create as sent, and telling how it ended when it made no voice.

-- Only the holder of the lease passes, and only while no row stands; whoever was superseded becomes a waiter.
-- p_lease_seconds: the request's deadline and a margin, for a create may answer as late as that.
create function public.clone_sending(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_region text,
  p_details jsonb,
  p_lease_seconds integer
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  moment timestamptz;
begin
  perform from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id = p_voice_id and e.attempt_id = p_attempt_id
    and e.state in ('claimed', 'sending')
  for update;
  if not found or exists (select from public.voices v where v.id = p_voice_id) then
    return jsonb_build_object('outcome', 'superseded');
  end if;

  moment := clock_timestamp();
  update private.voice_enrollments e set
    state = 'sending',
    lease_expires_at = moment + make_interval(secs => p_lease_seconds),
    region = p_region,
    details = p_details,
    fingerprint = private.fingerprint(p_details),
    error = null,
    updated_at = moment
  where e.user_id = p_user_id and e.voice_id = p_voice_id;

  insert into private.clone_sendings (attempt_id, user_id, sent_at)
  values (p_attempt_id, p_user_id, moment)
  on conflict (attempt_id) do update set sent_at = excluded.sent_at;
  delete from private.clone_sendings s where s.user_id = p_user_id and s.sent_at < moment - interval '1 day';

  return jsonb_build_object('outcome', 'sending');
end
$$;

-- Ends an attempt that made no voice; it does not count against the user's limits. Without a rejection nothing is left of
-- it; with one, the refusal is kept, so that the same clip is not sent again. It matches the attempt and its state, and
-- never clears unresolved_since of an earlier attempt.
create function public.clone_release(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_rejection jsonb
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  entry private.voice_enrollments;
begin
  p_rejection := nullif(p_rejection, 'null'::jsonb);
  select * into entry from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id = p_voice_id and e.attempt_id = p_attempt_id
    and e.state in ('claimed', 'sending')
  for update;
  if not found then
    return jsonb_build_object('outcome', 'superseded');
  end if;

  delete from private.clone_sendings s where s.attempt_id = p_attempt_id;

  if p_rejection is null and entry.unresolved_since is null then
    delete from private.voice_enrollments e where e.user_id = p_user_id and e.voice_id = p_voice_id;
  else
    update private.voice_enrollments e set
      state = case when p_rejection is null then 'claimed' else 'rejected' end,
      -- An earlier create that still may land needs its details to become a row.
      details = case when e.unresolved_since is null then null else e.details end,
      error = coalesce(p_rejection, e.error),
      lease_expires_at = clock_timestamp(),
      updated_at = clock_timestamp()
    where e.user_id = p_user_id and e.voice_id = p_voice_id;
  end if;
  return jsonb_build_object('outcome', 'released');
end
$$;

-- A create was sent and nobody knows how it ended. It holds for a superseded attempt too; only the holder's lease can
-- end with it, so that the next finalize looks the voice up at once.
create function public.clone_unresolved(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_error jsonb,
  p_ends_lease boolean
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  update private.voice_enrollments e set
    unresolved_since = coalesce(e.unresolved_since, clock_timestamp()),
    lease_expires_at = case
      when p_ends_lease and e.attempt_id = p_attempt_id then clock_timestamp() else e.lease_expires_at end,
    error = case when e.attempt_id = p_attempt_id and e.state <> 'rejected' then p_error else e.error end,
    updated_at = clock_timestamp()
  where e.user_id = p_user_id and e.voice_id = p_voice_id and e.state in ('claimed', 'sending', 'rejected');
  return jsonb_build_object('outcome', case when found then 'unresolved' else 'settled' end);
end
$$;

revoke all on function public.clone_sending(uuid, uuid, uuid, text, jsonb, integer) from public, anon, authenticated;
revoke all on function public.clone_release(uuid, uuid, uuid, jsonb) from public, anon, authenticated;
revoke all on function public.clone_unresolved(uuid, uuid, uuid, jsonb, boolean) from public, anon, authenticated;
grant execute on function public.clone_sending(uuid, uuid, uuid, text, jsonb, integer) to service_role;
grant execute on function public.clone_release(uuid, uuid, uuid, jsonb) to service_role;
grant execute on function public.clone_unresolved(uuid, uuid, uuid, jsonb, boolean) to service_role;
