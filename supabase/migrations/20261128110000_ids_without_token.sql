-- Where a provider gives voices an id that does not carry our token, a look-up proves nothing: a create whose outcome is
-- unknown is then settled by comparing the provider's list before it and after it, or by the operator.

-- One row for each region in which that was seen. An operator deletes it once the ids carry the token again.
create table private.ids_without_token (
  region text primary key,
  provider_voice_id text not null,
  seen_at timestamptz not null default now()
);

comment on table private.ids_without_token is 'Regions whose provider answered a create with an id that does not carry the token.';
comment on column private.ids_without_token.provider_voice_id is 'The first such id.';

-- What reconcile saw in the provider's list, and when, for regions of the table above.
create table private.voice_lists (
  region text not null,
  listed_at timestamptz not null,
  primary key (region, listed_at)
);

create table private.listed_voices (
  region text not null,
  provider_voice_id text not null,
  first_listed_at timestamptz not null,
  primary key (region, provider_voice_id)
);

alter table private.ids_without_token enable row level security;
alter table private.voice_lists enable row level security;
alter table private.listed_voices enable row level security;
revoke all on table private.ids_without_token, private.voice_lists, private.listed_voices
  from public, anon, authenticated, service_role;

alter table private.voice_enrollments add column sending_since timestamptz;
comment on column private.voice_enrollments.sending_since is
  'When the first create was sent whose outcome may be unknown.';

create function private.is_traceable(p_region text) returns boolean
  language sql stable
  set search_path = ''
as $$
  select not exists (select from private.ids_without_token t where t.region = p_region);
$$;

revoke all on function private.is_traceable(text) from public, anon, authenticated, service_role;
