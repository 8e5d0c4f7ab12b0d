// `npm run reconcile` on a provider account that is full, over a whole stack.
import assert from "node:assert/strict";
import { z } from "zod";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import { readRecord, runCommand, started, stopped, withDataDir } from "../../testkit/stack/launched_stack.ts";
import { readJson, request } from "../http_client.ts";

const printed = z.looseObject({
  batches: z.number(),
  provider_voices: z.number(),
  ours: z.number(),
  orphans: z.array(z.looseObject({ provider_voice_id: z.string() })),
  foreign: z.array(z.string()),
  gone: z.array(z.unknown()),
  unresolved: z.array(z.unknown()),
  purged: z.array(z.string()),
});
const seeded = z.object({ voices: z.array(z.string()) });
const listed = z.object({ voices: z.array(z.object({ voice: z.string() })) });
const signedUp = z.object({ user: z.object({ id: z.string() }) });

const reconcile = (args: string[], env: Record<string, string> = {}) => runCommand("reconcile.ts", args, env);

/** What the command reports with `--json` when it ends well. */
async function report(args: string[], env?: Record<string, string>) {
  const { code, out, err } = await reconcile([...args, "--json"], env);
  assert.equal(code, 0, err);
  return { ...printed.parse(JSON.parse(out)), err };
}

Deno.test("of 1,000 voices it reports the 30 orphans and 20 foreign ones and deletes none; --purge deletes the 30", () =>
  withDataDir(async (dataDir) => {
    const stack = await started(dataDir);
    const { simulator_url, supabase_url, api_url, database_url, publishable_key, secret_key } =
      await readRecord(
        dataDir,
      );
    const control = (path: string, json?: unknown) => request(`${simulator_url}/control${path}`, { json });
    const sql = openDatabase(database_url);
    try {
      const created_at = new Date(Date.now() - 30 * 86_400_000).toISOString();
      const { voices } = readJson(await control("/voices", { count: 1_000, created_at }), seeded);
      // As the account's own limit is, finalize's calls included.
      await control("/settings", { rate_limit: { per_minute: 180 } });
      const atProvider = async () =>
        readJson(await control("/voices"), listed).voices.map(({ voice }) => voice).sort();
      const tables = async () =>
        JSON.stringify([
          await sql`select * from private.voice_enrollments order by voice_id`,
          await sql`select * from private.orphaned_voices order by provider_voice_id`,
          await sql`select * from public.voices order by id`,
        ]);

      const json = { email: "reconcile@example.com", password: crypto.randomUUID() };
      const signUp = await request(`${supabase_url}/auth/v1/signup`, { key: publishable_key, json });
      const { user } = readJson(signUp, signedUp);
      const known = voices.slice(0, 980);
      const [ours, orphans, foreign] = [
        known.slice(0, 950),
        known.slice(950).sort(),
        voices.slice(980).sort(),
      ];
      const ids = known.map(() => crypto.randomUUID());
      const tokens = known.map((voice) => /_([0-9a-z]{10})-voice-/.exec(voice)?.[1] ?? "");
      await sql`
        insert into private.voice_enrollments
          (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint)
        select ${user.id}, id, gen_random_uuid(), token, 'finalized', now() - interval '29 days', 'intl', ''
        from unnest(${ids}::uuid[], ${tokens}::text[]) as t (id, token)`;
      await sql`
        insert into public.voices (id, user_id, name, language, tts_provider, provider_voice_id,
          provider_target_model, provider_voice_kind, provider_region, deleted_at)
        select id, ${user.id}, 'Grace', 'English', 'qwen', voice, 'qwen3-tts-vc-2026-01-22', 'vc', 'intl',
          case when position % 10 = 0 then now() end
        from unnest(${ids.slice(0, 950)}::uuid[], ${ours}::text[])
          with ordinality as t (id, voice, position)`;
      const before = await tables();

      const found = await report(["--data", dataDir]);
      assert.deepEqual(
        [found.provider_voices, found.ours, found.gone, found.unresolved, found.purged, found.batches],
        [1_000, 950, [], [], [], 1],
      );
      assert.deepEqual(found.orphans.map((one) => one.provider_voice_id).sort(), orphans);
      assert.deepEqual(found.foreign.sort(), foreign);
      assert.equal(await tables(), before);
      assert.deepEqual(await atProvider(), voices.toSorted());

      const api = ["--api", api_url];
      const purge = await report([...api, "--purge"], { SUPABASE_SECRET_KEY: secret_key });
      assert.deepEqual(purge.purged.sort(), orphans);
      assert.deepEqual(
        [purge.provider_voices, purge.ours, purge.orphans, purge.foreign.length],
        [970, 950, [], 20],
      );
      assert.deepEqual(await atProvider(), voices.filter((voice) => !orphans.includes(voice)).sort());
      assert.match(purge.err, /Reconciling for \d+ s/, "a long run says how far it is");

      const again = await reconcile(["--data", dataDir, "--purge"]);
      assert.equal(again.code, 0, again.err);
      assert.match(again.out, /^970 provider voices in region intl: 950 ours, 0 orphans, 20 foreign\.\n/);
      assert.match(again.out, /\nPurged 0 orphans, failed for 0\.\n/);

      const refused = await reconcile(api, { SUPABASE_SECRET_KEY: "sb_secret_wrong" });
      assert.deepEqual([refused.code, refused.out], [1, ""]);
      assert.match(refused.err, /secret key/);
      assert(!refused.err.includes("sb_secret_wrong"));
      const keyless = await reconcile(api, { SUPABASE_SECRET_KEY: "" });
      assert.deepEqual([keyless.code, keyless.out], [1, ""]);
      assert.match(keyless.err, /SUPABASE_SECRET_KEY/);

      await sql`delete from auth.users`;
      const gone = await reconcile(["--data", dataDir]);
      assert.equal(gone.code, 0);
      assert.match(gone.out, /950 orphans/, "their user is gone, and they are still findable");
    } finally {
      await sql.end({ timeout: 1 });
      await stopped(stack, "SIGTERM");
    }
  }));
