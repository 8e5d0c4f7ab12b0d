/** Users of the older flow. */
export const ALICE = "00000000-0000-4000-8000-00000000000a";
export const BOB = "00000000-0000-4000-8000-00000000000b";

/**
 * The older flow as such projects have it before our first migration, rows and policies with it: statements that `postgres`
 * runs. `reference` is what the column user_id refers to, nothing when empty.
 */
export const olderFlow = (reference: string) => `
  insert into auth.users (id, email) values ('${ALICE}', 'alice@example.com'), ('${BOB}', 'bob@example.com');
  create table public.voices (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null ${reference},
    name text not null,
    reference_object_key text,
    reference_transcript text,
    language text not null default 'Auto',
    source text not null default 'uploaded',
    description text,
    created_at timestamptz not null default now()
  );
  alter table public.voices enable row level security;
  create policy "read own" on public.voices for select using (auth.uid() = user_id);
  create policy "add own" on public.voices for insert to authenticated with check (auth.uid() = user_id);
  create policy "change own" on public.voices for update to authenticated using (auth.uid() = user_id);
  create policy "Users can delete their ""voices""" on public.voices for delete using (auth.uid() = user_id);
  insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
    values ('references', 'references', true, 52428800, null), ('avatars', 'avatars', true, null, null);
  create policy "write own references" on storage.objects for all to authenticated
    using (bucket_id in ('references', 'avatars')) with check (bucket_id in ('references', 'avatars'));
  insert into storage.objects (bucket_id, name)
    values ('references', '${ALICE}/1/reference.wav'), ('references', '${BOB}/1/reference.wav'),
      ('references', 'another/1/reference.wav');
  create schema private;
  grant usage on schema private to service_role;
  create table private.settings (value text);
  insert into private.settings (value) values ('kept');
  grant select on private.settings to service_role;
  insert into public.voices (id, user_id, name, reference_object_key, reference_transcript, language, source, description, created_at)
  values
    ('10000000-0000-4000-8000-000000000001', '${ALICE}', 'Alice', '${ALICE}/1/reference.wav', 'Hello there.', 'English', 'uploaded', null, '2025-01-02 03:04:05.678901+00'),
    ('10000000-0000-4000-8000-000000000002', '${ALICE}', '  näme ✓ ', null, null, 'Auto', 'designed', '', '2024-02-29 23:59:59+00'),
    ('10000000-0000-4000-8000-000000000003', '${BOB}', '', '${BOB}/x', '', 'Klingon', '', 'a
line', 'infinity');
  -- A key of 6,400 characters, no two parts of it alike, which no ordered index holds.
  insert into public.voices (user_id, name, reference_object_key)
    select '${BOB}', 'long', string_agg(md5(part::text), '' order by part) from generate_series(1, 200) part;
`;

/** The same users and an object of theirs in a project that has no voices yet. */
export const newProject = `
  insert into auth.users (id, email) values ('${ALICE}', 'alice@example.com'), ('${BOB}', 'bob@example.com');
  insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);
  insert into storage.objects (bucket_id, name) values ('avatars', '${ALICE}.png');
`;
