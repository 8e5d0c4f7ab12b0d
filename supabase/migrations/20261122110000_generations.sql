-- What voices were asked to say, and where it is stored. The text and its place stand here; how far the work has come
-- stands in the tasks of the next migration.

create table public.generations (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  voice_id uuid not null references public.voices (id) on delete cascade,
  text text not null,
  language text not null,
  tts_provider text not null,
  provider_target_model text not null,
  provider_request_id text,
  provider_metadata jsonb not null default '{}'::jsonb,
  audio_object_key text,
  audio_size_bytes integer,
  audio_duration_seconds double precision,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  constraint generations_completed_is_stored check ((completed_at is null) = (audio_object_key is null))
);

create index generations_of_user on public.generations (user_id);
create index generations_of_voice on public.generations (voice_id);

comment on column public.generations.provider_target_model is 'The model of the voice when this was asked for.';
comment on column public.generations.audio_object_key is 'In the bucket generations: {user_id}/{id}.wav.';

-- Users read their own rows. Only service_role writes.
alter table public.generations enable row level security;

create policy "A user reads own generations" on public.generations
  for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.generations from public, anon, authenticated;
grant select on table public.generations to authenticated;
grant select, insert, update, delete on table public.generations to service_role;

-- The private bucket of spoken audio. Only service_role writes there, and a user hears it through a signed URL; the
-- restrictive policies hold against any policy of the project that speaks of all buckets.
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('generations', 'generations', false, 33554432, array['audio/wav'])
on conflict (id) do update set
  public = excluded.public,
  file_size_limit = excluded.file_size_limit,
  allowed_mime_types = excluded.allowed_mime_types;

create policy "Generations are read by their own users at most" on storage.objects
  as restrictive for select to anon, authenticated
  using (bucket_id <> 'generations' or split_part(name, '/', 1) = (select auth.uid())::text);

create policy "Generations are never stored by users" on storage.objects
  as restrictive for insert to anon, authenticated
  with check (bucket_id <> 'generations');

create policy "Generations are never overwritten by users" on storage.objects
  as restrictive for update to anon, authenticated
  using (bucket_id <> 'generations')
  with check (bucket_id <> 'generations');

create policy "Generations are never removed by users" on storage.objects
  as restrictive for delete to anon, authenticated
  using (bucket_id <> 'generations');
