-- The voices of all users, whichever provider speaks them.
--
-- Runs on an empty project and on one that has the older flow: there the table stands already, with rows that users
-- inserted themselves. Those rows become modal voices and keep every value they had.

create table if not exists public.voices (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  name text not null,
  reference_object_key text,
  reference_transcript text,
  language text not null default 'Auto',
  source text not null default 'uploaded',
  description text,
  created_at timestamptz not null default now()
);

-- The default stays 'modal': the older function, redeployed in an emergency, inserts rows without naming a provider.
alter table public.voices
  add column if not exists tts_provider text not null default 'modal',
  add column if not exists provider_voice_id text,
  add column if not exists provider_target_model text,
  add column if not exists provider_voice_kind text,
  add column if not exists provider_region text,
  add column if not exists provider_request_id text,
  add column if not exists provider_metadata jsonb not null default '{}'::jsonb,
  add column if not exists deleted_at timestamptz;

alter table public.voices
  add constraint voices_tts_provider_known check (tts_provider in ('qwen', 'modal')),
  add constraint voices_qwen_ready check (
    tts_provider <> 'qwen'
    or (
      coalesce(provider_voice_id, '') <> ''
      and coalesce(provider_target_model, '') <> ''
      and coalesce(provider_voice_kind, '') <> ''
      and coalesce(provider_region, '') <> ''
    )
  );

-- An older table may lack the foreign key, and may hold rows of users long gone: those are left as they are.
do $$
begin
  if not exists (
    select from pg_catalog.pg_constraint
    where conrelid = 'public.voices'::regclass and contype = 'f' and confrelid = 'auth.users'::regclass
  ) then
    alter table public.voices
      add constraint voices_user_id_fkey
      foreign key (user_id) references auth.users (id) on delete cascade not valid;
  end if;
end
$$;

create index if not exists voices_live_newest_first
  on public.voices (user_id, created_at desc, id desc)
  where deleted_at is null;

create unique index if not exists voices_provider_voice
  on public.voices (provider_region, provider_voice_id)
  where provider_voice_id is not null;

comment on column public.voices.provider_target_model is 'The model this voice speaks with, whatever is configured later.';
comment on column public.voices.deleted_at is 'Soft delete: the provider voice stays known, so that nothing paid for is lost.';

-- Users read their own live rows. Only service_role writes, so the policies of the older flow go, whatever they are called.
alter table public.voices enable row level security;

do $$
declare
  policy record;
begin
  for policy in
    select policyname from pg_catalog.pg_policies where schemaname = 'public' and tablename = 'voices'
  loop
    execute format('drop policy %I on public.voices', policy.policyname);
  end loop;
end
$$;

create policy "A user reads own live voices" on public.voices
  for select to authenticated
  using (user_id = (select auth.uid()) and deleted_at is null);

revoke all on table public.voices from public, anon, authenticated;
grant select on table public.voices to authenticated;
grant select, insert, update, delete on table public.voices to service_role;
