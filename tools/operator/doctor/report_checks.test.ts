// Where each check of a report turns from ok to warning, and to failed.
import assert from "node:assert/strict";
import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { assertPrinted, type Check, providerChecks, REMEDIES } from "../../testkit/doctor.ts";
import { storageOrigin } from "./bucket_probe.ts";
import { readLiveProvider } from "./live_provider.ts";
import { clockChecks, corsCheck, deliveryChecks, runtimeCheck } from "./settings_checks.ts";

const { hosted } = REMEDIES;
const START = Date.parse("2026-11-22T12:00:00.000Z");
const at = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

type Configuration = CheckReport["configuration"];

const QWEN: NonNullable<Configuration["qwen"]> = {
  region: "intl",
  base_url: "https://dashscope-intl.aliyuncs.com",
  target_model: "qwen3-tts-vc-2027-01-01",
  delivery: "signed_url",
  signed_url_ttl_seconds: 120,
  timeout_ms: 30_000,
};

/** A sound report with these changes. */
function report(
  { qwen, ...configuration }: Partial<Omit<Configuration, "qwen">> & { qwen?: Partial<typeof QWEN> | null } =
    {},
  [functionAhead, databaseAhead]: [seconds: number, seconds: number] = [0, 0],
): CheckReport {
  return {
    configuration: {
      mode: "qwen",
      supabase_url: "https://ref.supabase.co",
      public_url: "https://ref.supabase.co",
      allowed_origins: ["https://app.example.com"],
      reference_audio_policy: "enforce",
      max_text_chars: 600,
      limits: {},
      ...configuration,
      qwen: qwen === null ? null : { ...QWEN, ...qwen },
    },
    runtime: "Deno/2.1.4",
    variables: [],
    provider: { here: { region: "intl", voices: 0, failure: null }, elsewhere: null },
    clock: { asked_at: at(1 + functionAhead), answered_at: at(2 + functionAhead) },
    database: {
      facts: {
        now: at(1.5 + databaseAhead),
        ...{ migrations: [], functions: [], tables: [], ids_without_token: [], buckets: [], policies: [] },
      },
      failure: null,
    },
  };
}

const clocks = (report: CheckReport) => clockChecks({ report, askedAt: START, answeredAt: START + 3_000 });
const clocksAhead = (...seconds: [inFunction: number, inDatabase: number]) => clocks(report({}, seconds));
const delivery = (...settings: Parameters<typeof report>) => deliveryChecks(report(...settings), hosted);
const cors = (...settings: Parameters<typeof report>) => [corsCheck(report(...settings), hosted)];
const runtime = (runtime: string) => [runtimeCheck({ runtime }, "2.1.4")];
const room = (voices: number) => {
  const provider = { here: { region: "intl", voices, failure: null }, elsewhere: null };
  return providerChecks({ ...report(), provider }, hosted).slice(1);
};
const keyOfAnotherRegion = (isHostSet: boolean) => {
  const failure = { category: "misconfigured", status: 401, provider_code: "InvalidApiKey" };
  const provider = {
    here: { region: "intl", voices: null, failure },
    elsewhere: { region: "cn", voices: 3, failure: null },
  };
  const variables = [{ name: "DASHSCOPE_BASE_URL", set: isHostSet }];
  return providerChecks({ ...report(), provider, variables }, hosted);
};

const AGREES = "ok clock of the function: It agrees with that of this machine.";
const DATABASE_AGREES = "ok clock of the database: It agrees with that of the function.";
const UNREACHABLE =
  "failed delivery: *, which the provider at https://dashscope-intl.aliyuncs.com cannot reach. -> *set PUBLIC_SUPABASE_URL=* Or: npx supabase secrets set QWEN_REFERENCE_DELIVERY=data_url";
const PRIVATE = ["http://127.0.0.1:54321", "http://192.168.1.7:8000", "http://kong:8000"];

