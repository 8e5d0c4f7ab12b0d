-- A token may hold for an hour after its account was deleted. What it asks for is then not merely not found: the caller is
-- told to sign in. An account stands while its row of auth.users does.

create function public.account_stands(p_user_id uuid) returns boolean
  language sql
  stable
  security definer
  set search_path = ''
as $$
  select exists (select from auth.users u where u.id = p_user_id);
$$;

-- How a function answers a user of whom it found nothing.
create function private.not_found_for(p_user_id uuid) returns text
  language sql
  stable
  set search_path = ''
as $$
  select case when public.account_stands(p_user_id) then 'not_found' else 'deleted' end;
$$;

revoke all on function public.account_stands(uuid) from public, anon, authenticated;
grant execute on function public.account_stands(uuid) to service_role;
revoke all on function private.not_found_for(uuid) from public, anon, authenticated, service_role;

-- The two calls of a user's request, as they were but for that answer.

-- p_language null: the voice's own. Asked again with the same ids, because its answer was lost, it answers created again
-- and adds nothing.
--
-- Answers {outcome, …}:
--   created
--   deleted                    the account was deleted
--   not_found                  this user has no such voice, or an id is taken already
--   not_ready {reason}         other_provider (or one that cannot speak), other_region, no_metadata
--   limited                    this user has p_max_unfinished tasks under way
create or replace function public.generation_create(
  p_user_id uuid,
  p_voice_id uuid,
  p_generation_id uuid,
  p_task_id uuid,
  p_text text,
  p_provider text,
  p_region text,
  p_max_unfinished integer,
  p_language text default null
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  voice public.voices;
  unfinished integer;
  moment timestamptz;
begin
  -- One create of a user at a time, so that each sees the tasks before it.
  perform pg_advisory_xact_lock(hashtextextended('task_limit:' || p_user_id::text, 0));
  if exists (
    select from public.tasks t
    where t.id = p_task_id and t.generation_id = p_generation_id and t.user_id = p_user_id and t.voice_id = p_voice_id
  ) then
    return jsonb_build_object('outcome', 'created');
  end if;

  select * into voice from public.voices v
  where v.id = p_voice_id and v.user_id = p_user_id and v.deleted_at is null;
  if not found then
    return jsonb_build_object('outcome', private.not_found_for(p_user_id));
  end if;
  if p_provider = 'modal' or voice.tts_provider <> p_provider then
    return jsonb_build_object('outcome', 'not_ready', 'reason', 'other_provider');
  end if;
  if coalesce(voice.provider_voice_id, '') = '' or coalesce(voice.provider_target_model, '') = ''
    or coalesce(voice.provider_voice_kind, '') = '' or coalesce(voice.provider_region, '') = ''
  then
    return jsonb_build_object('outcome', 'not_ready', 'reason', 'no_metadata');
  end if;
  if voice.provider_region <> p_region then
    return jsonb_build_object('outcome', 'not_ready', 'reason', 'other_region');
  end if;

  select count(*) into unfinished from public.tasks t
  where t.user_id = p_user_id
    and (
      t.status in ('pending', 'processing')
      -- Cancelled in the middle: the provider may be at it still, and is paid.
      or (t.status = 'cancelled' and t.provider_poll_count > 0 and t.completed_at > clock_timestamp() - interval '5 minutes')
    );
  if unfinished >= p_max_unfinished then
    return jsonb_build_object('outcome', 'limited');
  end if;

  moment := clock_timestamp();
  insert into public.generations
    (id, user_id, voice_id, text, language, tts_provider, provider_target_model, created_at)
  values (
    p_generation_id, p_user_id, p_voice_id, p_text, coalesce(p_language, voice.language, 'Auto'), voice.tts_provider,
    voice.provider_target_model, moment
  );
  insert into public.tasks
    (id, user_id, type, status, provider, generation_id, voice_id, created_at, updated_at, run_after)
  values (
    p_task_id, p_user_id, 'generate', 'pending', p_provider, p_generation_id, p_voice_id, moment, moment, moment
  );
  return jsonb_build_object('outcome', 'created');
exception
  -- Another row has one of the ids, whoever it belongs to; or the user was deleted meanwhile.
  when unique_violation or foreign_key_violation then
    return jsonb_build_object('outcome', private.not_found_for(p_user_id));
end
$$;

-- Answers {outcome}: cancelled, done (it was over already), not_found, deleted (the account was). A worker that still has it finds that out when it
-- tells how it ended.
create or replace function public.task_cancel(p_user_id uuid, p_task_id uuid) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  task public.tasks;
  moment timestamptz;
begin
  select * into task from public.tasks t where t.id = p_task_id and t.user_id = p_user_id for update;
  if not found then
    return jsonb_build_object('outcome', private.not_found_for(p_user_id));
  end if;
  if task.status not in ('pending', 'processing') then
    return jsonb_build_object('outcome', 'done');
  end if;
  moment := clock_timestamp();
  update public.tasks t set
    status = 'cancelled',
    lease_id = null,
    lease_expires_at = null,
    updated_at = moment,
    completed_at = moment
  where t.id = p_task_id;
  return jsonb_build_object('outcome', 'cancelled');
end
$$;
