-- Every create counts: CLONE_ATTEMPTS_PER_HOUR bounds what a user has sent to the provider, CLONE_LIMIT_PER_HOUR and
-- _PER_DAY what may have been made of it.

alter table private.clone_sendings
  add column creates integer not null default 1,
  add column possible integer not null default 1,
  add constraint clone_sendings_counts check (creates > 0 and possible between 0 and creates);

comment on table private.clone_sendings is 'One row for each attempt that sent a create.';
comment on column private.clone_sendings.sent_at is 'Of its last create.';
comment on column private.clone_sendings.creates is 'How many creates it sent.';
comment on column private.clone_sendings.possible is 'How many of them made a voice, or may have made one.';

drop function public.clone_claim(uuid, uuid, uuid, text, text, jsonb, text, integer, integer);
drop function private.seconds_until_allowed(uuid, uuid, integer, integer, timestamptz);

-- Seconds until this attempt may have sent p_creates creates of which p_possible may have made a voice; 0 when it may now.
-- p_reserved: creates of other attempts that are to come. The caller holds the user's limit lock.
create function private.seconds_until_allowed(
  p_user_id uuid,
  p_attempt_id uuid,
  p_creates integer,
  p_possible integer,
  p_reserved integer,
  p_limit_per_hour integer,
  p_limit_per_day integer,
  p_attempts_per_hour integer,
  p_now timestamptz
) returns integer
  language plpgsql stable
  set search_path = ''
as $$
declare
  wait integer := 0;
  span record;
  counted integer;
  frees_at timestamptz;
begin
  for span in
    select * from (values
      (p_limit_per_hour, interval '1 hour', p_possible, false),
      (p_limit_per_day, interval '1 day', p_possible, false),
      (p_attempts_per_hour, interval '1 hour', p_creates, true)
    ) as s (cap, length, wanted, counts_all)
  loop
    select coalesce(sum(case when span.counts_all then s.creates else s.possible end), 0) into counted
    from private.clone_sendings s
    where s.user_id = p_user_id and s.attempt_id <> p_attempt_id and s.sent_at > p_now - span.length;
    if counted + span.wanted > span.cap then
      -- When the oldest that are too many are over.
      select min(o.sent_at) + span.length into frees_at
      from (
        select s.sent_at, sum(case when span.counts_all then s.creates else s.possible end) over (order by s.sent_at) as freed
        from private.clone_sendings s
        where s.user_id = p_user_id and s.attempt_id <> p_attempt_id and s.sent_at > p_now - span.length
      ) o
      where counted - o.freed + span.wanted <= span.cap;
      wait := greatest(wait, ceil(extract(epoch from coalesce(frees_at - p_now, span.length)))::integer, 1);
    elsif counted + span.wanted + p_reserved > span.cap then
      wait := greatest(wait, 20);
    end if;
  end loop;
  return wait;
end
$$;

