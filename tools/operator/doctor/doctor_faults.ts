import { repository } from "../../stack/repository.ts";

export type Fault = [
  /** Statements, variables of the function, or a number of voices in the account. */
  cause: string | { environment: Record<string, string> } | { voices: number },
  /** Every line that is not ok, as `assertPrinted` takes it. */
  printed: string,
  /** The statements that fix it, where the printed ones do not. */
  fix?: string,
];

const FACTS = "20261128110500_deployment_facts.sql";
const GENERATIONS = "20261122110000_generations.sql";
const COMPLETE = "20261122110400_task_complete.sql";
const RECONCILE = "20261122100600_reconcile.sql";

const migration = (file: string) => Deno.readTextFile(`${repository}/supabase/migrations/${file}`);
const record = (file: string) =>
  `insert into supabase_migrations.schema_migrations (version) values ('${file.slice(0, 14)}')`;
const forget = (file: string) =>
  `delete from supabase_migrations.schema_migrations where version = '${file.slice(0, 14)}'`;

const [purgeDone = ""] = /create function public\.purge_done[\s\S]*?\$\$;/.exec(await migration(RECONCILE)) ??
  [];

const RUN = "-> Run as postgres, at the database_url of stack.json:";
const RESTART = "-> Stop npm start, and start it from this checkout: it applies them.";
const IN_ENV = "in .env, or in the environment where it is set there, and start npm start again.";
const isPublic = (bucket: string) =>
  `failed bucket ${bucket}: The bucket ${bucket} is public: anyone with the name can fetch the audio. ${RUN} update storage.buckets set public = false where id = '${bucket}';
  failed signed URL in ${bucket}: An object of ${bucket} can be fetched without a signature. ${RUN} update storage.buckets set public = false where id = '${bucket}';`;

