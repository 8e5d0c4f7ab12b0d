-- Reconcile finds a token anywhere in a voice id, and compares lists where ids do not carry it.

-- A voice whose id does not carry the token is known by its id alone, once its user is gone too.
create index voice_enrollments_by_provider_voice on private.voice_enrollments (region, provider_voice_id)
  where provider_voice_id is not null;

-- What each provider voice is here. p_voices: [{provider_voice_id}]. The token of an enrollment may stand anywhere in the
-- id, in any case; a voice that carries none is found by the id that the ledger has of it.
-- Answers the same list in order, each with kind: ours (a row has it, or its enrollment is still open), orphan (the
-- ledger knows it or its token, no row has it), foreign (unknown here); and user_id and voice_id where known.
create or replace function public.reconcile_sort(p_region text, p_voices jsonb) returns jsonb
  language sql
  security definer
  set search_path = ''
as $$
  with listed as materialized (
    select item.value ->> 'provider_voice_id' as provider_voice_id, item.position
    from jsonb_array_elements(p_voices) with ordinality as item (value, position)
  ),
  enrolled as materialized (
    select distinct on (found.position) found.*
    from (
      select l.position, at, e.user_id, e.voice_id, e.state, e.unresolved_since
      from listed l
      cross join lateral generate_series(1, length(l.provider_voice_id) - 9) as at
      cross join lateral (select lower(substr(l.provider_voice_id, at, 10)) as token) part
      -- By index for each, however large the ledger is: offset 0 keeps this from becoming one join over all of it.
      cross join lateral (
        select * from private.voice_enrollments x where x.token = part.token offset 0
      ) e
      where part.token ~ '^[0-9a-z]{10}$'
      union all
      select l.position, null, e.user_id, e.voice_id, e.state, e.unresolved_since
      from listed l
      cross join lateral (
        select * from private.voice_enrollments x
        where x.region = p_region and x.provider_voice_id = l.provider_voice_id offset 0
      ) e
    ) found
    order by found.position, found.at nulls last, found.user_id, found.voice_id
  )
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
  from listed
  left join public.voices v
    on v.provider_region = p_region and v.provider_voice_id = listed.provider_voice_id
  left join private.orphaned_voices o
    on o.region = p_region and o.provider_voice_id = listed.provider_voice_id
  left join enrolled e on e.position = listed.position;
$$;

-- Ends an enrollment whose create made no voice. It says whether there was one to end.
create function private.settle_as_absent(p_user_id uuid, p_voice_id uuid) returns boolean
  language plpgsql
  set search_path = ''
as $$
declare
  entry private.voice_enrollments;
begin
  select * into entry from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id = p_voice_id and e.lease_expires_at <= clock_timestamp()
    and (e.state = 'sending' or (e.unresolved_since is not null and e.state in ('claimed', 'rejected')))
  for update;
  if not found then
    return false;
  end if;
  if entry.state = 'rejected' then
    update private.voice_enrollments e set
      unresolved_since = null, details = null, updated_at = clock_timestamp()
    where e.user_id = p_user_id and e.voice_id = p_voice_id;
  else
    delete from private.voice_enrollments e where e.user_id = p_user_id and e.voice_id = p_voice_id;
  end if;
  return true;
end
$$;

-- Compares the provider's list with the lists before it, in a region whose ids do not carry the token. A list that is
-- complete and was read before a create was sent, and one read ten minutes after its outcome became unknown, prove together
-- that it made nothing, if every voice that is new in the second is known here. Otherwise the new ones are candidates, of
-- which only the operator can tell whose they are.
--
-- p_listed_from: when reading the list began. Answers [{voice_id, candidates, absent}] for the enrollments that are over and
-- not settled; candidates is null while no list of before the create is known. With p_repair the list is kept for later
-- comparisons, and what is proved absent is ended.
create function public.reconcile_compare(
  p_region text,
  p_provider_voice_ids text[],
  p_listed_from timestamptz,
  p_repair boolean
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  entry record;
  before timestamptz;
  unknown text[];
  candidates jsonb;
  absent boolean;
  kept_at timestamptz;
  answer jsonb := '[]';
begin
  if private.is_traceable(p_region) then
    return answer;
  end if;

  -- What belongs to nobody here, each table read once.
  unknown := array(
    select listed.id from unnest(p_provider_voice_ids) as listed (id)
    except select v.provider_voice_id from public.voices v where v.provider_region = p_region
    except select o.provider_voice_id from private.orphaned_voices o where o.region = p_region
    except select e.provider_voice_id from private.voice_enrollments e where e.region = p_region
  );
  for entry in
    select e.user_id, e.voice_id, e.sending_since as sent_at,
      coalesce(e.unresolved_since, e.lease_expires_at) as unknown_at
    from private.voice_enrollments e
    where e.region = p_region and e.lease_expires_at <= clock_timestamp()
      and (e.state = 'sending' or (e.unresolved_since is not null and e.state in ('claimed', 'rejected')))
    order by e.user_id, e.voice_id
  loop
    select max(l.listed_at) into before
    from private.voice_lists l where l.region = p_region and l.listed_at < entry.sent_at;
    candidates := null;
    if before is not null then
      select coalesce(jsonb_agg(listed.id order by listed.id), '[]') into candidates
      from unnest(unknown) as listed (id)
      where not exists (
        select from private.listed_voices k
        where k.region = p_region and k.provider_voice_id = listed.id and k.first_listed_at <= before
      );
    end if;
    absent := coalesce(candidates = '[]' and entry.unknown_at + interval '10 minutes' < p_listed_from, false);
    if absent and p_repair then
      absent := private.settle_as_absent(entry.user_id, entry.voice_id);
    end if;
    answer := answer || jsonb_build_object('voice_id', entry.voice_id, 'candidates', candidates, 'absent', absent);
  end loop;

  if p_repair then
    -- Kept as of now, which is after the list was read: what a create made meanwhile is then no proof of anything. One time
    -- for the list and its voices, or the list would not seem to hold them.
    kept_at := clock_timestamp();
    insert into private.voice_lists (region, listed_at) values (p_region, kept_at);
    insert into private.listed_voices (region, provider_voice_id, first_listed_at)
    select distinct p_region, listed.id, kept_at from unnest(p_provider_voice_ids) as listed (id)
    on conflict do nothing;
    delete from private.listed_voices k where k.region = p_region and k.provider_voice_id <> all (p_provider_voice_ids);
    delete from private.voice_lists l where l.region = p_region and l.listed_at < kept_at - interval '90 days';
  end if;
  return answer;
end
$$;

-- The operator has found out that a create made no voice. False when there is nothing to decide.
create function public.reconcile_absent(p_voice_id uuid) returns boolean
  language sql
  security definer
  set search_path = ''
as $$
  select coalesce(bool_or(private.settle_as_absent(e.user_id, e.voice_id)), false)
  from private.voice_enrollments e where e.voice_id = p_voice_id;
$$;

revoke all on function private.settle_as_absent(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.reconcile_compare(text, text[], timestamptz, boolean) from public, anon, authenticated;
revoke all on function public.reconcile_absent(uuid) from public, anon, authenticated;
grant execute on function public.reconcile_compare(text, text[], timestamptz, boolean) to service_role;
grant execute on function public.reconcile_absent(uuid) to service_role;