-- Answers {outcome, …}:
--   claimed                    the caller holds the lease for 20 s
--   recover                    likewise, but an earlier create may have made the voice: look it up first
--                              (region and details of that create, same_details as this caller's, and for how many
--                              seconds its outcome has been unknown)
--   created                    the provider voice is known, only the row is missing (same_details)
--   finalized {voice}, rejected {error}, in_progress {seconds}, conflict, deleted, user_deleted, limited {seconds}
-- In modal mode nothing is paid for, so there is no lease: claimed means that the row may be saved at once.
create function public.clone_claim(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_token text,
  p_region text,
  p_details jsonb,
  p_tts_provider text,
  p_limit_per_hour integer,
  p_limit_per_day integer,
  p_attempts_per_hour integer default 20
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  lease constant interval := interval '20 seconds';
  asked text := private.fingerprint(p_details);
  voice public.voices;
  entry private.voice_enrollments;
  is_new boolean := false;
  moment timestamptz;
  reserved integer;
  wait integer;
begin
  if not exists (select from auth.users u where u.id = p_user_id) then
    return jsonb_build_object('outcome', 'user_deleted');
  end if;

  -- Again when a release removed the row between the two statements.
  loop
    if p_tts_provider <> 'modal' then
      insert into private.voice_enrollments
        (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, details, fingerprint)
      values
        (p_user_id, p_voice_id, p_attempt_id, p_token, 'claimed', clock_timestamp() + lease, p_region, p_details, asked)
      on conflict do nothing;
      is_new := found;
    end if;
    select * into entry from private.voice_enrollments e
    where e.user_id = p_user_id and e.voice_id = p_voice_id for update;
    exit when found or p_tts_provider = 'modal';
  end loop;
  moment := clock_timestamp();

  -- Read after the lock: whoever held it may have finalized meanwhile.
  select * into voice from public.voices v where v.id = p_voice_id;
  if found then
    if is_new then
      delete from private.voice_enrollments e where e.user_id = p_user_id and e.voice_id = p_voice_id;
    end if;
    return private.standing_voice(voice, p_user_id, p_details);
  end if;

  -- Finalized, and the row is gone: its user was deleted and this token outlived them.
  if entry.state = 'finalized' then
    return jsonb_build_object('outcome', 'deleted');
  end if;

  if entry.state = 'created' then
    return jsonb_build_object('outcome', 'created', 'same_details', entry.fingerprint = asked);
  end if;

  if not is_new and entry.state in ('claimed', 'sending') and entry.lease_expires_at > moment
    and not (entry.state = 'claimed' and entry.attempt_id = p_attempt_id)
  then
    -- While an earlier create is being looked up, nobody can say yet whose details will stand.
    if entry.fingerprint <> asked and entry.unresolved_since is null then
      return jsonb_build_object('outcome', 'conflict');
    end if;
    return jsonb_build_object(
      'outcome', 'in_progress',
      'seconds', greatest(1, ceil(extract(epoch from entry.lease_expires_at - moment)))::integer
    );
  end if;

  if p_tts_provider = 'modal' then
    return jsonb_build_object('outcome', 'claimed');
  end if;

  if entry.state = 'sending' or entry.unresolved_since is not null then
    update private.voice_enrollments e set
      attempt_id = p_attempt_id,
      state = 'claimed',
      lease_expires_at = moment + lease,
      unresolved_since = coalesce(e.unresolved_since, moment),
      fingerprint = case when e.details is null then asked else e.fingerprint end,
      details = coalesce(e.details, p_details),
      updated_at = moment
    where e.user_id = p_user_id and e.voice_id = p_voice_id
    returning * into entry;
    return jsonb_build_object(
      'outcome', 'recover',
      'region', entry.region,
      'details', entry.details,
      'same_details', entry.fingerprint = asked,
      'unresolved_seconds', extract(epoch from moment - entry.unresolved_since)
    );
  end if;

  if entry.state = 'rejected' and entry.fingerprint = asked then
    return jsonb_build_object('outcome', 'rejected', 'error', entry.error);
  end if;

  -- One claim of a user at a time from here on, so that each sees the claims before it.
  perform pg_advisory_xact_lock(hashtextextended('clone_limit:' || p_user_id::text, 0));
  moment := clock_timestamp();
  select count(*) into reserved
  from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id <> p_voice_id and e.state = 'claimed' and e.lease_expires_at > moment;
  wait := private.seconds_until_allowed(
    p_user_id, p_attempt_id, 1, 1, reserved, p_limit_per_hour, p_limit_per_day, p_attempts_per_hour, moment
  );
  if wait > 0 then
    if is_new then
      delete from private.voice_enrollments e where e.user_id = p_user_id and e.voice_id = p_voice_id;
    end if;
    return jsonb_build_object('outcome', 'limited', 'seconds', wait);
  end if;

  update private.voice_enrollments e set
    attempt_id = p_attempt_id,
    state = 'claimed',
    lease_expires_at = moment + lease,
    region = p_region,
    details = p_details,
    fingerprint = asked,
    error = null,
    updated_at = moment
  where e.user_id = p_user_id and e.voice_id = p_voice_id;
  return jsonb_build_object('outcome', 'claimed');
end
$$;

revoke all on function private.seconds_until_allowed(
  uuid, uuid, integer, integer, integer, integer, integer, integer, timestamptz
) from public, anon, authenticated, service_role;
revoke all on function public.clone_claim(uuid, uuid, uuid, text, text, jsonb, text, integer, integer, integer)
  from public, anon, authenticated;
grant execute on function public.clone_claim(uuid, uuid, uuid, text, text, jsonb, text, integer, integer, integer)
  to service_role;
