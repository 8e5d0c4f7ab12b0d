// Clocks, delivery, CORS and room, by value: where each turns from ok to a warning, and to a failure.
import assert from "node:assert/strict";
import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import type { Check } from "./check.ts";
import { providerChecks } from "./provider.ts";
import { storageOrigin } from "./probe.ts";
import { createRemedies } from "./remedies.ts";
import { clockChecks, corsCheck, deliveryChecks, runtimeCheck } from "./settings.ts";

const remedies = createRemedies({ local: false });
const START = Date.parse("2026-11-22T12:00:00.000Z");
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

type Settings = {
  publicUrl?: string;
  baseUrl?: string;
  delivery?: "signed_url" | "data_url";
  origins?: string[];
  voices?: number;
};

function report(settings: Settings = {}): CheckReport {
  return {
    configuration: {
      mode: "qwen",
      supabase_url: "https://ref.supabase.co",
      public_url: settings.publicUrl ?? "https://ref.supabase.co",
      allowed_origins: settings.origins ?? ["https://app.example.com"],
      reference_audio_policy: "enforce",
      max_text_chars: 600,
      limits: {},
      qwen: {
        region: "intl",
        base_url: settings.baseUrl ?? "https://dashscope-intl.aliyuncs.com",
        target_model: "m",
        delivery: settings.delivery ?? "signed_url",
        signed_url_ttl_seconds: 300,
        timeout_ms: 60_000,
      },
    },
    runtime: "Deno/2.1.4",
    variables: [],
    provider: { here: { region: "intl", voices: settings.voices ?? 0, failure: null }, elsewhere: null },
    clock: { asked_at: at(1), answered_at: at(2) },
    database: {
      facts: {
        now: at(1.5),
        migrations: [],
        functions: [],
        tables: [],
        ids_without_token: [],
        buckets: [],
        policies: [],
      },
      failure: null,
    },
  };
}

/** The clocks when the function's and the database's are so many seconds ahead of this machine's. */
function clocks(functionAhead: number, databaseAhead: number): [string, string][] {
  const told = report();
  told.clock = { asked_at: at(1 + functionAhead), answered_at: at(2 + functionAhead) };
  if (told.database.facts) told.database.facts.now = at(1.5 + databaseAhead);
  return clockChecks({ report: told, askedAt: START, answeredAt: START + 3_000 })
    .map(({ status, detail }) => [status, detail]);
}

Deno.test("clocks may differ by as long as the request took, and 5 s; more is a warning, and a minute a failure", () => {
  const agree = [["ok", "It agrees with that of this machine."], [
    "ok",
    "It agrees with that of the function.",
  ]];
  for (
    const [functionAhead, databaseAhead] of [[0, 0], [1, 1], [-1, -1], [6, 6], [-6, -6], [0, 5.5], [0, -5.5]]
  ) {
    assert.deepEqual(
      clocks(functionAhead ?? 0, databaseAhead ?? 0),
      agree,
      `${functionAhead} ${databaseAhead}`,
    );
  }
  assert.deepEqual(clocks(7, 7)[0], ["warning", "It is 6 s ahead of that of this machine."]);
  assert.deepEqual(clocks(-7, -7)[0], ["warning", "It is 6 s behind that of this machine."]);
  assert.deepEqual(clocks(0, 6)[1], ["warning", "It is 6 s ahead of that of the function."]);
  assert.equal(clocks(61, 61)[0]?.[0], "warning");
  assert.deepEqual(clocks(3_600, 3_600), [
    ["failed", "It is 3599 s ahead of that of this machine."],
    ["ok", "It agrees with that of the function."],
  ]);
  assert.deepEqual(clocks(0, -120)[1], ["failed", "It is 120 s behind that of the function."]);
});

Deno.test("without facts about the database its clock is not spoken of", () => {
  const told = { ...report(), database: { facts: null, failure: "unavailable" as const } };
  assert.deepEqual(clockChecks({ report: told, askedAt: START, answeredAt: START + 3_000 }).length, 1);
});

const statusOf = ({ status, fix }: Check) => [status, fix === null ? "" : fix];

