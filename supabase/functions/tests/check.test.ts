// The operator's look from inside: what it shows, what it never shows, and what the doctor makes of it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  assertPrinted,
  type Check,
  notOk,
  providerChecks,
  reach,
  REMEDIES,
} from "../../../tools/testkit/doctor.ts";
import { startSimulator } from "../../../tools/testkit/simulator.ts";
import { internalCheck } from "../_shared/contract/internal_check.ts";
import { type Api, environmentOf, PROVIDER_KEY, startApi } from "../../../tools/testkit/harness/api.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import {
  away,
  holding,
  refusing,
  type RegionAnswer,
  withRegions,
} from "../../../tools/testkit/harness/dashscope.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";

const KEY = { apikey: stack.secret_key };
const FACTS = { method: "POST", path: "/rest/v1/rpc/deployment_facts" };

/** How PostgreSQL words the policies of users' own rows. */
const OWN = "(user_id = ( SELECT auth.uid() AS uid))";
const OWN_LIVE = `(${OWN} AND (deleted_at IS NULL))`;
const QUEUE = ["attempts", "lease_expires_at", "lease_id", "run_after"];
const [TEXT, UUID, INTEGER, TIME] = ["text", "uuid", "integer", "timestamp with time zone"];
const TASKS = {
  ...{ id: UUID, user_id: UUID, generation_id: UUID, voice_id: UUID, lease_id: UUID },
  ...{ type: TEXT, status: TEXT, provider: TEXT, provider_status: TEXT, error: TEXT },
  ...{ provider_poll_count: INTEGER, attempts: INTEGER },
  ...{ run_after: TIME, lease_expires_at: TIME, created_at: TIME, updated_at: TIME, completed_at: TIME },
};

const ask = (api: Api, headers: Record<string, string> = KEY) =>
  api.call("POST", "/internal/check", { headers });

const reportOf = async (api: Api) => {
  const { status, body } = await ask(api);
  assert.equal(status, 200, JSON.stringify(body));
  return internalCheck.answer.schema().parse(body);
};

const reached = (api: Api, options: { key?: string; fetch?: typeof fetch } = {}) =>
  reach({
    api: api.url,
    key: stack.secret_key,
    signal: AbortSignal.timeout(30_000),
    remedies: REMEDIES.hosted,
    ...options,
  });

/** The faults that the doctor finds in this deployment from the inside. */
async function faults(api: Api): Promise<Check[]> {
  const { checks, timed } = await reached(api);
  return notOk(timed ? [...checks, ...providerChecks(timed.report, REMEDIES.hosted)] : checks);
}

Deno.test("to everyone without the secret key there is no such route, and nothing is asked for them", async () => {
  await using api = await startApi();
  const strangers: Record<string, string>[] = [{}, { apikey: stack.publishable_key }, {
    Authorization: `Bearer ${stack.secret_key}`,
  }];
  const asked = await withRegions({}, async () => {
    for (const headers of strangers) {
      assertError(await ask(api, headers), 404, "not_found", "There is nothing at this address.");
    }
  });
  assert.deepEqual([asked, api.supabaseRequests], [[], []]);
  assertError(
    await api.call("GET", "/internal/check", { headers: KEY }),
    405,
    "method_not_allowed",
    "Use POST here.",
  );
});

Deno.test("the report is one list and one question to the database, and shows the configuration without a key", async () => {
  const environment = {
    CLONE_LIMIT_PER_DAY: "77",
    UPLOAD_URL_LIMIT_PER_HOUR: "88",
    CORS_ALLOWED_ORIGINS: "https://app.example.com",
  };
  await using api = await startApi({ environment });
  const asked = await withRegions({ intl: holding(12) }, async () => {
    const { body } = await ask(api);
    const report = internalCheck.answer.schema().strict().parse(body);
    assert.deepEqual(report.configuration, {
      mode: "qwen",
      supabase_url: stack.supabase_url,
      public_url: stack.supabase_url,
      allowed_origins: ["https://app.example.com"],
      reference_audio_policy: "enforce",
      max_text_chars: 600,
      limits: {
        clone_attempts_per_hour: 1000,
        clones_per_hour: 1000,
        clones_per_day: 77,
        upload_urls_per_hour: 88,
      },
      qwen: {
        region: "intl",
        base_url: "https://dashscope-intl.aliyuncs.com",
        target_model: "qwen3-tts-vc-2026-01-22",
        delivery: "signed_url",
        signed_url_ttl_seconds: 300,
        timeout_ms: 60_000,
      },
    });
    assert.equal(report.runtime, `Deno/${Deno.version.deno}`);
    assert.deepEqual(report.provider, {
      here: { region: "intl", voices: 12, failure: null },
      elsewhere: null,
    });
    const set = report.variables.filter((variable) => variable.set).map(({ name }) => name).sort();
    assert.deepEqual(set, Object.keys(environmentOf(environment)).sort());
    assert(report.variables.some(({ name, set }) => name === "SUPABASE_JWKS" && !set));
    for (const secret of [stack.secret_key, stack.publishable_key, PROVIDER_KEY]) {
      assert(!JSON.stringify(body).includes(secret), "a key is shown");
    }
  });
  assert.deepEqual(asked, [`intl list ${PROVIDER_KEY}`]);
  assert.deepEqual(api.supabaseRequests, [FACTS]);
  assert.deepEqual(api.logged, []);
});

