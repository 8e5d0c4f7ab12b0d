-- The last call of a worker: how its task ended.

-- The audio is stored. Not fenced by the lease: it is stored under a name that the generation fixes, so whoever comes first
-- is right.
--
-- Answers {outcome}: completed (by now or before), over (cancelled or failed meanwhile: nothing changes), gone (its user
-- or voice was removed).
create function public.task_complete(
  p_task_id uuid,
  p_object_key text,
  p_size_bytes integer,
  p_duration_seconds double precision,
  p_metadata jsonb,
  p_provider_request_id text default null
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  task public.tasks;
  moment timestamptz;
begin
  -- In the order in which the removal of a user goes through them: the generation first, then its task.
  perform from public.generations g
  where g.id = (select t.generation_id from public.tasks t where t.id = p_task_id) for update;
  select * into task from public.tasks t where t.id = p_task_id for update;
  if not found then
    return jsonb_build_object('outcome', 'gone');
  end if;
  if task.status = 'completed' then
    return jsonb_build_object('outcome', 'completed');
  end if;
  if task.status not in ('pending', 'processing') then
    return jsonb_build_object('outcome', 'over');
  end if;

  moment := clock_timestamp();
  update public.generations g set
    audio_object_key = p_object_key,
    audio_size_bytes = p_size_bytes,
    audio_duration_seconds = p_duration_seconds,
    provider_request_id = p_provider_request_id,
    provider_metadata = p_metadata,
    completed_at = moment
  where g.id = task.generation_id;
  update public.tasks t set
    status = 'completed',
    provider_status = 'succeeded',
    error = null,
    lease_id = null,
    lease_expires_at = null,
    updated_at = moment,
    completed_at = moment
  where t.id = p_task_id;
  return jsonb_build_object('outcome', 'completed');
end
$$;

-- Another worker, or this one later, shall try again, not before p_delay_seconds have passed. Without p_counts the attempt
-- is taken off again. p_provider_status null: as it was.
-- Answers {outcome}: put_back, superseded (the lease is not this one any more).
create function public.task_put_back(
  p_task_id uuid,
  p_lease_id uuid,
  p_delay_seconds integer,
  p_counts boolean,
  p_provider_status text default null
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  update public.tasks t set
    status = 'pending',
    provider_status = coalesce(p_provider_status, t.provider_status),
    attempts = case when p_counts then t.attempts else t.attempts - 1 end,
    lease_id = null,
    lease_expires_at = null,
    run_after = clock_timestamp() + make_interval(secs => p_delay_seconds),
    updated_at = clock_timestamp()
  where t.id = p_task_id and t.lease_id = p_lease_id;
  return jsonb_build_object('outcome', case when found then 'put_back' else 'superseded' end);
end
$$;

-- Nothing will come of it. p_error is shown to the user. p_provider_status null: as it was.
-- Answers {outcome}: failed, superseded (the lease is not this one any more).
create function public.task_fail(
  p_task_id uuid,
  p_lease_id uuid,
  p_error text,
  p_provider_status text default null
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  moment timestamptz := clock_timestamp();
begin
  update public.tasks t set
    status = 'failed',
    provider_status = coalesce(p_provider_status, t.provider_status),
    error = p_error,
    lease_id = null,
    lease_expires_at = null,
    updated_at = moment,
    completed_at = moment
  where t.id = p_task_id and t.lease_id = p_lease_id;
  return jsonb_build_object('outcome', case when found then 'failed' else 'superseded' end);
end
$$;

revoke all on function public.task_complete(uuid, text, integer, double precision, jsonb, text)
  from public, anon, authenticated;
revoke all on function public.task_put_back(uuid, uuid, integer, boolean, text) from public, anon, authenticated;
revoke all on function public.task_fail(uuid, uuid, text, text) from public, anon, authenticated;
grant execute on function public.task_complete(uuid, text, integer, double precision, jsonb, text) to service_role;
grant execute on function public.task_put_back(uuid, uuid, integer, boolean, text) to service_role;
grant execute on function public.task_fail(uuid, uuid, text, text) to service_role;
