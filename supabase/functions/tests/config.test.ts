import assert from "node:assert/strict";
import { loadConfig } from "../_shared/config.ts";
import { ConfigError, readAllowedOrigins, readEnvironment } from "../_shared/environment.ts";

const REQUIRED = {
  SUPABASE_URL: "https://ref123.supabase.co",
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_one"}',
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_one"}',
  DASHSCOPE_API_KEY: "sk-valid",
};

/** What is told of a configuration that cannot be used: variable and problem. */
async function problemsOf(environment: Record<string, string>): Promise<Record<string, string>> {
  try {
    await loadConfig(environment);
  } catch (error) {
    assert(error instanceof ConfigError);
    const names = error.problems.map(({ variable }) => variable);
    assert.equal(new Set(names).size, names.length, "a variable is named twice");
    const told = JSON.stringify([error.message, error.problems]);
    for (const [name, value] of Object.entries(environment)) {
      // Short values and the words of the rules themselves may stand in a message by chance.
      if (value.length > 6) assert(!told.includes(value), `the value of ${name} is told`);
    }
    return Object.fromEntries(error.problems.map(({ variable, problem }) => [variable, problem]));
  }
  return {};
}

const variablesIn = async (overrides: Record<string, string>) =>
  Object.keys(await problemsOf({ ...REQUIRED, ...overrides })).sort();

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(REQUIRED).filter(([name]) => !names.includes(name)));

Deno.test("what is left out has the contract's default", async () => {
  assert.deepEqual(await loadConfig(REQUIRED), {
    supabase: {
      url: "https://ref123.supabase.co",
      publicUrl: "https://ref123.supabase.co",
      secretKey: "sb_secret_one",
      publishableKey: "sb_publishable_one",
      jwks: undefined,
    },
    mode: "qwen",
    qwen: {
      apiKey: "sk-valid",
      region: "intl",
      baseUrl: "https://dashscope-intl.aliyuncs.com",
      targetModel: "qwen3-tts-vc-2026-01-22",
      delivery: "signed_url",
      signedUrlTtlSeconds: 300,
      timeoutMs: 60_000,
    },
    maxTextChars: 600,
    referenceAudioPolicy: "enforce",
    limits: { attemptsPerHour: 20, perHour: 10, perDay: 50, uploadUrlsPerHour: 60 },
    allowedOrigins: ["*"],
  });
});

Deno.test("every variable is taken over", async () => {
  const jwks = { keys: [{ kty: "EC", kid: "one", crv: "P-256", x: "x", y: "y" }] };
  assert.deepEqual(
    await loadConfig({
      SUPABASE_URL: "http://kong:8000/",
      PUBLIC_SUPABASE_URL: "https://voices.example.com",
      SUPABASE_SERVICE_ROLE_KEY: "older-secret",
      SUPABASE_ANON_KEY: "older-public",
      SUPABASE_JWKS: JSON.stringify(jwks),
      TTS_PROVIDER_MODE: "qwen",
      DASHSCOPE_API_KEY: "sk-other",
      DASHSCOPE_REGION: "cn",
      DASHSCOPE_BASE_URL: "https://my-space.cn-beijing.maas.aliyuncs.com/api/v1",
      QWEN_VC_TARGET_MODEL: "qwen3-tts-vc-2027-01-01",
      QWEN_REFERENCE_DELIVERY: "data_url",
      QWEN_SIGNED_URL_TTL_SECONDS: "30",
      QWEN_TIMEOUT_MS: "1000",
      QWEN_MAX_TEXT_CHARS: "300",
      REFERENCE_AUDIO_POLICY: "warn",
      CLONE_ATTEMPTS_PER_HOUR: "6",
      CLONE_LIMIT_PER_HOUR: "3",
      CLONE_LIMIT_PER_DAY: "4",
      UPLOAD_URL_LIMIT_PER_HOUR: "5",
      CORS_ALLOWED_ORIGINS: "https://a.example.com, http://localhost:5173",
    }),
    {
      supabase: {
        url: "http://kong:8000",
        publicUrl: "https://voices.example.com",
        secretKey: "older-secret",
        publishableKey: "older-public",
        jwks: { keys: [{ ...jwks.keys[0], key_ops: ["verify"] }] },
      },
      mode: "qwen",
      qwen: {
        apiKey: "sk-other",
        region: "cn",
        baseUrl: "https://my-space.cn-beijing.maas.aliyuncs.com",
        targetModel: "qwen3-tts-vc-2027-01-01",
        delivery: "data_url",
        signedUrlTtlSeconds: 30,
        timeoutMs: 1000,
      },
      maxTextChars: 300,
      referenceAudioPolicy: "warn",
      limits: { attemptsPerHour: 6, perHour: 3, perDay: 4, uploadUrlsPerHour: 5 },
      allowedOrigins: ["https://a.example.com", "http://localhost:5173"],
    },
  );
});

