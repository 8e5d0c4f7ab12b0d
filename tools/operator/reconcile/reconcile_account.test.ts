// `npm run reconcile` on a provider account that is full, over a whole stack.
import assert from "node:assert/strict";
import { z } from "zod";
import { openDatabase } from "../../stack/postgres/project_database.ts";
import {
  killNow,
  launchStart,
  processesOf,
  readRecord,
  runCommand,
  stillRunning,
  whenReady,
} from "../../testkit/stack/launched_stack.ts";

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

const command = (args: string[], env: Record<string, string> = {}) => runCommand("reconcile.ts", args, env);

const seeded = z.object({ voices: z.array(z.string()) });
const listed = z.object({ voices: z.array(z.object({ voice: z.string() })) });

Deno.test("of 1,000 voices it reports the 30 orphans and 20 foreign ones and deletes none; --purge deletes the 30", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "voice-clone-api-reconcile-" });
  await Deno.chmod(dataDir, 0o711);
  const stack = launchStart(dataDir);
  try {
    await whenReady(stack);
    const record = await readRecord(dataDir);
    const simulator = record.simulator_url ?? "";
    const made = await fetch(`${simulator}/control/voices`, {
      method: "POST",
      body: JSON.stringify({
        count: 1_000,
        created_at: new Date(Date.now() - 30 * 86_400_000).toISOString(),
      }),
    });
    const voices = seeded.parse(await made.json()).voices;
    const atProvider = async () => {
      const account = listed.parse(await (await fetch(`${simulator}/control/voices`)).json());
      return account.voices.map(({ voice }) => voice).sort();
    };
    // As the account's own limit is, finalize's calls included.
    await fetch(`${simulator}/control/settings`, {
      method: "POST",
      body: JSON.stringify({ rate_limit: { per_minute: 180 } }),
    });

    const known = voices.slice(0, 980).map((voice) => ({
      voice,
      id: crypto.randomUUID(),
      token: /_([0-9a-z]{10})-voice-/.exec(voice)?.[1] ?? "",
    }));
    const [ours, orphans, foreign] = [known.slice(0, 950), known.slice(950), voices.slice(980)];
    const sql = openDatabase(record.database_url);
    const tables = async () =>
      JSON.stringify([
        await sql`select * from private.voice_enrollments order by voice_id`,
        await sql`select * from private.orphaned_voices order by provider_voice_id`,
        await sql`select * from public.voices order by id`,
      ]);
    try {
      const signUp = await fetch(`${record.supabase_url}/auth/v1/signup`, {
        method: "POST",
        headers: { apikey: record.publishable_key, "content-type": "application/json" },
        body: JSON.stringify({ email: "reconcile@example.com", password: crypto.randomUUID() }),
      });
      const { user } = z.object({ user: z.object({ id: z.string() }) }).parse(await signUp.json());
      await sql`
        insert into private.voice_enrollments
          (user_id, voice_id, attempt_id, token, state, lease_expires_at, region, fingerprint)
        select ${user.id}, id, gen_random_uuid(), token, 'finalized', now() - interval '29 days', 'intl', ''
        from unnest(${known.map(({ id }) => id)}::uuid[], ${
        known.map(({ token }) => token)
      }::text[]) as t (id, token)`;
      await sql`
        insert into public.voices (id, user_id, name, language, tts_provider, provider_voice_id,
          provider_target_model, provider_voice_kind, provider_region, deleted_at)
        select id, ${user.id}, 'Grace', 'English', 'qwen', voice, 'qwen3-tts-vc-2026-01-22', 'vc', 'intl',
          case when position % 10 = 0 then now() end
        from unnest(${ours.map(({ id }) => id)}::uuid[], ${ours.map(({ voice }) => voice)}::text[])
          with ordinality as t (id, voice, position)`;
      const before = await tables();

      const reported = await command(["--data", dataDir, "--json"]);
      assert.equal(reported.code, 0, reported.err);
      const report = printed.parse(JSON.parse(reported.out));
      assert.deepEqual(
        [report.provider_voices, report.ours, report.gone, report.unresolved, report.purged, report.batches],
        [1_000, 950, [], [], [], 1],
      );
      const wanted = orphans.map(({ voice }) => voice).sort();
      assert.deepEqual(report.orphans.map((one) => one.provider_voice_id).sort(), wanted);
      assert.deepEqual([...report.foreign].sort(), [...foreign].sort());
      assert.equal(await tables(), before);
      assert.deepEqual(await atProvider(), [...voices].sort());

      const api = ["--api", record.api_url];
      const purging = await command([...api, "--purge", "--json"], {
        SUPABASE_SECRET_KEY: record.secret_key,
      });
      assert.equal(purging.code, 0, purging.err);
      const purge = printed.parse(JSON.parse(purging.out));
      assert.deepEqual([...purge.purged].sort(), wanted);
      assert.deepEqual([purge.provider_voices, purge.ours, purge.orphans, purge.foreign.length], [
        970,
        950,
        [],
        20,
      ]);
      assert.deepEqual(await atProvider(), voices.filter((voice) => !wanted.includes(voice)).sort());
      assert.match(purging.err, /Reconciling for \d+ s/, "a long run says how far it is");

      const again = await command(["--data", dataDir, "--purge"]);
      assert.equal(again.code, 0, again.err);
      assert.match(again.out, /^970 provider voices in region intl: 950 ours, 0 orphans, 20 foreign\.\n/);
      assert.match(again.out, /\nPurged 0 orphans, failed for 0\.\n/);

      const refused = await command(api, { SUPABASE_SECRET_KEY: "sb_secret_wrong" });
      assert.deepEqual([refused.code, refused.out], [1, ""]);
      assert.match(refused.err, /secret key/);
      assert(!refused.err.includes("sb_secret_wrong"));
      const keyless = await command(api, { SUPABASE_SECRET_KEY: "" });
      assert.deepEqual([keyless.code, keyless.out], [1, ""]);
      assert.match(keyless.err, /SUPABASE_SECRET_KEY/);

      await sql`delete from auth.users`;
      const gone = await command(["--data", dataDir]);
      assert.equal(gone.code, 0);
      assert.match(gone.out, /950 orphans/, "their user is gone, and they are still findable");
    } finally {
      await sql.end({ timeout: 1 });
    }
  } finally {
    const processes = await processesOf(dataDir);
    Deno.kill(stack.pid, "SIGTERM");
    await stack.status;
    const left = await stillRunning(processes);
    killNow(...left.map((pid) => ({ pid })));
    await Deno.remove(dataDir, { recursive: true });
  }
});
