-- The calls between claim and complete, with every create counted where it is sent.

drop function public.clone_sending(uuid, uuid, uuid, text, jsonb, integer);
drop function public.clone_release(uuid, uuid, uuid, jsonb);

-- Only the holder of the lease passes, and only while no row stands; whoever was superseded becomes a waiter.
-- p_lease_seconds: the request's deadline and a margin, for a create may answer as late as that.
-- p_creates and p_possible count this create and those that the attempt sent before it, as private.clone_sendings keeps
-- them. A function of before this migration gives neither counts nor limits: its creates are counted one by one.
--
-- Answers {outcome, …}: sending, superseded, limited {seconds} until it may be sent, undecided: an earlier create may have
-- made the voice, and in this region no look-up can tell.
create function public.clone_sending(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_region text,
  p_details jsonb,
  p_lease_seconds integer,
  p_creates integer default null,
  p_possible integer default null,
  p_limit_per_hour integer default null,
  p_limit_per_day integer default null,
  p_attempts_per_hour integer default null
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  entry private.voice_enrollments;
  moment timestamptz;
  wait integer;
begin
  select * into entry from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id = p_voice_id and e.attempt_id = p_attempt_id
    and e.state in ('claimed', 'sending')
  for update;
  if not found or exists (select from public.voices v where v.id = p_voice_id) then
    return jsonb_build_object('outcome', 'superseded');
  end if;
  if (entry.unresolved_since is not null or p_possible > 1) and not private.is_traceable(p_region) then
    return jsonb_build_object('outcome', 'undecided');
  end if;

  -- One create of a user at a time from here on, so that each counts those before it. A create after a look-up has no
  -- reservation of its claim, so this is where the limits hold for all of them.
  perform pg_advisory_xact_lock(hashtextextended('clone_limit:' || p_user_id::text, 0));
  moment := clock_timestamp();
  if p_creates is not null then
    wait := private.seconds_until_allowed(
      p_user_id, p_attempt_id, p_creates, p_possible, 0, p_limit_per_hour, p_limit_per_day, p_attempts_per_hour, moment
    );
    if wait > 0 then
      return jsonb_build_object('outcome', 'limited', 'seconds', wait);
    end if;
  end if;

  update private.voice_enrollments e set
    state = 'sending',
    -- Of a create that was unknown before this column was there, it stays unknown when it was sent.
    sending_since = case when e.unresolved_since is null then moment else e.sending_since end,
    lease_expires_at = moment + make_interval(secs => p_lease_seconds),
    region = p_region,
    details = p_details,
    fingerprint = private.fingerprint(p_details),
    error = null,
    updated_at = moment
  where e.user_id = p_user_id and e.voice_id = p_voice_id;

  insert into private.clone_sendings as s (attempt_id, user_id, sent_at, creates, possible)
  values (p_attempt_id, p_user_id, moment, coalesce(p_creates, 1), coalesce(p_possible, 1))
  on conflict (attempt_id) do update set
    sent_at = excluded.sent_at,
    creates = coalesce(p_creates, s.creates + 1),
    possible = coalesce(p_possible, s.possible + 1);
  delete from private.clone_sendings s where s.user_id = p_user_id and s.sent_at < moment - interval '1 day';

  return jsonb_build_object('outcome', 'sending');
end
$$;

-- Ends an attempt that made no voice. Without a rejection no enrollment is left of it; with one, the refusal is kept, so
-- that the same clip is not sent again. It matches the attempt and its state, and never clears unresolved_since of an
-- earlier attempt.
-- p_creates and p_possible: what the attempt sent, and how much of it may have made a voice. A function of before this
-- migration gives neither, and what it sent does not count.
create function public.clone_release(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_rejection jsonb,
  p_creates integer default null,
  p_possible integer default null
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

  if coalesce(p_creates, 0) = 0 then
    delete from private.clone_sendings s where s.attempt_id = p_attempt_id;
  else
    update private.clone_sendings s set creates = p_creates, possible = p_possible where s.attempt_id = p_attempt_id;
  end if;

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

revoke all on function public.clone_sending(
  uuid, uuid, uuid, text, jsonb, integer, integer, integer, integer, integer, integer
) from public, anon, authenticated;
revoke all on function public.clone_release(uuid, uuid, uuid, jsonb, integer, integer) from public, anon, authenticated;
grant execute on function public.clone_sending(
  uuid, uuid, uuid, text, jsonb, integer, integer, integer, integer, integer, integer
) to service_role;
grant execute on function public.clone_release(uuid, uuid, uuid, jsonb, integer, integer) to service_role;