Deno.test("the database reports its clock, migrations, functions, tables, buckets and policies", async () => {
  await using api = await startApi();
  await withRegions({ intl: holding(0) }, async () => {
    const { clock, database: { facts, failure } } = await reportOf(api);
    assert(facts && failure === null);
    const [asked, now, answered] = [clock.asked_at, facts.now, clock.answered_at].map((time) =>
      Date.parse(time)
    );
    assert((asked ?? 0) <= (now ?? 0) + 1 && (now ?? 0) <= (answered ?? 0) + 1, "one machine, one clock");
    assert(facts.migrations?.includes("20261122120200"));
    const own = facts.functions.find(({ name }) => name === "deployment_facts");
    assert.deepEqual({ ...own, body_md5: own?.body_md5.length }, {
      schema: "public",
      name: "deployment_facts",
      arguments: "",
      callers: ["service_role"],
      security_definer: true,
      settings: ['search_path=""'],
      body_md5: 32,
    });
    assert.deepEqual(facts.tables.find(({ name }) => name === "tasks"), {
      schema: "public",
      name: "tasks",
      row_level_security: true,
      columns: TASKS,
      anon: [],
      authenticated: Object.keys(TASKS).filter((column) => !QUEUE.includes(column)).map((column) =>
        `select (${column})`
      ).sort(),
      service_role: facts.tables.find(({ name }) => name === "voices")?.service_role,
    });
    const voices = facts.tables.find(({ name }) => name === "voices");
    assert.deepEqual([voices?.anon, voices?.authenticated], [[], ["select"]]);
    for (const right of ["select", "insert", "update", "delete"]) {
      assert(voices?.service_role.includes(right), right);
    }
    assert.deepEqual(facts.buckets.map(({ id, public: open }) => [id, open]), [
      ["generations", false],
      ["references", false],
    ]);
    assert.deepEqual(
      facts.policies.filter(({ table }) => table !== "objects").map((policy) => [
        policy.table,
        policy.command,
        policy.restrictive,
        policy.roles,
        policy.using_md5,
        policy.check_md5,
      ]),
      ["generations", "tasks", "voices"].map((table) => [
        ...[table, "select", false, ["authenticated"]],
        ...[createHash("md5").update(table === "voices" ? OWN_LIVE : OWN).digest("hex"), null],
      ]),
    );
  });
});

const INTL_REFUSES = refusing(401, "InvalidApiKey");
const LISTS: Record<string, [here: RegionAnswer, elsewhere: RegionAnswer | null, printed: string]> = {
  "a key of the other region": [
    INTL_REFUSES,
    holding(3),
    "failed provider: The key belongs to region cn, and DASHSCOPE_REGION is intl, which refuses it (401 InvalidApiKey). -> *another-region. Then: npx supabase secrets set DASHSCOPE_REGION=cn Or, * intl: * DASHSCOPE_API_KEY=NEW_KEY",
  ],
  "an expired key": [
    INTL_REFUSES,
    refusing(401, "InvalidApiKey"),
    "failed provider: The key is expired, deleted or mistyped: region intl refuses it (401 InvalidApiKey), and region cn too. -> Make a new one *another-key*npx supabase secrets set DASHSCOPE_API_KEY=NEW_KEY",
  ],
  "a refused key while the other region is away": [
    INTL_REFUSES,
    away,
    "failed provider: * it is expired, deleted, mistyped or of another region (region cn could not be asked). -> With a key of region intl*",
  ],
  "an unpaid account": [
    refusing(400, "Arrearage"),
    null,
    "failed provider: The account is not paid up (Arrearage). -> Pay it*",
  ],
  "an account that may not": [
    refusing(403, "Model.AccessDenied"),
    null,
    "failed provider: The account may not ask for its voices (403 Model.AccessDenied). -> Activate Model Studio*",
  ],
  "a provider that is broken": [
    refusing(500, "InternalError"),
    null,
    "failed provider: * gave no list of voices (server_error, 500 InternalError). -> Run this again*",
  ],
  "a provider that is away": [
    away,
    null,
    "failed provider: * gave no list of voices (no_answer). -> Run this again*",
  ],
  "a throttled list": [
    refusing(429, "Throttling"),
    null,
    "warning provider: *slow down (429 Throttling)* -> *",
  ],
};
for (const [what, [here, elsewhere, printed]] of Object.entries(LISTS)) {
  Deno.test(`the doctor names ${what}, and the other region is asked only about a refused key`, async () => {
    await using api = await startApi();
    const asked = await withRegions(
      { intl: here, ...(elsewhere ? { cn: elsewhere } : {}) },
      async () => assertPrinted(await faults(api), printed),
    );
    const other = elsewhere ? [`cn list ${PROVIDER_KEY}`] : [];
    assert.deepEqual(asked, [`intl list ${PROVIDER_KEY}`, ...other]);
  });
}