export const FAULTS: Readonly<Record<string, Fault>> = {
  "a missing bucket": [
    "delete from storage.buckets where id = 'references'",
    `failed bucket references: There is no bucket references. ${RUN} insert into storage.buckets (*) values ('references', 'references', false, 10485760, array['audio/wav', *]);`,
  ],
  "a public bucket": [
    "update storage.buckets set public = true where id = 'references'",
    isPublic("references"),
  ],
  "a bucket that takes anything": [
    "update storage.buckets set file_size_limit = null, allowed_mime_types = null where id = 'generations'",
    `failed bucket generations: The bucket generations takes any number of bytes, not 33554432. The bucket generations takes any type. ${RUN} update storage.buckets set file_size_limit = 33554432 where id = 'generations'; update storage.buckets set allowed_mime_types = array['audio/wav'] where id = 'generations';`,
  ],
  "a migration that was not applied": [
    `drop function public.task_complete, public.task_put_back, public.task_fail; ${forget(COMPLETE)}`,
    `failed migrations: ${COMPLETE} is not applied: there is no function public.task_complete, there is no function public.task_put_back, there is no function public.task_fail. ${RESTART}`,
    `${await migration(COMPLETE)}; ${record(COMPLETE)}`,
  ],
  "the doctor's own migration missing": [
    `drop function public.deployment_facts; ${forget(FACTS)}`,
    `failed migrations: ${FACTS} is not applied, and others may not be either: the database cannot be checked without it. ${RESTART} If nothing is left to apply, the function is of another version: Stop npm start, and start it from this checkout.`,
    `${await migration(FACTS)}; ${record(FACTS)}`,
  ],
  "a migration that was undone by hand": [
    `create or replace function public.purge_done(p_region text, p_provider_voice_id text) returns void
      language sql security definer set search_path = '' as 'select null::void'`,
    `failed migrations: ${RECONCILE} is recorded as applied, and the database differs from it: the function public.purge_done is not as this file makes it. -> Run its statements for that once more, from supabase/migrations/${RECONCILE}, with "create or replace function" for each "create function". What was changed by hand is lost.`,
    purgeDone.replace("create function", "create or replace function"),
  ],
  "functions that anyone may call, with any search_path": [
    `grant execute on function public.task_claim to anon, authenticated;
      revoke execute on function public.clone_claim from service_role;
      alter function private.fingerprint reset search_path;
      alter function public.purge_done security invoker`,
    `failed functions: private.fingerprint runs with its caller's search_path. ${RUN} alter function private.fingerprint(p_details jsonb) set search_path = '';
      failed functions: public.clone_claim may not be called by service_role, so the function fails. ${RUN} grant execute on function public.clone_claim(p_user_id uuid, *) to service_role;
      failed functions: public.purge_done runs with the rights of its caller. ${RUN} alter function public.purge_done(p_region text, p_provider_voice_id text) security definer;
      failed functions: public.task_claim may be called by anon and authenticated. ${RUN} revoke all on function public.task_claim(*) from public, anon, authenticated;`,
  ],
  "tables that are open": [
    `alter table private.clone_sendings disable row level security;
      grant select, delete on table private.clone_sendings to anon;
      grant update (name) on table public.voices to authenticated;
      grant select on table public.voices to anon;
      grant select on table public.tasks to authenticated;
      grant select on table private.voice_enrollments to service_role`,
    `failed tables: private.clone_sendings has no row level security. ${RUN} alter table private.clone_sendings enable row level security;
      failed tables: anon may delete, select on private.clone_sendings. ${RUN} revoke all on table private.clone_sendings from public, anon;
      failed tables: service_role may select on private.voice_enrollments. ${RUN} revoke all on table private.voice_enrollments from public, service_role;
      failed tables: authenticated may select on public.tasks. ${RUN} revoke all on table public.tasks from public, authenticated; grant select (completed_at), *, select (voice_id) on table public.tasks to authenticated;
      failed tables: anon may select on public.voices. ${RUN} revoke all on table public.voices from public, anon;
      failed tables: authenticated may update (name) on public.voices. ${RUN} revoke all on table public.voices from public, authenticated; grant select on table public.voices to authenticated;`,
  ],
  "a function that may not use its table": [
    "revoke all on public.voices from service_role",
    `failed tables: service_role may not delete, insert, select, update on public.voices, so the function fails. ${RUN} grant delete, insert, select, update on table public.voices to service_role;`,
  ],
  "users who may not read their own rows": [
    `revoke select on public.voices from authenticated;
      revoke select (status) on public.tasks from authenticated`,
    `failed tables: authenticated may not select (status) on public.tasks, so users cannot read their own rows. ${RUN} grant select (completed_at), *, select (voice_id) on table public.tasks to authenticated;
      failed tables: authenticated may not select on public.voices, so users cannot read their own rows. ${RUN} grant select on table public.voices to authenticated;`,
  ],
  "a column that was renamed": [
    "alter table public.voices rename column description to about",
    `failed tables: public.voices has no column description (text). -> If it was renamed, rename it back (not of the migrations: about). Else add it as supabase/migrations has it, from 20261122100000_voices.sql on.`,
    "alter table public.voices rename column about to description",
  ],
  "a column of another type, and none that was added": [
    `alter table public.voices add column mood text;
      alter table public.voices alter column description type varchar(500)`,
    `warning tables: public.voices.description is character varying(500), not text. -> If this was not intended: alter table public.voices alter column description type text`,
    `alter table public.voices drop column mood;
      alter table public.voices alter column description type text`,
  ],
  "a policy that shows everybody's rows, and others that were turned": [
    `alter policy "A user reads own live voices" on public.voices using (true);
      alter policy "A user reads own tasks" on public.tasks to anon;
      alter policy "References are never overwritten by users" on storage.objects to authenticated with check (true)`,
    `failed policies: The policy public.voices: A user reads own live voices is not as its migration makes it (its USING is another). ${RUN} drop policy "A user reads own live voices" on public.voices; create policy "A user reads own live voices" on public.voices for select to authenticated using (user_id = (select auth.uid()) and deleted_at is null);
      failed policies: The policy storage.objects: References are never overwritten by users is not as its migration makes it (it is to authenticated, its WITH CHECK is another). ${RUN} * with check (bucket_id <> 'references');
      failed policies: The policy public.tasks: A user reads own tasks is not as its migration makes it (it is to anon). ${RUN} * for select to authenticated using *;`,
  ],
  "open policies and buckets beside migrations that nobody recorded": [
    `${forget(GENERATIONS)}; update storage.buckets set public = true where id = 'generations';
      alter policy "A user reads own generations" on public.generations using (true)`,
    `failed migrations: ${GENERATIONS} is not applied: it is not recorded. ${RESTART}
      failed policies: The policy public.generations: A user reads own generations is not as its migration makes it (its USING is another). ${RUN} drop policy *;
      ${isPublic("generations")}`,
    `update storage.buckets set public = false where id = 'generations';
      alter policy "A user reads own generations" on public.generations using (user_id = (select auth.uid()));
      ${record(GENERATIONS)}`,
  ],
  "regions whose voice ids do not carry the token": [
    `insert into private.ids_without_token (region, provider_voice_id, seen_at) values
        ('cn', 'voice-c', '2026-11-28 10:00:00+00'), ('intl', 'voice-i', '2026-11-28 11:00:00+00');
      insert into private.voice_enrollments (user_id, voice_id, attempt_id, token, state, lease_expires_at,
        unresolved_since, region, fingerprint)
      select gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'doctortest', state, now() - passed, unresolved,
        region, 'f'
      from (values
        ('sending', interval '1 s', null::timestamptz, 'intl'), ('sending', interval '-1 h', null, 'intl'),
        ('claimed', interval '1 s', now(), 'intl'), ('claimed', interval '1 s', null, 'intl'),
        ('rejected', interval '1 s', now(), 'intl'), ('rejected', interval '1 s', null, 'intl')
      ) as entry (state, passed, unresolved, region)`,
    `failed voice ids: Region cn gave a voice the id voice-c, which does not carry our token (2026-11-28T10:00:00*). A lost voice cannot be found by its name there, so a create whose outcome is unknown stays open until npm run reconcile -- --repair has compared lists, or until you decide it with --resolve. None is open. * Once they carry it again: *: delete from private.ids_without_token where region = 'cn';
      failed voice ids: *the id voice-i, * 3 are open. -> * where region = 'intl';`,
    `delete from private.voice_enrollments where token = 'doctortest';
      delete from private.ids_without_token where region in ('cn', 'intl')`,
  ],
  "policies that were dropped and added": [
    `drop policy "References are never removed by users" on storage.objects;
      create policy "Everybody reads" on public.voices for select to authenticated using (true)`,
    `failed policies: The policy storage.objects: References are never removed by users is missing. ${RUN} create policy "References are never removed by users" on storage.objects as restrictive for delete to anon, authenticated using (bucket_id <> 'references');
      failed policies: The policy public.voices: Everybody reads is of no migration, and opens the table. ${RUN} drop policy "Everybody reads" on public.voices;`,
  ],
  "an account with no room to speak of": [
    { voices: 995 },
    `failed room for voices: 995 of 1,000 voices are used up: creating fails when all are. -> Make room: npm run reconcile -- --purge *docs/operations.md#capacity.`,
  ],
  "an expired key": [
    { environment: { DASHSCOPE_API_KEY: "sk-expired-0123456789" } },
    `failed provider: Region intl refuses the key (401 InvalidApiKey): it is expired, deleted, mistyped or of another region (beside a stand-in at http://127.0.0.1:* no other region is asked). -> With a key of region intl (docs/operations.md#another-key): Set DASHSCOPE_API_KEY=NEW_KEY ${IN_ENV}`,
  ],
  "a host of the wrong region": [
    { environment: { DASHSCOPE_API_KEY: "", DASHSCOPE_BASE_URL: "https://dashscope.aliyuncs.com" } },
    `failed variable DASHSCOPE_BASE_URL: DASHSCOPE_BASE_URL must be a host of the region intl: dashscope-intl.aliyuncs.com or *. -> Set DASHSCOPE_BASE_URL=VALUE ${IN_ENV}`,
  ],
  "every variable that is wrong": [
    { environment: { TTS_PROVIDER_MODE: "foo", CLONE_LIMIT_PER_DAY: "many" } },
    `failed variable TTS_PROVIDER_MODE: TTS_PROVIDER_MODE must be one of: qwen, modal. -> Set TTS_PROVIDER_MODE=VALUE ${IN_ENV}
      failed variable CLONE_LIMIT_PER_DAY: CLONE_LIMIT_PER_DAY must be a whole number from *. -> Set CLONE_LIMIT_PER_DAY=VALUE ${IN_ENV}`,
  ],
  "an origin that nobody reaches": [
    { environment: { PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" } },
    ["references", "generations"].map((bucket) =>
      `failed signed URL in ${bucket}: http://127.0.0.1:9 did not answer to a signed URL that was asked for from here. -> It must be the origin that browsers and the provider reach: Set PUBLIC_SUPABASE_URL=https://YOUR_PROJECT.supabase.co ${IN_ENV}`
    ).join("\n"),
  ],
};
