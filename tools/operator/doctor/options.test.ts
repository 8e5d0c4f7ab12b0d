// What `npm run doctor` may be asked, what it asks before it pays, and with whose key.
import assert from "node:assert/strict";
import type { CheckReport } from "../../../supabase/functions/_shared/contract/internal_check.ts";
import { runDoctor } from "./doctor_stack.ts";
import { agreeToPay } from "./agreement.ts";
import { readLiveProvider } from "./live_provider.ts";
import { parseOptions, usage } from "./options.ts";

Deno.test("the options are those of an operator's command, --live and --yes", () => {
  assert.deepEqual(parseOptions([]), {
    help: false,
    json: false,
    api: undefined,
    dataDir: undefined,
    live: false,
    yes: false,
  });
  const { api, json, live, yes } = parseOptions(["--api", "https://x/api/", "--json", "--live", "--yes"]);
  assert.deepEqual([api, json, live, yes], ["https://x/api", true, true, true]);
  for (
    const here of ["http://localhost:54321/functions/v1/api", "http://127.0.0.1:8/api", "http://[::1]/api"]
  ) {
    assert.equal(parseOptions(["--api", here]).api, here);
  }
  for (
    const [args, sentence] of [
      [["--yes"], /^--yes needs --live\.$/],
      [["--api", "ftp://x"], /not an http/],
      [["--api", "http://10.0.0.7:8000/functions/v1/api"], /^--api must be https, .* unencrypted\.$/],
      [["--api", "http://ref.supabase.co/functions/v1/api"], /^--api must be https, but on this machine/],
      [["now"], /now/],
      [["--alive"], /--alive/],
    ] as const
  ) assert.throws(() => parseOptions([...args]), { message: sentence });
});

Deno.test("--help prints the usage and looks at nothing; no stack, no key and no terminal end in a sentence", async () => {
  assert.deepEqual(await runDoctor(["--help"]), { code: 0, out: `${usage}\n`, err: "" });
  const folder = await Deno.makeTempDir();
  for (
    const [args, sentence] of [
      [["--data", folder], /^No stack runs on /],
      [["--api", "http://127.0.0.1:9/api", "--json"], /^--api needs the project's secret key/],
      [["--data", folder, "--live"], /^--live creates a voice, which costs USD 0\.01\. .*--yes\.$/m],
    ] as const
  ) {
    const { code, out, err } = await runDoctor([...args], { SUPABASE_SECRET_KEY: "" });
    assert.equal(code, 1);
    assert.match(err, sentence);
    if (!args.includes("--json")) assert.equal(out, "");
    else {
      const { ok, checks } = JSON.parse(out);
      assert.deepEqual([ok, checks], [false, [{
        status: "failed",
        name: "doctor",
        detail: err.trim(),
        fix: null,
      }]]);
    }
  }
  await Deno.remove(folder);
});

Deno.test("before it pays it says what, and takes nothing but y or yes for agreement", async () => {
  for (
    const [answer, agreed] of [["y", true], ["YES ", true], ["n", false], ["", false], [null, false], [
      "yep",
      false,
    ]] as const
  ) {
    const printed: string[] = [];
    const asked = agreeToPay({
      isTerminal: true,
      print: (line) => printed.push(line),
      readLine: () => Promise.resolve(answer),
    });
    if (agreed) await asked;
    else await assert.rejects(asked, { message: "Nothing was looked at, and nothing was created." });
    assert.match(printed.join("\n"), /^This creates one voice \(USD 0\.01\) .*\[y\/N\]$/);
  }
});

const told = (qwen: { region?: string; base_url?: string } | null): Pick<CheckReport, "configuration"> => ({
  configuration: {
    mode: qwen ? "qwen" : "modal",
    supabase_url: "https://ref.supabase.co",
    public_url: "https://ref.supabase.co",
    allowed_origins: ["*"],
    reference_audio_policy: "enforce",
    max_text_chars: 600,
    limits: {},
    qwen: qwen && {
      region: "cn",
      base_url: "https://dashscope.aliyuncs.com",
      target_model: "qwen3-tts-vc-2027-01-01",
      delivery: "data_url",
      signed_url_ttl_seconds: 120,
      timeout_ms: 30_000,
      ...qwen,
    },
  },
});

Deno.test("the provider is the deployment's with the operator's key, and a stand-in never sees that key", () => {
  const live = (qwen: Parameters<typeof told>[0], environment: Record<string, string>) => {
    const { apiKey, region, baseUrl } = readLiveProvider(told(qwen), environment);
    return [apiKey, region, baseUrl];
  };
  const DASHSCOPE_API_KEY = "sk-own-key";
  assert.deepEqual(readLiveProvider(told({}), { DASHSCOPE_API_KEY }), {
    apiKey: "sk-own-key",
    region: "cn",
    baseUrl: "https://dashscope.aliyuncs.com",
    targetModel: "qwen3-tts-vc-2027-01-01",
    delivery: "data_url",
    signedUrlTtlSeconds: 120,
    timeoutMs: 30_000,
  });
  assert.deepEqual(live({}, { DASHSCOPE_API_KEY, DASHSCOPE_REGION: "intl" }), [
    "sk-own-key",
    "intl",
    "https://dashscope-intl.aliyuncs.com",
  ]);
  const standIn = { region: "intl", base_url: "http://127.0.0.1:9000" };
  assert.deepEqual(live(standIn, { DASHSCOPE_API_KEY }), [
    "sk-local-simulator",
    "intl",
    "http://127.0.0.1:9000",
  ]);
  assert.deepEqual(live(standIn, { DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL: "http://127.0.0.1:9001" }), [
    "sk-own-key",
    "intl",
    "http://127.0.0.1:9001",
  ]);
});

Deno.test("a provider that cannot be asked is a sentence", () => {
  const live = (qwen: Parameters<typeof told>[0], environment: Record<string, string>) => () =>
    readLiveProvider(told(qwen), environment);
  assert.throws(live({}, {}), {
    message: /^The provider's key must be in the environment: DASHSCOPE_API_KEY\./,
  });
  assert.throws(live(null, { DASHSCOPE_API_KEY: "sk-own-key" }), { message: /its mode is modal\.$/ });
  assert.throws(live({ base_url: "https://evil.example" }, { DASHSCOPE_API_KEY: "sk-own-key" }), {
    message: /^DASHSCOPE_BASE_URL must be a host of the region cn/,
  });
});