Deno.test("with the region cn it is intl that is asked besides", async () => {
  await using api = await startApi({ environment: { DASHSCOPE_REGION: "cn" } });
  const asked = await withRegions({ cn: refusing(401, "InvalidApiKey"), intl: holding(1) }, async () => {
    assertPrinted(await faults(api), "failed provider: The key belongs to region intl, * is cn, * -> *");
  });
  assert.deepEqual(asked, [`cn list ${PROVIDER_KEY}`, `intl list ${PROVIDER_KEY}`]);
});

Deno.test("beside a stand-in on this machine no other region learns of its key", async () => {
  const simulator = await startSimulator({ apiKey: "sk-another" });
  try {
    await using api = await startApi({ environment: { DASHSCOPE_BASE_URL: simulator.url } });
    const asked = await withRegions({}, async () => {
      const { provider } = await reportOf(api);
      assert.deepEqual([provider?.here.failure?.status, provider?.elsewhere], [401, null]);
    });
    assert.deepEqual(asked, []);
  } finally {
    await simulator.stop();
  }
});

Deno.test("in modal mode no provider is asked", async () => {
  await using api = await startApi({ environment: { TTS_PROVIDER_MODE: "modal" } });
  await withRegions({}, async () => {
    const { provider, configuration } = await reportOf(api);
    assert.deepEqual([provider, configuration.mode, configuration.qwen], [null, "modal", null]);
  });
});

for (
  const [what, answer, failure] of [
    [
      "lacks the function",
      Response.json({ code: "PGRST202", message: "none" }, { status: 404 }),
      "not_migrated",
    ],
    ["has another version's function", Response.json({ now: "then" }), "not_migrated"],
    ["is away", Response.json({ code: "PGRST001", message: "away" }, { status: 503 }), "unavailable"],
    ["refuses", Response.json({ code: "42501", message: "no" }, { status: 403 }), "refused"],
  ] as const
) {
  Deno.test(`a database that ${what} is part of the report, and so is the provider`, async () => {
    await using api = await startApi({ intercept: () => answer });
    await withRegions({ intl: holding(5) }, async () => {
      const { database, provider } = await reportOf(api);
      assert.deepEqual(database, { facts: null, failure });
      assert.equal(provider?.here.voices, 5);
    });
  });
}

Deno.test("both clocks are reported: the function's own is that of the process", async () => {
  const clock = createVirtualClock();
  await using api = await startApi({ clock });
  await withRegions({ intl: holding(0) }, async () => {
    const report = await reportOf(api);
    assert.equal(report.clock.asked_at, new Date(clock.now()).toISOString());
  });
});

Deno.test("the doctor knows a wrong secret key from a function that is older than it", async () => {
  await using api = await startApi();
  const printed = async (options: Parameters<typeof reached>[1], text: string) =>
    assertPrinted(notOk((await reached(api, options)).checks), text);
  const checking = (answer: (init?: RequestInit) => Promise<Response>): typeof fetch => (input, init) =>
    String(input).endsWith("/internal/check") ? answer(init) : fetch(input, init);
  await printed({ key: "sb_secret_wrong" }, "failed secret key: *does not know this secret key* -> *");
  await printed(
    { fetch: checking((init) => fetch(`${api.url}/internal/else`, init)) },
    "failed version: The function has no POST /internal/check: it is older* -> npx supabase functions deploy api --use-api",
  );
  await printed(
    { fetch: checking(() => Promise.resolve(Response.json({ of: "another time" }))) },
    "failed version: * -> *may be newer than this checkout, update it first. Else: npx *",
  );
});
