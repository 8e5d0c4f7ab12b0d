-- How GET /voices reads 100,000 rows, of which 400 are a user's live ones: through the index, and nobody else's.
begin;
select plan(23);

insert into auth.users (id, email)
select ('7e570000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'pgtap-' || number || '@example.com'
from generate_series(0, 199) as number;

-- Rows of one user lie as far apart as they can. Every fifth is deleted, every third designed; ten have the same time.
insert into public.voices (user_id, name, source, created_at, deleted_at)
select
  ('7e570000-0000-4000-8000-' || lpad((number % 200)::text, 12, '0'))::uuid, 'voice ' || number / 200,
  case when number / 200 % 3 = 0 then 'designed' else 'uploaded' end,
  timestamptz '2026-11-22 10:00:00+00' + make_interval(secs => number / 2000),
  case when number / 200 % 5 = 0 then timestamptz '2026-11-22 20:00:00+00' end
from generate_series(0, 99999) as number;
analyze public.voices;

-- What PostgREST makes of the request in _shared/voices/voice_rows.ts, which asks for the exact count as well.
create function pg_temp.prepare_list(p_name text, p_filter text) returns text
  language plpgsql
as $$
declare
  wanted text := '"public"."voices"."user_id" = $1 and "public"."voices"."deleted_at" is null' || p_filter;
begin
  execute format(
    $query$
      prepare %1$I (uuid, bigint, bigint, text) as
      with pgrst_source as (
        select "public"."voices"."id", "public"."voices"."name", "public"."voices"."language",
          "public"."voices"."source", "public"."voices"."description", "public"."voices"."reference_transcript",
          "public"."voices"."created_at", "public"."voices"."tts_provider", "public"."voices"."provider_voice_id",
          "public"."voices"."provider_target_model", "public"."voices"."provider_voice_kind",
          "public"."voices"."provider_region", "public"."voices"."provider_request_id",
          "public"."voices"."provider_metadata"
        from "public"."voices" where %2$s
        order by "public"."voices"."created_at" desc, "public"."voices"."id" desc limit $2 offset $3
      ), pgrst_source_count as (select 1 from "public"."voices" where %2$s)
      select (select pg_catalog.count(*) from pgrst_source_count) as total_result_set,
        pg_catalog.count(_postgrest_t) as page_total, coalesce(json_agg(_postgrest_t), '[]') as body
      from (select * from pgrst_source) _postgrest_t
    $query$, p_name, wanted
  );
  return p_name;
end
$$;
select pg_temp.prepare_list('newest', '');
select pg_temp.prepare_list('of_source', ' and "public"."voices"."source" = $4');
select pg_temp.prepare_list('named', ' and "public"."voices"."name" ~* $4');

-- What was done for a statement: the indexes used, how many tables were read whole, how often rows were sorted, and how
-- many were looked at.
create function pg_temp.done_for(p_statement text)
  returns table (indexes text[], whole_tables bigint, sorts bigint, rows_read numeric)
  language plpgsql
as $$
declare
  plan json;
begin
  execute 'explain (analyze, timing off, format json) ' || p_statement into plan;
  return query
  select array_agg(distinct node ->> 'Index Name') filter (where node ? 'Index Name'),
    count(*) filter (where node ->> 'Node Type' like '%Seq Scan'),
    count(*) filter (where node ->> 'Node Type' like '%Sort'),
    sum(((node ->> 'Actual Rows')::numeric + coalesce((node ->> 'Rows Removed by Filter')::numeric, 0)))
      filter (where node ? 'Relation Name')
  from jsonb_path_query(plan::jsonb, 'strict $.** ? (exists (@."Node Type"))') as node;
end
$$;

create temporary table asked (request text, statement text, at_most integer);
insert into asked (request, statement, at_most) values
  ('the first page', $$ execute newest('7e570000-0000-4000-8000-000000000007', 20, 0, null) $$, 20 + 400),
  ('a page deep', $$ execute newest('7e570000-0000-4000-8000-000000000007', 20, 380, null) $$, 400 + 400),
  (
    'a page of one source',
    $$ execute of_source('7e570000-0000-4000-8000-000000000007', 20, 240, 'uploaded') $$, 400 + 400
  ),
  (
    'a search by name',
    $$ execute named('7e570000-0000-4000-8000-000000000007', 20, 0, '(?:voice 41)') $$, 400 + 400
  );
grant select on asked to public;

set local role service_role;

-- PostgREST prepares its statements, so that after some calls PostgreSQL plans without the values.
set local plan_cache_mode = force_generic_plan;
select is(indexes, array['voices_live_newest_first'], request || ' uses the index')
from asked, pg_temp.done_for(statement);
select is(whole_tables, 0::bigint, request || ' reads no table whole') from asked, pg_temp.done_for(statement);
select is(sorts, 0::bigint, request || ' comes in the order of the index')
from asked, pg_temp.done_for(statement) where request <> 'a search by name';
select cmp_ok(rows_read, '<=', at_most::numeric, request || ' reads rows of its user alone')
from asked, pg_temp.done_for(statement);

-- The first calls. With rows this far apart, sorting a user's own for a page deep is a fair choice.
set local plan_cache_mode = force_custom_plan;
select ok(
  indexes = array['voices_live_newest_first'] and whole_tables = 0 and rows_read <= at_most,
  'planned with its values, ' || request || ' reads rows of its user alone, through the index'
)
from asked, pg_temp.done_for(statement);
select is(sorts, 0::bigint, 'planned with its values, ' || request || ' comes in the order of the index')
from asked, pg_temp.done_for(statement) where request = 'the first page';

-- What a browser may ask past the function.
select set_config('request.jwt.claim.sub', '7e570000-0000-4000-8000-000000000007', true),
  set_config('request.jwt.claims', '{"sub": "7e570000-0000-4000-8000-000000000007"}', true);
set local role authenticated;
select is(indexes, array['voices_live_newest_first'], 'a user''s own request uses the index')
from pg_temp.done_for('select id from public.voices order by created_at desc, id desc limit 20');
select ok(
  whole_tables = 0 and sorts = 0 and rows_read = 20, 'and reads no more than it shows'
)
from pg_temp.done_for('select id from public.voices order by created_at desc, id desc limit 20');
select is(count(*), 400::bigint, 'they have as many voices as these figures suppose') from public.voices;

select * from finish();
rollback;