Deno.test("signed URLs on a private origin fail beside a provider that is far away, and nowhere else", () => {
  for (const publicUrl of ["http://127.0.0.1:54321", "http://192.168.1.7:8000", "http://kong:8000"]) {
    const [check] = deliveryChecks(report({ publicUrl }), remedies);
    assert.equal(check?.status, "failed");
    assert.match(
      check?.detail ?? "",
      /which the provider at https:\/\/dashscope-intl\.aliyuncs\.com cannot reach/,
    );
    assert.match(
      check?.fix ?? "",
      /set PUBLIC_SUPABASE_URL=.* Or: npx supabase secrets set QWEN_REFERENCE_DELIVERY=data_url$/,
    );
    for (const fine of [{ delivery: "data_url" as const }, { baseUrl: "http://127.0.0.1:9000" }]) {
      assert.equal(deliveryChecks(report({ publicUrl, ...fine }), remedies)[0]?.status, "ok");
    }
  }
  assert.equal(deliveryChecks(report(), remedies)[0]?.status, "ok");
});

Deno.test("any origin is a warning, but on this machine", () => {
  assert.deepEqual(statusOf(corsCheck(report({ origins: ["*"] }), remedies)), [
    "warning",
    "npx supabase secrets set CORS_ALLOWED_ORIGINS=https://YOUR_APP.example",
  ]);
  assert.equal(
    corsCheck(report({ origins: ["*"], publicUrl: "http://localhost:54321" }), remedies).status,
    "ok",
  );
  assert.equal(corsCheck(report(), remedies).status, "ok");
});

Deno.test("a key of another region is told with DASHSCOPE_BASE_URL, where that is set", () => {
  const failure = { category: "misconfigured", status: 401, provider_code: "InvalidApiKey" };
  const provider = {
    here: { region: "intl", voices: null, failure },
    elsewhere: { region: "cn", voices: 3, failure: null },
  };
  const fix = (set: boolean) =>
    providerChecks({ ...report(), provider, variables: [{ name: "DASHSCOPE_BASE_URL", set }] }, remedies)[0]
      ?.fix ?? "";
  assert.match(
    fix(true),
    /Then: npx supabase secrets unset DASHSCOPE_BASE_URL And: npx supabase secrets set DASHSCOPE_REGION=cn /,
  );
  assert.match(fix(false), /Then: npx supabase secrets set DASHSCOPE_REGION=cn /);
});

Deno.test("room is a warning from 900 voices and a failure from 990", () => {
  const room = (voices: number) => providerChecks(report({ voices }), remedies)[1]?.status;
  assert.deepEqual([899, 900, 989, 990, 1_000].map(room), ["ok", "warning", "warning", "failed", "failed"]);
});

Deno.test("the secret key goes to the gateway of the API, or to the function's SUPABASE_URL if it is safe, or nowhere", () => {
  const at = (api: string, supabaseUrl: string) => storageOrigin(api, supabaseUrl);
  assert.equal(at("http://127.0.0.1:8/functions/v1/api", "https://else.example"), "http://127.0.0.1:8");
  assert.equal(
    at("https://ref.functions.supabase.co/api", "https://ref.supabase.co"),
    "https://ref.supabase.co",
  );
  assert.equal(at("http://127.0.0.1:8000/api", "http://127.0.0.1:54321"), "http://127.0.0.1:54321");
  for (const away of ["http://voices.example", "http://kong:8000", "http://127.0.0.1:54321"]) {
    assert.equal(at("https://api.example/api", away), null, away);
  }
});

Deno.test("the function's Deno is the one that is tested, or a warning", () => {
  const told = (runtime: string) => {
    const { status, detail } = runtimeCheck({ runtime }, "2.1.4");
    return [status, detail];
  };
  assert.deepEqual(told("Deno/2.1.4"), ["ok", "Deno 2.1.4 (the platform's)."]);
  assert.deepEqual(told("Deno/2.1.4 (variant; SupabaseEdgeRuntime/1.77.0)"), [
    "ok",
    "Deno 2.1.4 (the platform's).",
  ]);
  assert.deepEqual(told("Deno/2.9.6"), [
    "warning",
    "The function runs on Deno 2.9.6, and this checkout is tested for the platform's 2.1.4.",
  ]);
  assert.deepEqual(told("Another/1.0"), [
    "warning",
    'The function does not tell its Deno ("Another/1.0"); this checkout is tested for 2.1.4.',
  ]);
});
