-- clone_complete notices an id that does not carry the token, and tells a user who is gone from a voice that is.

-- p_voice: {tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region,
-- provider_request_id, provider_metadata}; for a modal voice, only tts_provider and provider_metadata; null: complete
-- what the ledger already knows as created.
--
-- Answers {outcome, …}: finalized {voice}, conflict and deleted (the row that stands, as clone_claim tells it; in each
-- case `orphaned` says whether this provider voice was recorded as an orphan), refused (it is being purged),
-- failed {sqlstate} (the insert was refused; the ledger stays created), unknown (nothing was created), user_deleted.
create or replace function public.clone_complete(
  p_user_id uuid,
  p_voice_id uuid,
  p_attempt_id uuid,
  p_token text,
  p_reference_object_key text,
  p_details jsonb,
  p_voice jsonb
) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  entry private.voice_enrollments;
  voice public.voices;
  wanted public.voices;
  is_modal boolean;
  orphaned boolean := false;
  refusal text;
begin
  p_voice := nullif(p_voice, 'null'::jsonb);
  is_modal := coalesce(p_voice ->> 'tts_provider' = 'modal', false);
  -- A modal voice has no enrollment to lock, and its clip must not be swept between the look and the insert below.
  if is_modal then
    perform pg_advisory_xact_lock(hashtextextended('reference:' || p_voice_id::text, 0));
  end if;
  if p_voice is not null and not is_modal then
    insert into private.voice_enrollments
      (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, details, fingerprint)
    values (
      p_user_id, p_voice_id, p_attempt_id, p_token, 'claimed', clock_timestamp(), p_voice ->> 'provider_region',
      p_details, private.fingerprint(p_details)
    )
    on conflict do nothing;
  end if;
  select * into entry from private.voice_enrollments e
  where e.user_id = p_user_id and e.voice_id = p_voice_id for update;

  if p_voice is null and entry.state is distinct from 'created' and entry.state is distinct from 'finalized' then
    return jsonb_build_object('outcome', 'unknown');
  end if;

  if is_modal then
    wanted.tts_provider := 'modal';
    wanted.provider_metadata := coalesce(p_voice -> 'provider_metadata', '{}');
  elsif p_voice is null then
    wanted := private.created_voice(entry);
  else
    wanted.tts_provider := p_voice ->> 'tts_provider';
    wanted.provider_region := p_voice ->> 'provider_region';
    wanted.provider_voice_id := p_voice ->> 'provider_voice_id';
    wanted.provider_target_model := p_voice ->> 'provider_target_model';
    wanted.provider_voice_kind := p_voice ->> 'provider_voice_kind';
    wanted.provider_request_id := p_voice ->> 'provider_request_id';
    wanted.provider_metadata := coalesce(p_voice -> 'provider_metadata', '{}');
  end if;

  -- The voice exists, and its token will not find it or any other of this region.
  if not is_modal and p_voice is not null and position(lower(p_token) in lower(wanted.provider_voice_id)) = 0 then
    insert into private.ids_without_token (region, provider_voice_id)
    values (wanted.provider_region, wanted.provider_voice_id)
    on conflict do nothing;
  end if;

  -- Purging marks a voice here before it deletes it at the provider: such a voice must not get a row any more.
  perform from private.orphaned_voices o
  where o.region = wanted.provider_region and o.provider_voice_id = wanted.provider_voice_id and o.purging_at is not null;
  if found then
    return jsonb_build_object('outcome', 'refused');
  end if;

  -- Another attempt's voice is known already and only its row is missing: that one wins, ours is an orphan.
  if not is_modal and entry.state = 'created' and entry.provider_voice_id <> wanted.provider_voice_id then
    perform private.record_orphan(
      wanted.provider_region, wanted.provider_voice_id, p_user_id, p_voice_id, 'superseded', wanted.provider_request_id
    );
    orphaned := true;
    wanted := private.created_voice(entry);
  end if;

  if not is_modal and entry.state not in ('created', 'finalized') then
    update private.voice_enrollments e set
      state = 'created',
      unresolved_since = null,
      region = wanted.provider_region,
      details = p_details,
      fingerprint = private.fingerprint(p_details),
      provider_voice_id = wanted.provider_voice_id,
      provider_target_model = wanted.provider_target_model,
      provider_voice_kind = wanted.provider_voice_kind,
      provider_request_id = wanted.provider_request_id,
      provider_metadata = wanted.provider_metadata,
      updated_at = clock_timestamp()
    where e.user_id = p_user_id and e.voice_id = p_voice_id
    returning * into entry;
    -- What an enrollment needs is no orphan, even if its row has to wait.
    delete from private.orphaned_voices o
    where o.region = wanted.provider_region and o.provider_voice_id = wanted.provider_voice_id;
  end if;

  wanted.id := p_voice_id;
  wanted.user_id := p_user_id;
  wanted.reference_object_key := p_reference_object_key;
  wanted.name := case when is_modal then p_details else entry.details end ->> 'name';
  wanted.language := case when is_modal then p_details else entry.details end ->> 'language';
  wanted.reference_transcript := case when is_modal then p_details else entry.details end ->> 'transcript';
  wanted.description := case when is_modal then p_details else entry.details end ->> 'description';

  -- Twice at most: the second pass finds the row that the first one collided with.
  loop
    select * into voice from public.voices v where v.id = p_voice_id for update;
    exit when found or entry.state = 'finalized';
    begin
      insert into public.voices (
        id, user_id, name, reference_object_key, reference_transcript, language, source, description, tts_provider,
        provider_voice_id, provider_target_model, provider_voice_kind, provider_region, provider_request_id,
        provider_metadata
      ) values (
        wanted.id, wanted.user_id, wanted.name, wanted.reference_object_key, wanted.reference_transcript,
        wanted.language, 'uploaded', wanted.description, wanted.tts_provider, wanted.provider_voice_id,
        wanted.provider_target_model, wanted.provider_voice_kind, wanted.provider_region, wanted.provider_request_id,
        wanted.provider_metadata
      )
      returning * into voice;
      exit;
    exception
      when unique_violation then
        if not exists (select from public.voices v where v.id = p_voice_id) then
          refusal := sqlstate;
        end if;
      when foreign_key_violation then
        exit when not exists (select from auth.users u where u.id = p_user_id);
        refusal := sqlstate;
      when others then
        refusal := sqlstate;
    end;
    if refusal is not null then
      update private.voice_enrollments e set
        error = jsonb_build_object('category', 'insert_refused', 'provider_code', null, 'sqlstate', refusal,
          'request_id', e.provider_request_id),
        updated_at = clock_timestamp()
      where e.user_id = p_user_id and e.voice_id = p_voice_id and not is_modal;
      return jsonb_build_object('outcome', 'failed', 'sqlstate', refusal, 'orphaned', orphaned);
    end if;
  end loop;

  -- The row that stands is another one, or none can stand because its user is gone: ours belongs to nobody.
  if not is_modal and (
    voice.id is null or voice.user_id <> p_user_id
    or voice.provider_voice_id is distinct from wanted.provider_voice_id
    or voice.provider_region is distinct from wanted.provider_region
  ) then
    perform private.record_orphan(
      wanted.provider_region, wanted.provider_voice_id, p_user_id, p_voice_id,
      case when voice.id is null then 'user_deleted' else 'superseded' end, wanted.provider_request_id
    );
    orphaned := true;
  else
    delete from private.orphaned_voices o
    where o.region = voice.provider_region and o.provider_voice_id = voice.provider_voice_id;
  end if;

  if not is_modal then
    update private.voice_enrollments e set
      state = 'finalized',
      unresolved_since = null,
      details = null,
      provider_metadata = null,
      error = null,
      updated_at = clock_timestamp()
    where e.user_id = p_user_id and e.voice_id = p_voice_id;
  end if;

  if voice.id is null then
    return jsonb_build_object(
      'outcome',
      case when exists (select from auth.users u where u.id = p_user_id) then 'deleted' else 'user_deleted' end,
      'orphaned', orphaned
    );
  end if;
  return private.standing_voice(voice, p_user_id, coalesce(p_details, private.details_of(voice)))
    || jsonb_build_object('orphaned', orphaned);
end
$$;
