// `npm run doctor` on a whole stack: green as it stands, and each fault by its name.
import assert from "node:assert/strict";
import { z } from "zod";
import { probeBucket } from "./probe.ts";
import { createRemedies } from "./remedies.ts";
import { type Fault, FAULTS } from "./doctor_faults.ts";
import { runDoctor, withPatient } from "./doctor_stack.ts";

/** The statements that fixes tell to run. */
function printedIn(found: { fix: string | null }[]): string {
  return found.map(({ fix }) => {
    const statements = /^Run as postgres, at the database_url of stack\.json: (.*;)$/.exec(fix ?? "")?.[1];
    assert(statements !== undefined, `${fix} holds no statement`);
    return statements;
  }).join("\n");
}

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
        "ok runtime",
        "ok provider",
        "ok room for voices",
        "ok migrations",
        "ok functions",
        "ok tables",
        "ok policies",
        "ok bucket references",
        "ok bucket generations",
        "ok voice ids",
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
      assert.deepEqual([code, err, lines.length], [0, "", 21]);
      assert.match(
        lines[0] ?? "",
        /^ok {7}reachable: http:\/\/127\.0\.0\.1:\d+\/functions\/v1\/api answers, in \d+ ms\.$/,
      );
      assert.equal(lines.at(-1), "20 ok, 0 warnings, 0 failed.");
      const hosted = await runDoctor(["--api", api], { SUPABASE_SECRET_KEY: key });
      assert.deepEqual([hosted.code, hosted.out.trimEnd().split("\n").length], [0, 21], hosted.out);
    });

    for (const { what, make, mend, said } of FAULTS) {
      await t.step(`names ${what}`, async () => {
        await patient.sql(make);
        const found = await notOk();
        // Mended first, for the faults that come after it.
        if (mend === "as printed") await patient.sql(printedIn(found));
        else await patient.sql(typeof mend === "string" ? mend : await mend());
        assertSaid(found, said);
        assert.deepEqual(await notOk(), [], "it was mended");
      });
    }

    await t.step(
      "tells to update an older checkout, and nothing that would undo what a newer one made",
      async () => {
        const purge = "public.purge_done(p_region text, p_provider_voice_id text)";
        const newer = "20991231235959";
        await patient.sql(`create table private.kept_body as
          select pg_get_functiondef('public.purge_done(text, text)'::regprocedure) as text;
        create or replace function ${purge} returns void
          language sql security definer set search_path = '' as 'select null::void';
        grant select on table public.voices to anon;
        alter policy "A user reads own tasks" on public.tasks using (true);
        update storage.buckets set file_size_limit = 1048576 where id = 'generations';
        insert into supabase_migrations.schema_migrations (version) values ('20200101000000'), ('${newer}')`);
        const first =
          /^The database may be newer than this checkout, which has no file of migration 20991231235959: update it first\.$/;
        const inNewer = await notOk();
        await patient.sql(
          `delete from supabase_migrations.schema_migrations where version = '${newer}'`,
        );
        const inOlder = await notOk();
        await patient.sql(printedIn(inOlder.slice(1)));
        await patient.sql(`do $$ begin execute (select text from private.kept_body); end $$;
        drop table private.kept_body;
        delete from supabase_migrations.schema_migrations where version = '20200101000000'`);
        assertSaid(inNewer, [
          ["migrations", /recorded as applied, and the database differs/, first],
          ["tables", /^anon may select/, first],
          ["policies", /its USING is another/, first],
          ["bucket generations", /takes 1048576 bytes/, first],
        ]);
        assert.match(inOlder[0]?.fix ?? "", /^Run its statements/, "an older project has older migrations");
        assert.deepEqual(await notOk(), []);
      },
    );

    await t.step("takes more columns for what they are, and warns of another type", async () => {
      await patient.sql(`alter table public.voices add column mood text;
        alter table public.voices alter column description type varchar(500)`);
      const [warned, ...others] = await notOk();
      await patient.sql(`alter table public.voices drop column mood;
        alter table public.voices alter column description type text`);
      assert.deepEqual([warned?.status, warned?.name, others], ["warning", "tables", []]);
      assert.equal(warned?.detail, "public.voices.description is character varying(500), not text.");
      assert.match(warned?.fix ?? "", /alter table public\.voices alter column description type text$/);
    });

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
          { bucket: "generations", supabaseUrl: supabase, publicUrl: supabase },
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

      const refused = Response.json({ statusCode: "403", message: "no" }, { status: 403 });
      for (
        const [answer, said] of [[refused, null], [
          null,
          /may have been stored in generations for all that/,
        ]] as const
      ) {
        const closed: typeof fetch = (input, init) => {
          if (init?.method === "DELETE") return keeping(input, init);
          return answer ? Promise.resolve(answer.clone()) : Promise.reject(new TypeError("away"));
        };
        const [failure, second, ...more] = await probe(closed);
        assert.match(failure?.detail ?? "", /^An object could not be stored in generations: /);
        if (said === null) assert.equal(second, undefined);
        else assert.match(second?.detail ?? "", said);
        assert.deepEqual(more, []);
      }
    });

    await t.step("takes no answer, and none of a server that is broken, for a refusal", async () => {
      const open = async (answer: Response | null) => {
        const send: typeof fetch = (input, init) => {
          if (!String(input).includes("/object/public/")) return fetch(input, init);
          return answer ? Promise.resolve(answer.clone()) : Promise.reject(new TypeError("away"));
        };
        const [check] = await probeBucket(
          {
            api,
            key,
            signal: new AbortController().signal,
            remedies: createRemedies({ local: true }),
            fetch: send,
          },
          { bucket: "generations", supabaseUrl: supabase, publicUrl: supabase },
        );
        return check;
      };
      for (const status of [400, 403, 404]) {
        assert.equal((await open(new Response(null, { status })))?.status, "ok", `${status}`);
      }
      assert.equal((await open(new Response("all", { status: 206 })))?.status, "failed");
      const unsure: (Response | null)[] = [302, 429, 500, 503].map((status) =>
        new Response(null, { status })
      );
      for (const answer of [null, ...unsure]) {
        const check = await open(answer);
        assert.equal(check?.status, "warning", JSON.stringify(check));
        assert.match(
          check?.detail ?? "",
          /without a signature it (did not answer|answered \d+), which tells nothing\.$/,
        );
      }
    });

    await t.step(
      "sends the secret key to SUPABASE_URL, and never to the origin that it examines",
      async () => {
        const keyed = new Set<string>();
        const send: typeof fetch = (input, init) => {
          const url = new URL(String(input));
          if (JSON.stringify([...new Headers(init?.headers)]).includes(key)) keyed.add(url.origin);
          return url.origin === "https://else.example"
            ? Promise.resolve(new Response(null, { status: 404 }))
            : fetch(input, init);
        };
        const [check, ...none] = await probeBucket({
          api: "http://127.0.0.1:9/api",
          key,
          signal: new AbortController().signal,
          remedies: createRemedies({ local: true }),
          fetch: send,
        }, { bucket: "references", supabaseUrl: supabase, publicUrl: "https://else.example" });
        assert.deepEqual([[...keyed], none], [[new URL(supabase).origin], []]);
        assert.match(check?.detail ?? "", /^https:\/\/else\.example answered 404 to a signed URL/);
        assert.match(check?.fix ?? "", /PUBLIC_SUPABASE_URL=/);
      },
    );

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
