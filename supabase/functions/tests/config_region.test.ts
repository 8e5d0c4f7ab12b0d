import assert from "node:assert/strict";
import { loadConfig } from "../_shared/config.ts";
import { ConfigError } from "../_shared/environment.ts";

const REQUIRED = {
  SUPABASE_URL: "https://project.supabase.co",
  SUPABASE_SECRET_KEYS: '{"default":"sb_secret_one"}',
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_one"}',
  DASHSCOPE_API_KEY: "sk-valid",
};

/** The origin that would be called, or the names of what is wrong. */
async function originFor(region: string, given?: string): Promise<string> {
  const base: Record<string, string> = given === undefined ? {} : { DASHSCOPE_BASE_URL: given };
  try {
    const config = await loadConfig({ ...REQUIRED, DASHSCOPE_REGION: region, ...base });
    return config.qwen?.baseUrl ?? "";
  } catch (error) {
    assert(error instanceof ConfigError);
    const [problem, ...others] = error.problems;
    assert.deepEqual([problem?.variable, others], ["DASHSCOPE_BASE_URL", []]);
    assert.equal(problem?.problem.split(":")[0], `must be a host of the region ${region}`);
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
      const forms = [
        host,
        `${host}/`,
        `${host}/api/v1`,
        `${host}/api/v1/`,
        `${host}:443`,
        host.toUpperCase(),
      ];
      for (const form of forms) assert.equal(await originFor(region, form), host, form);
    }
    for (const host of other) assert.equal(await originFor(region, host), "refused", host);
  }
});

const IMPOSTORS = [
  ...["https://dashscope-intl.aliyuncs.com.evil.com", "https://evil-dashscope-intl.aliyuncs.com"],
  ...["https://evil.dashscope-intl.aliyuncs.com", "https://dashscope-intl.aliyuncs.com."],
  ...["https://dashscope-intl-aliyuncs.com", "https://dashscope-intl.aliyuncs.co"],
  ...["https://dashscope-intlxaliyuncs.com", "https://dashscope-us.aliyuncs.com", "https://aliyuncs.com"],
  ...["https://ap-southeast-1.maas.aliyuncs.com", "https://a.b.ap-southeast-1.maas.aliyuncs.com"],
  ...[
    "https://my_space.ap-southeast-1.maas.aliyuncs.com",
    "https://my-space.ap-southeast-1xmaas.aliyuncs.com",
  ],
  "https://my-space.ap-southeast-1.maas.aliyuncs.com.evil.com",
  ...["https://dashscope-intl.aliyuncs.com@evil.com", "https://somebody@dashscope-intl.aliyuncs.com"],
  ...["https://:password@dashscope-intl.aliyuncs.com", "https://evil.com#dashscope-intl.aliyuncs.com"],
  ...["https://evil.com/dashscope-intl.aliyuncs.com", "https://evil.com?dashscope-intl.aliyuncs.com"],
  ...["https://evil.com\\dashscope-intl.aliyuncs.com", "https://dashscope-intl.aliyuncs.com:8443"],
  ...["https://dashscope-intl.aliyuncs.com/other", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"],
  ...["https://dashscope-intl.aliyuncs.com/api/v1?x=1", "https://dashscope-intl.aliyuncs.com/api/v1#x"],
  ...[
    "http://dashscope-intl.aliyuncs.com",
    "wss://dashscope-intl.aliyuncs.com",
    "dashscope-intl.aliyuncs.com",
  ],
  ...["https://dashscope-intl.аliyuncs.com", "https://47.236.0.1", "nonsense"],
];

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