Deno.test("empty and blank values of the process are absent, others are trimmed", async () => {
  const set = { CLONE_LIMIT_PER_HOUR: "", DASHSCOPE_REGION: "  ", QWEN_TIMEOUT_MS: " 2000\n" };
  try {
    for (const [name, value] of Object.entries(set)) Deno.env.set(name, value);
    const environment = readEnvironment();
    assert.equal("CLONE_LIMIT_PER_HOUR" in environment, false);
    assert.equal("DASHSCOPE_REGION" in environment, false);
    assert.equal(environment.QWEN_TIMEOUT_MS, "2000");
    const { QWEN_TIMEOUT_MS } = environment;
    assert.equal((await loadConfig({ ...REQUIRED, QWEN_TIMEOUT_MS })).qwen?.timeoutMs, 2000);
  } finally {
    for (const name of Object.keys(set)) Deno.env.delete(name);
  }
});

Deno.test("with nothing set, everything that is required is named at once", async () => {
  assert.deepEqual(await problemsOf({}), {
    SUPABASE_URL: "is required",
    SUPABASE_SECRET_KEYS: "is required (or SUPABASE_SERVICE_ROLE_KEY)",
    SUPABASE_PUBLISHABLE_KEYS: "is required (or SUPABASE_ANON_KEY)",
    DASHSCOPE_API_KEY: "is required in qwen mode",
  });
});

