// `npm run doctor` on a whole stack: green as it stands, and each fault by its name.
import assert from "node:assert/strict";
import { assertPrinted, type Check, notOk, REMEDIES } from "../../testkit/doctor.ts";
import { probeBucket } from "./bucket_probe.ts";
import { type Fault, FAULTS } from "./doctor_faults.ts";
import { runDoctor, startPatient } from "./patient.ts";

const patient = await startPatient();
Deno.test.afterAll(patient.stop);
const { record: { api_url: api, secret_key: key, supabase_url: supabase }, examine, run, stored } = patient;

const faults = async () => notOk((await examine()).checks);

function statementsIn(found: Check[]): string {
  return found.map(({ fix }) => {
    const statements = /^Run as postgres, at the database_url of stack\.json: (.*;)$/.exec(fix ?? "")?.[1];
    assert(statements !== undefined, `${fix} holds no statement`);
    return statements;
  }).join("\n");
}

Deno.test("the doctor is green as it stands, and leaves nothing behind", async () => {
  const { code, checks } = await examine();
  assert.deepEqual([code, notOk(checks), await stored()], [0, [], []]);
  assert.equal(
    checks.map(({ name }) => name).join(", "),
    "reachable, secret key, version, variables, runtime, provider, room for voices, migrations, functions, tables, " +
      "policies, bucket references, bucket generations, voice ids, signed URL in references, signed URL in generations, " +
      "delivery, CORS, clock of the function, clock of the database",
  );
});