const CASES: Record<string, [found: Check[], printed: string][]> = {
  "clocks may differ by as long as the request took, and 5 s; more is a warning, and a minute a failure": [
    ...[[0, 0], [1, 1], [-1, -1], [6, 6], [-6, -6], [0, 5.5], [0, -5.5]].map((
      [inFunction = 0, inDatabase = 0],
    ): [Check[], string] => [clocksAhead(inFunction, inDatabase), `${AGREES}\n${DATABASE_AGREES}`]),
    [clocksAhead(7, 7).slice(0, 1), "warning *: It is 6 s ahead of that of this machine. -> *"],
    [clocksAhead(-7, -7).slice(0, 1), "warning *: It is 6 s behind that of this machine. -> *"],
    [clocksAhead(0, 6).slice(1), "warning *: It is 6 s ahead of that of the function. -> *"],
    [clocksAhead(61, 61).slice(0, 1), "warning *: It is 60 s ahead of that of this machine. -> *"],
    [clocksAhead(3_600, 3_600).slice(0, 1), "failed *: It is 3599 s ahead of that of this machine. -> *"],
    [clocksAhead(3_600, 3_600).slice(1), DATABASE_AGREES],
    [clocksAhead(0, -120).slice(1), "failed *: It is 120 s behind that of the function. -> *"],
  ],
  "without facts about the database its clock is not reported": [
    [clocks({ ...report(), database: { facts: null, failure: "unavailable" } }), AGREES],
  ],
  "signed URLs on a private origin fail beside a provider that is far away, and nowhere else": [
    [delivery(), "ok delivery: *"],
    ...PRIVATE.flatMap((public_url): [Check[], string][] => [
      [delivery({ public_url }), UNREACHABLE],
      [delivery({ public_url, qwen: { delivery: "data_url" } }), "ok delivery: *"],
      [delivery({ public_url, qwen: { base_url: "http://127.0.0.1:9000" } }), "ok delivery: *"],
    ]),
  ],
  "any origin is a warning, but on this machine": [
    [
      cors({ allowed_origins: ["*"] }),
      "warning CORS: * -> npx supabase secrets set CORS_ALLOWED_ORIGINS=https://YOUR_APP.example",
    ],
    [cors({ allowed_origins: ["*"], public_url: "http://localhost:54321" }), "ok CORS: *"],
    [cors(), "ok CORS: *"],
  ],
  "for a key of another region the remedy unsets DASHSCOPE_BASE_URL, where that is set": [
    [
      keyOfAnotherRegion(true),
      "failed provider: * -> *Then: npx supabase secrets unset DASHSCOPE_BASE_URL And: npx supabase secrets set DASHSCOPE_REGION=cn *",
    ],
    [
      keyOfAnotherRegion(false),
      "failed provider: * -> *Then: npx supabase secrets set DASHSCOPE_REGION=cn *",
    ],
  ],
  "room is a warning from 900 voices and a failure from 990": [
    [room(899), "ok room for voices: *"],
    [room(900), "warning room for voices: 900 of 1,000 voices are used up. -> Make room: *"],
    [room(989), "warning room for voices: *"],
    [room(990), "failed room for voices: *"],
    [room(1_000), "failed room for voices: *"],
  ],
  "the function's Deno is the one that is tested, or a warning": [
    [runtime("Deno/2.1.4"), "ok runtime: Deno 2.1.4 (the platform's)."],
    [runtime("Deno/2.1.4 (variant; SupabaseEdgeRuntime/1.77.0)"), "ok runtime: Deno 2.1.4 (the platform's)."],
    [
      runtime("Deno/2.9.6"),
      "warning runtime: The function runs on Deno 2.9.6, and this checkout is tested for the platform's 2.1.4. -> *",
    ],
    [
      runtime("Another/1.0"),
      'warning runtime: The function does not report its Deno version ("Another/1.0"); this checkout is tested for 2.1.4. -> *',
    ],
  ],
};
for (const [what, cases] of Object.entries(CASES)) {
  Deno.test(what, () => cases.forEach(([found, printed]) => assertPrinted(found, printed)));
}

Deno.test("the secret key goes to the gateway of the API, or to the function's SUPABASE_URL if it is safe, or nowhere", () => {
  for (
    const [api, supabaseUrl, origin] of [
      ["http://127.0.0.1:8/functions/v1/api", "https://else.example", "http://127.0.0.1:8"],
      ["https://ref.functions.supabase.co/api", "https://ref.supabase.co", "https://ref.supabase.co"],
      ["http://127.0.0.1:8000/api", "http://127.0.0.1:54321", "http://127.0.0.1:54321"],
      ["https://api.example/api", "http://voices.example", null],
      ["https://api.example/api", "http://kong:8000", null],
      ["https://api.example/api", "http://127.0.0.1:54321", null],
    ] as const
  ) assert.equal(storageOrigin(api, supabaseUrl), origin, `${api} ${supabaseUrl}`);
});

const CN = { region: "cn", base_url: "https://dashscope.aliyuncs.com" };
const STAND_IN = { base_url: "http://127.0.0.1:9000" };
const DASHSCOPE_API_KEY = "sk-own-key";

Deno.test("the provider is the deployment's with the operator's key, and a stand-in never sees that key", () => {
  const live = readLiveProvider(report({ qwen: { ...CN, delivery: "data_url" } }), { DASHSCOPE_API_KEY });
  assert.deepEqual(live, {
    apiKey: "sk-own-key",
    region: "cn",
    baseUrl: "https://dashscope.aliyuncs.com",
    targetModel: "qwen3-tts-vc-2027-01-01",
    delivery: "data_url",
    signedUrlTtlSeconds: 120,
    timeoutMs: 30_000,
  });
  const other = { DASHSCOPE_BASE_URL: "http://127.0.0.1:9001" };
  for (
    const [qwen, environment, used] of [
      [CN, { DASHSCOPE_REGION: "intl" }, "sk-own-key intl https://dashscope-intl.aliyuncs.com"],
      [STAND_IN, {}, "sk-local-simulator intl http://127.0.0.1:9000"],
      [STAND_IN, other, "sk-own-key intl http://127.0.0.1:9001"],
    ] as const
  ) {
    const live = readLiveProvider(report({ qwen }), { DASHSCOPE_API_KEY, ...environment });
    assert.equal(`${live.apiKey} ${live.region} ${live.baseUrl}`, used);
  }
});

Deno.test("a provider that cannot be asked is a sentence", () => {
  const foreign = { qwen: { ...CN, base_url: "https://evil.example" } };
  for (
    const [configuration, environment, message] of [
      [{}, {}, /^Set the provider's key in the environment: DASHSCOPE_API_KEY\./],
      [{ mode: "modal", qwen: null }, { DASHSCOPE_API_KEY }, /its mode is modal\.$/],
      [foreign, { DASHSCOPE_API_KEY }, /^DASHSCOPE_BASE_URL must be a host of the region cn/],
    ] as const
  ) assert.throws(() => readLiveProvider(report(configuration), environment), { message });
});
