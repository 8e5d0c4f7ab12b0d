// `npm run doctor` on a whole stack: green as it stands, and each fault by its name.
import assert from "node:assert/strict";
import { z } from "zod";
import { probeBucket } from "../doctor/probe.ts";
import { createRemedies } from "../doctor/remedies.ts";
import { runDoctor, withPatient } from "./doctor_stack.ts";
import { root } from "./launch.ts";

const migration = (file: string) => Deno.readTextFile(`${root}/supabase/migrations/${file}`);
const versionOf = (file: string) => file.slice(0, 14);

/** A fault: how it comes about, how it goes, and what is said of it. */
type Fault = {
  what: string;
  make: string;
  mend: string | (() => Promise<string>);
  /** Every line that is not ok: its name, its detail, and what its fix holds. */
  said: [name: string, detail: RegExp, fix: RegExp][];
};

const FACTS = "20261122120200_deployment_facts.sql";
const COMPLETE = "20261122110400_task_complete.sql";
const record = (file: string) =>
  `insert into supabase_migrations.schema_migrations (version) values ('${versionOf(file)}')`;
const forget = (file: string) =>
  `delete from supabase_migrations.schema_migrations where version = '${versionOf(file)}'`;
const FAULTS: Fault[] = [
  {
    what: "a missing bucket",
    make: "delete from storage.buckets where id = 'references'",
    mend:
      `insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values ('references',
      'references', false, 10485760, array['audio/wav', 'audio/x-wav', 'audio/wave', 'audio/mpeg', 'audio/mp4',
      'audio/x-m4a', 'audio/m4a'])`,
    said: [[
      "bucket references",
      /^There is no bucket references\.$/,
      /insert into storage\.buckets .*values \('references', 'references', false, 10485760, array\['audio\/wav', /,
    ]],
  },
  {
    what: "a public bucket",
    make: "update storage.buckets set public = true where id = 'references'",
    mend: "update storage.buckets set public = false where id = 'references'",
    said: [
      [
        "bucket references",
        /^The bucket references is public: whoever has a name hears the audio\.$/,
        /update storage\.buckets set public = false where id = 'references';$/,
      ],
      [
        "signed URL in references",
        /^An object of references can be fetched without a signature\.$/,
        /update storage\.buckets set public = false where id = 'references';$/,
      ],
    ],
  },
  {
    what: "a bucket that takes anything",
    make:
      "update storage.buckets set file_size_limit = null, allowed_mime_types = null where id = 'generations'",
    mend: `update storage.buckets set file_size_limit = 33554432, allowed_mime_types = array['audio/wav']
      where id = 'generations'`,
    said: [[
      "bucket generations",
      /^The bucket generations takes any number of bytes, not 33554432\. The bucket generations takes any type\.$/,
      /set file_size_limit = 33554432 where id = 'generations'; update .* set allowed_mime_types = array\['audio\/wav'\] where/,
    ]],
  },
  {
    what: "a migration that was not applied",
    make: `drop function public.task_complete, public.task_put_back, public.task_fail; ${forget(COMPLETE)}`,
    mend: async () => `${await migration(COMPLETE)}; ${record(COMPLETE)}`,
    said: [[
      "migrations",
      /^20261122110400_task_complete\.sql is not applied: there is no function public\.task_complete, there is no function public\.task_put_back, there is no function public\.task_fail\.$/,
      /start it from this checkout: it applies them\.$/,
    ]],
  },
  {
    what: "the doctor's own migration missing",
    make: `drop function public.deployment_facts; ${forget(FACTS)}`,
    mend: async () => `${await migration(FACTS)}; ${record(FACTS)}`,
    said: [[
      "migrations",
      /^20261122120200_deployment_facts\.sql is not applied, and others may not be either/,
      /it applies them\.$/,
    ]],
  },
  {
    what: "a migration that was undone by hand",
    make: `create or replace function public.purge_done(p_region text, p_provider_voice_id text) returns void
      language sql security definer set search_path = '' as 'select null::void'`,
    mend: async () =>
      (/create function public\.purge_done[\s\S]*?\$\$;/.exec(
        await migration("20261122100600_reconcile.sql"),
      )?.[0] ?? "").replace("create function", "create or replace function"),
    said: [[
      "migrations",
      /^20261122100600_reconcile\.sql is recorded as applied, and the database differs from it: the function public\.purge_done is not as this file makes it\.$/,
      /from supabase\/migrations\/20261122100600_reconcile\.sql/,
    ]],
  },
  {
    what: "functions that anyone may call, with any search_path",
    make: `grant execute on function public.task_claim to anon, authenticated;
      revoke execute on function public.clone_claim from service_role;
      alter function private.fingerprint reset search_path;
      alter function public.purge_done security invoker`,
    mend: `revoke execute on function public.task_claim from anon, authenticated;
      grant execute on function public.clone_claim to service_role;
      alter function private.fingerprint set search_path = '';
      alter function public.purge_done security definer`,
    said: [
      [
        "functions",
        /^private\.fingerprint runs with its caller's search_path\.$/,
        /alter function private\.fingerprint\(p_details jsonb\) set search_path = '';$/,
      ],
      [
        "functions",
        /^public\.clone_claim may not be called by service_role/,
        /grant execute on function public\.clone_claim\(p_user_id uuid, .*\) to service_role;$/,
      ],
      [
        "functions",
        /^public\.purge_done runs with the rights of its caller\.$/,
        /alter function .* security definer;$/,
      ],
      [
        "functions",
        /^public\.task_claim may be called by anon and authenticated\.$/,
        /revoke all on function public\.task_claim\(.*\) from public, anon, authenticated;$/,
      ],
    ],
  },
  {
    what: "tables that are open",
    make: `alter table private.clone_sendings disable row level security;
      grant select, delete on table private.clone_sendings to anon;
      grant update (name) on table public.voices to authenticated;
      grant select on table public.voices to anon`,
    mend: `alter table private.clone_sendings enable row level security;
      revoke select, delete on table private.clone_sendings from anon;
      revoke update (name) on table public.voices from authenticated;
      revoke select on table public.voices from anon`,
    said: [
      [
        "tables",
        /^private\.clone_sendings has no row level security\.$/,
        /alter table private\.clone_sendings enable row level security;$/,
      ],
      [
        "tables",
        /^anon may delete, select on private\.clone_sendings\.$/,
        /revoke delete, select on table private\.clone_sendings from anon;$/,
      ],
      [
        "tables",
        /^anon may select on public\.voices\.$/,
        /revoke select on table public\.voices from anon;$/,
      ],
      [
        "tables",
        /^authenticated may update on public\.voices\.$/,
        /revoke update on table public\.voices from authenticated;$/,
      ],
    ],
  },
  {
    what: "policies that were dropped and added",
    make: `drop policy "References are never removed by users" on storage.objects;
      create policy "Everybody reads" on public.voices for select to authenticated using (true)`,
    mend: `create policy "References are never removed by users" on storage.objects
        as restrictive for delete to anon, authenticated using (bucket_id <> 'references');
      drop policy "Everybody reads" on public.voices`,
    said: [
      [
        "policies",
        /^The policy storage\.objects: References are never removed by users is missing\.$/,
        /20261122100100_references\.sql/,
      ],
      [
        "policies",
        /^The policy public\.voices: Everybody reads is of no migration, and opens the table\.$/,
        /drop policy "Everybody reads" on public\.voices;$/,
      ],
    ],
  },
];

const storedNames = z.array(z.object({ name: z.string() }));

Deno.test("the doctor on a whole stack", { sanitizeOps: false, sanitizeResources: false }, async (t) => {
  await withPatient(async (patient) => {
    const { record: { api_url: api, secret_key: key, supabase_url: supabase } } = patient;
    const notOk = async () => {
      const { checks } = await patient.examine();
      return checks.filter(({ status }) => status !== "ok");
    };
    const assertSaid = (found: Awaited<ReturnType<typeof notOk>>, said: Fault["said"]) => {
      assert.deepEqual(found.map(({ name }) => name), said.map(([name]) => name), JSON.stringify(found));
      for (const [index, [, detail, fix]] of said.entries()) {
        assert.equal(found[index]?.status, "failed");
        assert.match(found[index]?.detail ?? "", detail);
        assert.match(found[index]?.fix ?? "", fix);
      }
    };

    await t.step("is green as it stands, and leaves nothing behind", async () => {
      const { ok, code, checks } = await patient.examine();
      assert.deepEqual([ok, code], [true, 0], JSON.stringify(checks));
      assert.deepEqual(checks.map(({ name, status }) => `${status} ${name}`), [
        "ok reachable",
        "ok secret key",
        "ok version",
        "ok variables",
        "ok provider",
        "ok room for voices",
        "ok migrations",
        "ok functions",
        "ok tables",
        "ok policies",
        "ok bucket references",
        "ok bucket generations",
        "ok signed URL in references",
        "ok signed URL in generations",
        "ok delivery",
        "ok CORS",
        "ok clock of the function",
        "ok clock of the database",
      ]);
      for (const bucket of ["references", "generations"]) {
        const listed = await fetch(`${supabase}/storage/v1/object/list/${bucket}`, {
          method: "POST",
          headers: { apikey: key, Authorization: `Bearer ${key}`, "content-type": "application/json" },
          body: JSON.stringify({ prefix: "" }),
        });
        assert.deepEqual(storedNames.parse(await listed.json()), []);
      }
    });

    await t.step("prints a line a check, and the same of a URL with the key of the environment", async () => {
      const { code, out, err } = await patient.command([]);
      const lines = out.trimEnd().split("\n");
      assert.deepEqual([code, err, lines.length], [0, "", 19]);
      assert.match(
        lines[0] ?? "",
        /^ok {7}reachable: http:\/\/127\.0\.0\.1:\d+\/functions\/v1\/api answers, in \d+ ms\.$/,
      );
      assert.equal(lines.at(-1), "18 ok, 0 warnings, 0 failed.");
      const hosted = await runDoctor(["--api", api], { SUPABASE_SECRET_KEY: key });
      assert.deepEqual([hosted.code, hosted.out.trimEnd().split("\n").length], [0, 19], hosted.out);
    });

    for (const { what, make, mend, said } of FAULTS) {
      await t.step(`names ${what}`, async () => {
        await patient.sql(make);
        try {
          assertSaid(await notOk(), said);
        } finally {
          await patient.sql(typeof mend === "string" ? mend : await mend());
        }
        assert.deepEqual(await notOk(), [], "it was mended");
      });
    }

    await t.step("goes by what the migrations made where nobody recorded them", async () => {
      await patient.sql("alter schema supabase_migrations rename to kept_away");
      try {
        const { ok, checks } = await patient.examine();
        assert(ok);
        assert.match(
          checks.find(({ name }) => name === "migrations")?.detail ?? "",
          /the project keeps no record/,
        );
      } finally {
        await patient.sql("alter schema kept_away rename to supabase_migrations");
      }
    });

    await t.step("warns of 900 voices, and fails at 995 of 1,000", async () => {
      await patient.control("POST", "/voices", { count: 900 });
      const warned = await patient.examine();
      assert.deepEqual([warned.ok, warned.code], [true, 0]);
      const [warning, ...others] = warned.checks.filter(({ status }) => status !== "ok");
      assert.deepEqual([warning?.status, warning?.name, others], ["warning", "room for voices", []]);
      assert.equal(warning?.detail, "900 of 1,000 voices are used up.");
      await patient.control("DELETE", "?voices=true");
      await patient.control("POST", "/voices", { count: 995 });
      assertSaid(await notOk(), [[
        "room for voices",
        /^995 of 1,000 voices are used up: creating fails when all are\.$/,
        /^Make room: npm run reconcile -- --purge .*docs\/operations\.md#capacity\.$/,
      ]]);
      await patient.control("DELETE", "?voices=true");
    });

    const configured: [what: string, changes: Record<string, string>, said: Fault["said"]][] = [
      ["an expired key", { DASHSCOPE_API_KEY: "sk-expired-0123456789" }, [[
        "provider",
        /^Region intl refuses the key \(401 InvalidApiKey\): it is expired, deleted, mistyped or of another region \(beside a stand-in at http:\/\/127\.0\.0\.1:\d+ no other region is asked\)\.$/,
        /With a key of region intl .*DASHSCOPE_API_KEY=NEW_KEY/,
      ]]],
      ["a host of the wrong region", {
        DASHSCOPE_API_KEY: "",
        DASHSCOPE_BASE_URL: "https://dashscope.aliyuncs.com",
      }, [
        [
          "variable DASHSCOPE_BASE_URL",
          /^DASHSCOPE_BASE_URL must be a host of the region intl: dashscope-intl\.aliyuncs\.com or /,
          /DASHSCOPE_BASE_URL=VALUE/,
        ],
      ]],
      ["every variable that is wrong", { TTS_PROVIDER_MODE: "foo", CLONE_LIMIT_PER_DAY: "many" }, [
        [
          "variable TTS_PROVIDER_MODE",
          /^TTS_PROVIDER_MODE must be one of: qwen, modal\.$/,
          /TTS_PROVIDER_MODE=VALUE/,
        ],
        [
          "variable CLONE_LIMIT_PER_DAY",
          /^CLONE_LIMIT_PER_DAY must be a whole number from /,
          /CLONE_LIMIT_PER_DAY=VALUE/,
        ],
      ]],
      [
        "an origin that nobody reaches",
        { PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" },
        ["references", "generations"].map(
          (bucket) => [
            `signed URL in ${bucket}`,
            /^http:\/\/127\.0\.0\.1:9 did not answer to a signed URL/,
            /PUBLIC_SUPABASE_URL=https:/,
          ],
        ),
      ],
    ];
    for (const [what, changes, said] of configured) {
      await t.step(`names ${what}`, async () => {
        await patient.reconfigure(changes);
        try {
          assertSaid(await notOk(), said);
        } finally {
          const before = Object.fromEntries(Object.keys(changes).map((name) => [name, ""]));
          await patient.reconfigure(before);
        }
      });
    }

    await t.step("asks no provider in modal mode", async () => {
      await patient.reconfigure({ TTS_PROVIDER_MODE: "modal" });
      await patient.control("DELETE", "");
      const { ok, checks } = await patient.examine();
      assert(ok, JSON.stringify(checks));
      assert.equal(
        checks.find(({ name }) => name === "provider")?.detail,
        "Not asked: TTS_PROVIDER_MODE is modal.",
      );
      assert.deepEqual(await patient.control("GET", "/calls"), { calls: [] });
      await patient.reconfigure({ TTS_PROVIDER_MODE: "" });
    });

    await t.step("removes what it stored when it is stopped, and says what it could not remove", async () => {
      const stored = async () =>
        storedNames.parse(
          await (await fetch(`${supabase}/storage/v1/object/list/generations`, {
            method: "POST",
            headers: { apikey: key, Authorization: `Bearer ${key}`, "content-type": "application/json" },
            body: JSON.stringify({ prefix: "" }),
          })).json(),
        );
      const probe = (send: typeof fetch, stop = new AbortController()) =>
        probeBucket(
          { api, key, signal: stop.signal, remedies: createRemedies({ local: true }), fetch: send },
          { bucket: "generations", publicUrl: supabase },
        );
      const isSignedGet = (input: Parameters<typeof fetch>[0]) => String(input).includes("?token=");

      const stop = new AbortController();
      const stopping: typeof fetch = (input, init) => {
        if (isSignedGet(input)) stop.abort(new Error("Stopped: SIGINT."));
        return fetch(input, init);
      };
      await assert.rejects(probe(stopping, stop), { message: "Stopped: SIGINT." });
      assert.deepEqual(await stored(), []);

      const garbling: typeof fetch = (input, init) =>
        isSignedGet(input) ? Promise.resolve(new Response("other")) : fetch(input, init);
      const [garbled, ...none] = await probe(garbling);
      assert.deepEqual([garbled?.status, none], ["failed", []]);
      assert.match(garbled?.detail ?? "", /gave other bytes than were stored\.$/);
      assert.deepEqual(await stored(), []);

      const keeping: typeof fetch = (input, init) =>
        init?.method === "DELETE"
          ? Promise.resolve(Response.json({ statusCode: "500", message: "no" }, { status: 500 }))
          : fetch(input, init);
      const [, kept] = await probe(keeping);
      assert.equal(kept?.status, "warning");
      assert.match(
        kept?.detail ?? "",
        /^[0-9a-f-]{36}\/[0-9a-f-]{36}\.wav was stored in generations, and could not be removed\.$/,
      );
      assert.equal((await stored()).length, 1);
    });

    await t.step("tells another key from an older function, and nobody from somebody", async () => {
      const wrong = await runDoctor(["--api", api], { SUPABASE_SECRET_KEY: `${key}x` });
      assert.match(wrong.out, /^failed {3}secret key: The function does not know this secret key\. -> /m);
      assert.equal(wrong.code, 1);
      const away = await runDoctor(["--api", "http://127.0.0.1:9/api"], { SUPABASE_SECRET_KEY: key });
      assert.match(away.out, /^failed {3}reachable: No answer from http:\/\/127\.0\.0\.1:9 at GET /);
      assert.equal(away.code, 1);
    });
  });
});
