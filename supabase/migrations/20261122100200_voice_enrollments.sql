-- The ledger that makes one finalize end in exactly one paid provider voice, whatever fails (docs/enrollment.md).
-- Nobody reaches these tables but the functions of the next migrations.

-- A project may have a schema of this name already: then its rights stay as they are, and only what is made here is closed.
do $$
begin
  if not exists (select from pg_catalog.pg_namespace where nspname = 'private') then
    create schema private;
    revoke all on schema private from public, anon, authenticated, service_role;
  end if;
end
$$;

-- No foreign key to the user or the voice: the provider voice of a deleted user must stay findable.
create table private.voice_enrollments (
  user_id uuid not null,
  voice_id uuid not null,
  attempt_id uuid not null,
  token text not null,
  state text not null check (state in ('claimed', 'sending', 'created', 'finalized', 'rejected')),
  lease_expires_at timestamptz not null,
  unresolved_since timestamptz,
  region text not null,
  details jsonb,
  fingerprint text not null,
  provider_voice_id text,
  provider_target_model text,
  provider_voice_kind text,
  provider_request_id text,
  provider_metadata jsonb,
  error jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, voice_id),
  constraint voice_enrollments_created_is_known check (
    state <> 'created' or (provider_voice_id is not null and provider_target_model is not null and details is not null)
  )
);

create index voice_enrollments_by_token on private.voice_enrollments (token);
create index voice_enrollments_open on private.voice_enrollments (lease_expires_at)
  where state in ('claimed', 'sending', 'created') or unresolved_since is not null;

comment on column private.voice_enrollments.attempt_id is 'Made by the caller: a claim whose answer was lost is asked again with the same one.';
comment on column private.voice_enrollments.token is 'The part of preferred_name that finds the provider voice in the provider''s list.';
comment on column private.voice_enrollments.unresolved_since is 'Sticky: a create was sent and its outcome is unknown; cleared only when its voice is found or the row is finalized.';
comment on column private.voice_enrollments.region is 'Where the create was sent; recovery looks there and nowhere else.';
comment on column private.voice_enrollments.details is 'What was asked (name, language, transcript, description); scrubbed once finalized or rejected.';

-- Provider voices known to belong to no row.
create table private.orphaned_voices (
  region text not null,
  provider_voice_id text not null,
  user_id uuid,
  voice_id uuid,
  reason text not null,
  provider_request_id text,
  seen_at timestamptz not null default now(),
  purging_at timestamptz,
  purged_at timestamptz,
  primary key (region, provider_voice_id)
);

-- One row for each attempt that was allowed to send a create: what CLONE_LIMIT_PER_HOUR and _PER_DAY count.
create table private.clone_sendings (
  attempt_id uuid primary key,
  user_id uuid not null,
  sent_at timestamptz not null default now()
);

create index clone_sendings_of_user on private.clone_sendings (user_id, sent_at);

alter table private.voice_enrollments enable row level security;
alter table private.orphaned_voices enable row level security;
alter table private.clone_sendings enable row level security;
revoke all on table private.voice_enrollments, private.orphaned_voices, private.clone_sendings
  from public, anon, authenticated, service_role;
