-- The work of speaking, one task for each generation. The row is the queue: whoever holds its lease works on it, and
-- anybody may once the lease has run out, so that a killed worker costs a delay and no task.

create table public.tasks (
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  type text not null check (type in ('generate')),
  status text not null check (status in ('pending', 'processing', 'completed', 'failed', 'cancelled')),
  provider text not null,
  provider_status text,
  provider_poll_count integer not null default 0 check (provider_poll_count >= 0),
  generation_id uuid not null unique references public.generations (id) on delete cascade,
  voice_id uuid not null,
  error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  completed_at timestamptz,
  attempts integer not null default 0 check (attempts >= 0),
  lease_id uuid,
  lease_expires_at timestamptz,
  run_after timestamptz not null default now(),
  constraint tasks_over_is_dated check ((status in ('completed', 'failed', 'cancelled')) = (completed_at is not null)),
  constraint tasks_processing_is_leased check (
    (status = 'processing') = (lease_id is not null) and (lease_id is null) = (lease_expires_at is null)
  ),
  constraint tasks_failed_says_why check ((status = 'failed') = (error is not null))
);

create index tasks_unfinished_oldest_first on public.tasks (created_at, id) where status in ('pending', 'processing');
create index tasks_of_user on public.tasks (user_id, status);

comment on column public.tasks.provider_poll_count is 'How many times a worker was allowed to have it synthesized.';
comment on column public.tasks.error is 'A sentence for the user; set once failed.';
comment on column public.tasks.attempts is 'Claims that count; one that was put back without counting is taken off again.';
comment on column public.tasks.lease_id is 'Made by the worker for each claim: what tells its late calls from those of its successor.';
comment on column public.tasks.run_after is 'A pending task waits until then.';

-- Users read their own rows, all but the columns of the queue. Only service_role writes.
alter table public.tasks enable row level security;

create policy "A user reads own tasks" on public.tasks
  for select to authenticated
  using (user_id = (select auth.uid()));

revoke all on table public.tasks from public, anon, authenticated;
grant select (
  id, user_id, type, status, provider, provider_status, provider_poll_count, generation_id, voice_id, error, created_at,
  updated_at, completed_at
) on table public.tasks to authenticated;
grant select, insert, update, delete on table public.tasks to service_role;
