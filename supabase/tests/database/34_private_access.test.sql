-- Only functions reach the tables of the schema private; not even service_role does.
begin;
select plan(84);

-- Continues as a role, and as a user of it.
create function pg_temp.act_as(p_role text, p_user_id uuid default null) returns void
  language plpgsql
as $$
begin
  perform set_config('role', p_role, true),
    set_config('request.jwt.claim.sub', coalesce(p_user_id::text, ''), true),
    set_config('request.jwt.claims', jsonb_build_object('role', p_role, 'sub', p_user_id)::text, true);
end
$$;

create function pg_temp.attempts() returns setof text
  language sql
as $$
  select format(action, 'private.' || name)
  from unnest(array[
      'clone_sendings', 'ids_without_token', 'listed_voices', 'orphaned_voices', 'upload_allowances',
      'voice_enrollments', 'voice_lists'
    ]) as name,
    unnest(array['select from %s', 'insert into %s default values', 'delete from %s', 'truncate %s']) as action
$$;

select pg_temp.act_as('anon');
select throws_ok(statement, '42501', null, 'anon may not ' || statement)
from pg_temp.attempts() as statement;

select pg_temp.act_as('authenticated', '7e570000-0000-4000-8000-00000000000a');
select throws_ok(statement, '42501', null, 'a user may not ' || statement)
from pg_temp.attempts() as statement;

select pg_temp.act_as('service_role');
select throws_ok(statement, '42501', null, 'service_role may not ' || statement)
from pg_temp.attempts() as statement;

select * from finish();
rollback;