/** For each variable values that are refused, and values that are taken. */
const values: Record<string, { refused: string[]; taken: string[] }> = {
  SUPABASE_URL: {
    refused: [
      ...["ref123.supabase.co", "ftp://ref123.supabase.co", "https://ref123.supabase.co/rest/v1"],
      ...["https://ref123.supabase.co/?query=1", "https://ref123.supabase.co/#part"],
      ...["https://somebody@ref123.supabase.co", "https://:password@ref123.supabase.co"],
    ],
    taken: ["https://ref123.supabase.co/", "http://127.0.0.1:54321", "http://kong:8000"],
  },
  PUBLIC_SUPABASE_URL: { refused: ["not a url", "https://example.com/path"], taken: ["https://example.com"] },
  SUPABASE_SECRET_KEYS: {
    refused: [
      ...["sb_secret_one", "{}", "[]", "null", '"sb_secret_one"', '{"default":""}', '{"default":7}'],
      ...['{"default":"","other":"sb_secret_one"}', '{"other":""}', '{"other":7}'],
      '{"one":"sb_secret_one","two":"sb_secret_two"}',
    ],
    taken: ['{"default":"sb_secret_two","other":"sb_secret_three"}', '{"other":"sb_secret_one"}'],
  },
  SUPABASE_PUBLISHABLE_KEYS: {
    refused: ["sb_publishable_one", '{"one":"sb_publishable_one","two":"sb_publishable_two"}'],
    taken: ['{"default":"sb_publishable_two"}', '{"other":"sb_publishable_one"}'],
  },
  SUPABASE_JWKS: {
    refused: ["not json", "{}", "null", '"keys"', '{"keys":{}}', '{"kty":"EC","kid":"one"}'],
    taken: [
      ...["[]", '[{"kty":"EC","kid":"one"}]', '{"keys":[]}', '{"keys":[{"kty":"RSA","kid":"one"}]}'],
      '{"keys":[{"kty":"OKP","kid":"two"},{"kty":"EC","kid":"one"}]}',
    ],
  },
  TTS_PROVIDER_MODE: { refused: ["foo", "QWEN", "qwen,modal"], taken: ["qwen", "modal"] },
  DASHSCOPE_API_KEY: { refused: ["sk-with space", "sk-über", "sk-line\nbreak"], taken: ["sk-any.thing"] },
  DASHSCOPE_REGION: { refused: ["us", "INTL"], taken: ["intl", "cn"] },
  QWEN_VC_TARGET_MODEL: {
    refused: ["UPPER", "with space", "x", "-leading"],
    taken: ["qwen3-tts-vc-realtime"],
  },
  QWEN_REFERENCE_DELIVERY: { refused: ["url", "AUTO"], taken: ["auto", "signed_url", "data_url"] },
  QWEN_SIGNED_URL_TTL_SECONDS: {
    refused: ["29", "3601", "-30", "60.5", "1e2", "many"],
    taken: ["30", "3600"],
  },
  QWEN_TIMEOUT_MS: { refused: ["999", "90001", "0x1000", "1_000"], taken: ["1000", "90000"] },
  QWEN_MAX_TEXT_CHARS: { refused: ["0", "10001"], taken: ["1", "10000"] },
  REFERENCE_AUDIO_POLICY: { refused: ["off", "Enforce"], taken: ["enforce", "warn"] },
  CLONE_ATTEMPTS_PER_HOUR: { refused: ["0", "-1", "1000001", "ten"], taken: ["1", "1000000"] },
  CLONE_LIMIT_PER_HOUR: { refused: ["0", "-1", "1000001", "ten"], taken: ["1", "1000000"] },
  CLONE_LIMIT_PER_DAY: { refused: ["0", "-1", "1000001", "NaN"], taken: ["1", "1000000"] },
  UPLOAD_URL_LIMIT_PER_HOUR: { refused: ["0", "-1", "1000001", "1.5"], taken: ["1", "1000000"] },
  CORS_ALLOWED_ORIGINS: {
    refused: [
      ...["example.com", "file://", "null", "https://a.example.com/", "https://a.example.com/path"],
      ...["https://A.example.com", "https://a.example.com:443", "https://*.example.com"],
      ...["https://a.example.com, b.example.com", "https://a.example.com, null"],
    ],
    taken: ["*", "https://a.example.com", "https://a.example.com,http://localhost:3000"],
  },
};

for (const [variable, { refused, taken }] of Object.entries(values)) {
  Deno.test(`${variable}: what is taken, what is refused`, async () => {
    for (const value of refused) {
      assert.deepEqual(await variablesIn({ [variable]: value }), [variable], value);
    }
    for (const value of taken) assert.deepEqual(await variablesIn({ [variable]: value }), [], value);
  });
}

Deno.test("every problem is told at once, each variable once", async () => {
  const wrong = Object.fromEntries(
    Object.entries(values).map(([name, { refused: [value = ""] }]) => [name, value]),
  );
  assert.deepEqual(await variablesIn(wrong), Object.keys(values).sort());
  const missing = { ...without("SUPABASE_SECRET_KEYS"), DASHSCOPE_BASE_URL: "https://evil.com" };
  const two = ["DASHSCOPE_BASE_URL", "SUPABASE_SECRET_KEYS"];
  assert.deepEqual(Object.keys(await problemsOf(missing)).sort(), two);
});

