-- The first call of a worker: which task it has, and for how long.

-- Hands out the oldest task that may run: pending and due, or with a lease that ran out. Only tasks whose voice is of this
-- provider and region, so that in another mode or region they wait untouched; with p_task_id that one alone. What a
-- voice deleted meanwhile should have said is failed on the way.
--
-- Answers {outcome, …}:
--   claimed {task_id, generation_id, user_id, text, language, provider_voice_id, provider_target_model, attempt,
--     may_synthesize}          the lease is the caller's. may_synthesize is false once p_max_attempts were made: then the
--                              caller only looks whether the last of them stored its audio before it could say so
--   none                       nothing to do now
create function public.task_claim(
  p_lease_id uuid,
  p_lease_seconds integer,
  p_max_attempts integer,
  p_provider text,
  p_region text,
  p_task_id uuid default null
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  candidate public.tasks;
  generation public.generations;
  voice public.voices;
  may_synthesize boolean;
  moment timestamptz := clock_timestamp();
begin
  loop
    select t.* into candidate
    from public.tasks t join public.voices v on v.id = t.voice_id
    where t.status in ('pending', 'processing')
      and ((t.status = 'pending' and t.run_after <= moment) or (t.status = 'processing' and t.lease_expires_at <= moment))
      and (p_task_id is null or t.id = p_task_id)
      and v.tts_provider = p_provider and v.provider_region = p_region
    order by t.created_at, t.id
    limit 1
    for update of t skip locked;
    if not found then
      return jsonb_build_object('outcome', 'none');
    end if;

    select * into voice from public.voices v where v.id = candidate.voice_id;
    select * into generation from public.generations g where g.id = candidate.generation_id;
    exit when voice.deleted_at is null;
    update public.tasks t set
      status = 'failed',
      error = 'The voice was deleted.',
      lease_id = null,
      lease_expires_at = null,
      updated_at = moment,
      completed_at = moment
    where t.id = candidate.id;
  end loop;

  may_synthesize := candidate.attempts < p_max_attempts;
  moment := clock_timestamp();
  update public.tasks t set
    status = 'processing',
    lease_id = p_lease_id,
    lease_expires_at = moment + make_interval(secs => p_lease_seconds),
    attempts = t.attempts + 1,
    provider_poll_count = t.provider_poll_count + may_synthesize::integer,
    updated_at = moment
  where t.id = candidate.id;
  return jsonb_build_object(
    'outcome', 'claimed',
    'task_id', candidate.id,
    'generation_id', candidate.generation_id,
    'user_id', candidate.user_id,
    'text', generation.text,
    'language', generation.language,
    'provider_voice_id', voice.provider_voice_id,
    'provider_target_model', voice.provider_target_model,
    'attempt', candidate.attempts + 1,
    'may_synthesize', may_synthesize
  );
end
$$;

revoke all on function public.task_claim(uuid, integer, integer, text, text, uuid) from public, anon, authenticated;
grant execute on function public.task_claim(uuid, integer, integer, text, text, uuid) to service_role;
