-- How many upload URLs a user may still have. An allowance that is used comes back evenly over an hour, so one time says
-- all of it, and one row a user is all there ever is.

create table private.upload_allowances (
  user_id uuid primary key references auth.users (id) on delete cascade,
  full_at timestamptz not null
);

comment on column private.upload_allowances.full_at is 'When the whole allowance is there again.';

alter table private.upload_allowances enable row level security;
revoke all on table private.upload_allowances from public, anon, authenticated, service_role;

-- Takes one of the p_per_hour upload URLs that a user may have in an hour, all of them at once if they like.
--
-- Answers {outcome, …}: allowed, limited {seconds} until the next one, deleted (there is no such user any more).
create function public.upload_url_take(p_user_id uuid, p_per_hour integer) returns jsonb
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  moment timestamptz := clock_timestamp();
  step interval := interval '1 hour' / p_per_hour;
  full_at timestamptz;
begin
  insert into private.upload_allowances as a (user_id, full_at) values (p_user_id, moment + step)
  on conflict (user_id) do update set full_at = greatest(a.full_at, moment) + step
    where greatest(a.full_at, moment) + step <= moment + interval '1 hour';
  if found then
    return jsonb_build_object('outcome', 'allowed');
  end if;
  select a.full_at into full_at from private.upload_allowances a where a.user_id = p_user_id;
  return jsonb_build_object(
    'outcome', 'limited',
    'seconds', extract(epoch from full_at + step - interval '1 hour' - moment)
  );
exception
  when foreign_key_violation then
    return jsonb_build_object('outcome', 'deleted');
end
$$;

revoke all on function public.upload_url_take(uuid, integer) from public, anon, authenticated;
grant execute on function public.upload_url_take(uuid, integer) to service_role;