Deno.test("the dictionaries of keys go before the older single keys", async () => {
  const singles = { SUPABASE_SERVICE_ROLE_KEY: "older-secret", SUPABASE_ANON_KEY: "older-public" };
  const keysOf = async (environment: Record<string, string>) => {
    const { supabase } = await loadConfig(environment);
    return [supabase.secretKey, supabase.publishableKey];
  };
  assert.deepEqual(await keysOf({ ...REQUIRED, ...singles }), ["sb_secret_one", "sb_publishable_one"]);
  const older = { ...without("SUPABASE_SECRET_KEYS", "SUPABASE_PUBLISHABLE_KEYS"), ...singles };
  assert.deepEqual(await keysOf(older), ["older-secret", "older-public"]);
});

const NONE_IS_DEFAULT = 'holds several keys and none that is called "default":';
const KEY_FIELDS = {
  SUPABASE_SECRET_KEYS: "secretKey",
  SUPABASE_PUBLISHABLE_KEYS: "publishableKey",
} as const;

for (const [variable, field] of Object.entries(KEY_FIELDS)) {
  Deno.test(`${variable}: \`default\` is taken, else the only key; else the names that stand there are in the problem`, async () => {
    const environmentOf = (keys: object) => ({ ...REQUIRED, [variable]: JSON.stringify(keys) });
    const taken: [keys: Record<string, unknown>, key: string][] = [
      [{ web: "key-of-web", default: "key-of-default" }, "key-of-default"],
      [{ default: "key-of-default", web: 7 }, "key-of-default"],
      [{ voice_api: "key-of-voice-api" }, "key-of-voice-api"],
    ];
    for (const [keys, key] of taken) {
      assert.equal((await loadConfig(environmentOf(keys))).supabase[field], key);
    }
    // Name and key the wrong way round: then the names are what must not be told.
    const swapped = { sb_secret_abcdefgh: "web", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln": "batch", batch: "b" };
    const refused: [keys: Record<string, unknown>, problem: string][] = [
      [{ web: "key-of-web", batch: "key-of-batch" }, `${NONE_IS_DEFAULT} web, batch`],
      [swapped, `${NONE_IS_DEFAULT} (not told), (not told), batch`],
      [{}, "holds no key"],
      [{ web: "" }, 'must hold text that is not empty as its key "web"'],
      [{ default: 7, web: "key-of-web" }, 'must hold text that is not empty as its key "default"'],
    ];
    for (const [keys, problem] of refused) {
      assert.deepEqual(await problemsOf(environmentOf(keys)), { [variable]: problem });
    }
  });
}

Deno.test("a key set is taken as an object and as a bare array", async () => {
  const key = { kty: "EC", kid: "one", crv: "P-256", x: "x", y: "y" };
  for (const SUPABASE_JWKS of [JSON.stringify({ keys: [key] }), JSON.stringify([key])]) {
    const { supabase } = await loadConfig({ ...REQUIRED, SUPABASE_JWKS });
    assert.deepEqual(supabase.jwks, { keys: [{ ...key, key_ops: ["verify"] }] });
  }
});

Deno.test("a base URL with a path behind the right host is refused with the path, and what to set in its place", async () => {
  const problemOf = async (region: string, given: string) =>
    (await problemsOf({ ...REQUIRED, DASHSCOPE_REGION: region, DASHSCOPE_BASE_URL: given }))
      .DASHSCOPE_BASE_URL;
  const hosts = [
    ["intl", "https://dashscope-intl.aliyuncs.com"],
    ["intl", "https://my-space.ap-southeast-1.maas.aliyuncs.com"],
    ["cn", "https://dashscope.aliyuncs.com"],
  ] as const;
  for (const [region, host] of hosts) {
    for (const path of ["/compatible-mode/v1", "/api/v1/services"]) {
      const problem = `must be a host of the region ${region}: set ${host} alone, without the path ${path}`;
      for (const given of [`${host}${path}`, `${host}${path}/`]) {
        assert.equal(await problemOf(region, given), problem);
      }
    }
  }
  // Whatever else stands there is not quoted, and a stranger's host is the first thing that is wrong.
  const problem = "must be a host of the region intl: dashscope-intl.aliyuncs.com or " +
    "WORKSPACE.ap-southeast-1.maas.aliyuncs.com";
  const strange = [
    "https://evil.com/compatible-mode/v1",
    "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "https://somebody:password@dashscope-intl.aliyuncs.com/compatible-mode/v1",
    "https://dashscope-intl.aliyuncs.com/compatible-mode/v1?key=sk-1",
    "https://dashscope-intl.aliyuncs.com/%73k-secret",
  ];
  for (const given of strange) assert.equal(await problemOf("intl", given), problem, given);
});

Deno.test("the origins a browser may come from are read without the rest", () => {
  assert.deepEqual(readAllowedOrigins({}), ["*"]);
  assert.deepEqual(readAllowedOrigins({ CORS_ALLOWED_ORIGINS: " , " }), ["*"]);
  const CORS_ALLOWED_ORIGINS = " https://a.example.com ,,https://b.example.com";
  const origins = ["https://a.example.com", "https://b.example.com"];
  assert.deepEqual(readAllowedOrigins({ CORS_ALLOWED_ORIGINS }), origins);
});

Deno.test("modal mode does not look at the variables of qwen", async () => {
  const broken = {
    TTS_PROVIDER_MODE: "modal",
    DASHSCOPE_REGION: "nowhere",
    DASHSCOPE_BASE_URL: "https://evil.com",
    QWEN_TIMEOUT_MS: "never",
    QWEN_VC_TARGET_MODEL: "NO MODEL",
  };
  const config = await loadConfig({ ...without("DASHSCOPE_API_KEY"), ...broken });
  assert.deepEqual([config.mode, config.qwen], ["modal", undefined]);
  // What the mode itself is must be known, also when something else is wrong.
  const wrong = { ...broken, DASHSCOPE_API_KEY: "", CLONE_LIMIT_PER_DAY: "0" };
  assert.deepEqual(await variablesIn(wrong), ["CLONE_LIMIT_PER_DAY"]);
});

/** The origin that would be called; "refused" where nothing but the host is wrong. */
async function originFor(region: string, given?: string): Promise<string> {
  const base: Record<string, string> = given === undefined ? {} : { DASHSCOPE_BASE_URL: given };
  try {
    return (await loadConfig({ ...REQUIRED, DASHSCOPE_REGION: region, ...base })).qwen?.baseUrl ?? "";
  } catch (error) {
    assert(error instanceof ConfigError);
    const problems = error.problems.map(({ variable, problem }) => [variable, problem.split(":")[0]]);
    assert.deepEqual(problems, [["DASHSCOPE_BASE_URL", `must be a host of the region ${region}`]]);
    return "refused";
  }
}

const INTL = ["https://dashscope-intl.aliyuncs.com", "https://my-space.ap-southeast-1.maas.aliyuncs.com"];
const CN = ["https://dashscope.aliyuncs.com", "https://my-space.cn-beijing.maas.aliyuncs.com"];

Deno.test("a region is called at its own host, and a host of the other region is refused", async () => {
  assert.equal(await originFor("intl"), INTL[0]);
  assert.equal(await originFor("cn"), CN[0]);
  for (const [region, own, other] of [["intl", INTL, CN], ["cn", CN, INTL]] as const) {
    for (const host of own) {
      for (const form of ["", "/", "/api/v1", "/api/v1/", ":443"].map((end) => host + end)) {
        assert.equal(await originFor(region, form), host, form);
      }
      assert.equal(await originFor(region, host.toUpperCase()), host);
    }
    for (const host of other) assert.equal(await originFor(region, host), "refused", host);
  }
});

const IMPOSTORS = `
  https://dashscope-intl.aliyuncs.com.evil.com https://evil-dashscope-intl.aliyuncs.com
  https://evil.dashscope-intl.aliyuncs.com https://dashscope-intl.aliyuncs.com.
  https://dashscope-intl-aliyuncs.com https://dashscope-intl.aliyuncs.co https://dashscope-intlxaliyuncs.com
  https://dashscope-us.aliyuncs.com https://aliyuncs.com https://ap-southeast-1.maas.aliyuncs.com
  https://a.b.ap-southeast-1.maas.aliyuncs.com https://my_space.ap-southeast-1.maas.aliyuncs.com
  https://my-space.ap-southeast-1xmaas.aliyuncs.com
  https://my-space.ap-southeast-1.maas.aliyuncs.com.evil.com https://dashscope-intl.aliyuncs.com@evil.com
  https://somebody@dashscope-intl.aliyuncs.com https://:password@dashscope-intl.aliyuncs.com
  https://evil.com#dashscope-intl.aliyuncs.com https://evil.com/dashscope-intl.aliyuncs.com
  https://evil.com?dashscope-intl.aliyuncs.com https://evil.com\\dashscope-intl.aliyuncs.com
  https://dashscope-intl.aliyuncs.com:8443 https://dashscope-intl.aliyuncs.com/other
  https://dashscope-intl.aliyuncs.com/compatible-mode/v1 https://dashscope-intl.aliyuncs.com/api/v1?x=1
  https://dashscope-intl.aliyuncs.com/api/v1#x http://dashscope-intl.aliyuncs.com
  wss://dashscope-intl.aliyuncs.com dashscope-intl.aliyuncs.com https://dashscope-intl.аliyuncs.com
  https://47.236.0.1 nonsense
`.trim().split(/\s+/);

Deno.test("a host that only looks like the region's is refused, so that the key goes nowhere else", async () => {
  for (const given of IMPOSTORS) assert.equal(await originFor("intl", given), "refused", given);
});

Deno.test("a stand-in is allowed on loopback, and on nothing that looks like it", async () => {
  const here = ["http://127.0.0.1:4010", "http://localhost:4010", "http://[::1]:4010", "https://127.8.9.1"];
  for (const origin of here) {
    assert.equal(await originFor("intl", origin), origin);
    assert.equal(await originFor("cn", `${origin}/api/v1`), origin);
  }
  const strangers = [
    ...["http://localhost.evil.com", "http://127.0.0.1.evil.com", "http://127.0.0.1@evil.com"],
    ...["http://somebody@127.0.0.1:4010", "http://192.168.0.7:4010", "http://10.0.0.1"],
    ...["http://0.0.0.0:4010", "http://[::2]:4010", "ftp://127.0.0.1"],
  ];
  for (const given of strangers) assert.equal(await originFor("intl", given), "refused", given);
});

Deno.test("delivery auto sends the clip itself only when the provider, far away, cannot fetch it", async () => {
  const delivery = async (publicUrl: string, provider: string | undefined, wanted?: string) => {
    const config = await loadConfig({
      ...REQUIRED,
      PUBLIC_SUPABASE_URL: publicUrl,
      ...(provider ? { DASHSCOPE_BASE_URL: provider } : {}),
      ...(wanted ? { QWEN_REFERENCE_DELIVERY: wanted } : {}),
    });
    return config.qwen?.delivery;
  };
  const near = [
    ...["http://127.0.0.1:54321", "http://localhost:54321", "http://[::1]:54321", "http://10.1.2.3"],
    ...["http://172.16.0.1", "http://172.31.255.255", "http://192.168.1.5:8000", "http://169.254.1.1"],
    ...["http://[fd00::1]", "http://kong:8000", "http://my-machine.local"],
  ];
  const far = [
    ...["https://project.supabase.co", "http://172.32.0.1", "http://172.15.0.1", "http://11.0.0.1"],
    "https://192.169.1.1",
  ];
  for (const origin of near) {
    assert.equal(await delivery(origin, undefined), "data_url", origin);
    assert.equal(await delivery(origin, "http://127.0.0.1:4010"), "signed_url", origin);
    assert.equal(await delivery(origin, undefined, "signed_url"), "signed_url", origin);
  }
  for (const origin of far) {
    assert.equal(await delivery(origin, undefined), "signed_url", origin);
    assert.equal(await delivery(origin, undefined, "data_url"), "data_url", origin);
  }
});