Deno.test("it prints a line a check, and the same of a URL with the key of the environment", async () => {
  const { code, out, err } = await patient.command();
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

/** Causes a fault, and returns what fixes it. */
async function cause([make, , fix]: Fault): Promise<(found: Check[]) => Promise<void>> {
  if (typeof make === "string") {
    await run(make);
    return (found) => run(fix ?? statementsIn(found));
  }
  if ("voices" in make) {
    await patient.simulator.fill(make.voices);
    return () => patient.simulator.empty();
  }
  await patient.reconfigure(make.environment);
  const unset = Object.fromEntries(Object.keys(make.environment).map((name) => [name, ""]));
  return () => patient.reconfigure(unset);
}

for (const [what, fault] of Object.entries(FAULTS)) {
  Deno.test(`the doctor reports ${what}`, async () => {
    const fix = await cause(fault);
    const found = await faults();
    // Fixed first, for the faults that come after it.
    await fix(found);
    assertPrinted(found, fault[1]);
    assert.deepEqual(await faults(), [], "it was fixed");
  });
}

Deno.test("it says to update an older checkout, and suggests nothing that would undo a newer migration", async () => {
  const purge = "public.purge_done(p_region text, p_provider_voice_id text)";
  await run(`create table private.kept_body as
      select pg_get_functiondef('public.purge_done(text, text)'::regprocedure) as text;
    create or replace function ${purge} returns void
      language sql security definer set search_path = '' as 'select null::void';
    grant select on table public.voices to anon;
    alter policy "A user reads own tasks" on public.tasks using (true);
    update storage.buckets set file_size_limit = 1048576 where id = 'generations';
    insert into supabase_migrations.schema_migrations (version) values ('20200101000000'), ('20991231235959')`);
  const inNewer = await faults();
  await run("delete from supabase_migrations.schema_migrations where version = '20991231235959'");
  const inOlder = await faults();
  await run(statementsIn(inOlder.slice(1)));
  await run(`do $$ begin execute (select text from private.kept_body); end $$;
    drop table private.kept_body;
    delete from supabase_migrations.schema_migrations where version = '20200101000000'`);
  const first =
    "The database may be newer than this checkout, which has no file of migration 20991231235959: update it first.";
  assertPrinted(
    inNewer,
    `failed migrations: *recorded as applied, and the database differs* -> ${first}
    failed tables: anon may select* -> ${first}
    failed policies: *its USING is another* -> ${first}
    failed bucket generations: *takes 1048576 bytes* -> ${first}`,
  );
  assert.match(inOlder[0]?.fix ?? "", /^Run its statements/, "an older project has older migrations");
  assert.deepEqual(await faults(), []);
});

Deno.test("without a record of migrations, it checks what they created", async () => {
  await run("alter schema supabase_migrations rename to kept_away");
  const { ok, checks } = await examine();
  await run("alter schema kept_away rename to supabase_migrations");
  assert(ok);
  const found = checks.filter(({ name }) => name === "migrations");
  assertPrinted(found, "ok migrations: *the project keeps no record*");
});

Deno.test("it calls no provider in modal mode", async () => {
  await patient.reconfigure({ TTS_PROVIDER_MODE: "modal" });
  await patient.simulator.dropHeld();
  const { ok, checks } = await examine();
  await patient.reconfigure({ TTS_PROVIDER_MODE: "" });
  assert(ok, JSON.stringify(checks));
  const found = checks.filter(({ name }) => name === "provider");
  assertPrinted(found, "ok provider: Not asked: TTS_PROVIDER_MODE is modal.");
  assert.deepEqual(await patient.simulator.calls(), []);
});

Deno.test("it reports a wrong key, and an API that does not answer", async () => {
  const wrong = await runDoctor(["--api", api], { SUPABASE_SECRET_KEY: `${key}x` });
  assert.match(wrong.out, /^failed {3}secret key: The function does not know this secret key\. -> /m);
  const away = await runDoctor(["--api", "http://127.0.0.1:9/api"], { SUPABASE_SECRET_KEY: key });
  assert.match(away.out, /^failed {3}reachable: No answer from http:\/\/127\.0\.0\.1:9 at GET /m);
  assert.deepEqual([wrong.code, away.code], [1, 1]);
});

/** Answers a request in place of Storage, fails it, or passes it on. */
type Stub = (url: string, method: string) => Response | Error | undefined;

function probe(
  stub: Stub,
  options: { stop?: AbortController; bucket?: string; publicUrl?: string; api?: string } = {},
) {
  const { stop = new AbortController(), bucket = "generations", publicUrl = supabase } = options;
  const keyed = new Set<string>();
  const send: typeof fetch = (input, init) => {
    const url = new URL(String(input));
    if (JSON.stringify([...new Headers(init?.headers)]).includes(key)) keyed.add(url.origin);
    const answer = stub(url.href, init?.method ?? "GET");
    if (answer instanceof Error) return Promise.reject(answer);
    return answer ? Promise.resolve(answer) : fetch(input, init);
  };
  const deployment = {
    key,
    signal: stop.signal,
    remedies: REMEDIES.stack,
    fetch: send,
    api: options.api ?? api,
  };
  return { checks: probeBucket(deployment, { bucket, supabaseUrl: supabase, publicUrl }), keyed };
}

const isSigned = (url: string) => url.includes("?token=");
const NO = (status: number) => Response.json({ statusCode: `${status}`, message: "no" }, { status });

Deno.test("the probe removes what it stored when it is stopped", async () => {
  const stop = new AbortController();
  const stopping: Stub = (url) => {
    if (isSigned(url)) stop.abort(new Error("Stopped: SIGINT."));
    return undefined;
  };
  await assert.rejects(probe(stopping, { stop }).checks, { message: "Stopped: SIGINT." });
  assert.deepEqual(await stored(), []);
});

const NAME = "signed URL in generations";
const removal = (method: string) => method === "DELETE" ? NO(500) : undefined;
const PROBES: Record<string, [stub: Stub, left: number, printed: string]> = {
  "other bytes": [
    (url) => isSigned(url) ? new Response("other") : undefined,
    0,
    `failed ${NAME}: *gave other bytes than were stored. -> *`,
  ],
  "an object that is not removed": [
    (_url, method) => removal(method),
    1,
    `ok ${NAME}: *
    warning ${NAME}: */*.wav was stored in generations, and could not be removed. -> *`,
  ],
  "an object that is refused": [
    (_url, method) => removal(method) ?? NO(403),
    0,
    `failed ${NAME}: An object could not be stored in generations: * -> *`,
  ],
  "an object whose storing was not answered": [
    (_url, method) => removal(method) ?? new TypeError("away"),
    0,
    `failed ${NAME}: An object could not be stored in generations: * -> *
    warning ${NAME}: */*.wav may have been stored in generations anyway, and could not be removed. -> *`,
  ],
};
for (const [what, [stub, left, printed]] of Object.entries(PROBES)) {
  Deno.test(`the probe reports ${what}`, async () => {
    assertPrinted(await probe(stub).checks, printed);
    assert.equal((await stored()).length, left);
    await run("delete from storage.objects");
  });
}

Deno.test("the probe takes no answer, and none of a server that is broken, for a refusal", async () => {
  const without = async (answer: () => Response | Error) =>
    await probe((url) => url.includes("/object/public/") ? answer() : undefined).checks;
  for (const status of [400, 403, 404]) {
    assertPrinted(await without(() => new Response(null, { status })), `ok ${NAME}: *`);
  }
  assertPrinted(await without(() => new Response("all", { status: 206 })), `failed ${NAME}: *`);
  for (const status of [302, 429, 500, 503]) {
    const answered =
      `warning ${NAME}: *; without a signature it answered ${status}, which proves nothing. -> *`;
    assertPrinted(await without(() => new Response(null, { status })), answered);
  }
  const nothing = `warning ${NAME}: *; without a signature it did not answer, which proves nothing. -> *`;
  assertPrinted(await without(() => new TypeError("away")), nothing);
});

Deno.test("the probe sends the secret key to SUPABASE_URL, and never to the origin that it examines", async () => {
  const { checks, keyed } = probe(
    (url) => url.startsWith("https://else.example/") ? new Response(null, { status: 404 }) : undefined,
    { api: "http://127.0.0.1:9/api", bucket: "references", publicUrl: "https://else.example" },
  );
  assertPrinted(
    await checks,
    "failed signed URL in references: https://else.example answered 404 to a signed URL* -> *PUBLIC_SUPABASE_URL=*",
  );
  assert.deepEqual([...keyed], [new URL(supabase).origin]);
});
