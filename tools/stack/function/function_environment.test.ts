import assert from "node:assert/strict";
import { join } from "node:path";
import {
  chooseProvider,
  type Environment,
  functionEnvironment,
  readEnvironment,
  standaloneEnvironment,
} from "./function_environment.ts";

const simulator = { url: "http://127.0.0.1:4999", apiKey: "sk-made-up" };

function given(environment: Environment, simulated = true): Environment {
  return functionEnvironment({
    environment,
    supabaseUrl: "http://127.0.0.1:54321",
    publishableKey: "sb_publishable_x",
    secretKey: "sb_secret_x",
    simulator: simulated ? simulator : null,
  });
}

/** The provider's key and URL that the function gets; the key of a stand-in without one is made up. */
type Gets = { key?: string | RegExp; url?: string };
const standIns = ["http://127.0.0.1:9999", "http://localhost:9999", "http://[::1]:9999"];
const elsewhere = ["https://dashscope.aliyuncs.com", "https://127.evil.example", "nonsense"];

const choices: [environment: Environment, simulate: boolean, standIn: string | null, gets: Gets][] = [
  [{}, true, null, { key: simulator.apiKey, url: simulator.url }],
  [{ DASHSCOPE_API_KEY: "sk-real" }, false, null, { key: "sk-real" }],
  [{ DASHSCOPE_API_KEY: "" }, false, null, {}],
  ...standIns.flatMap((url): typeof choices => {
    const at = { DASHSCOPE_BASE_URL: url };
    return [
      [at, false, url, { key: /./, url }],
      [{ ...at, DASHSCOPE_API_KEY: "k" }, false, url, { key: "k", url }],
      [{ ...at, DASHSCOPE_API_KEY: "" }, false, url, { url }],
    ];
  }),
  ...elsewhere.map((url): typeof choices[number] => [{ DASHSCOPE_BASE_URL: url }, false, null, { url }]),
];
for (const [environment, simulate, standIn, { key, url }] of choices) {
  Deno.test(`who plays the provider with ${JSON.stringify(environment)}`, () => {
    assert.deepEqual(chooseProvider(environment), { simulate, standIn });
    const { DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL } = given(environment, simulate);
    if (key instanceof RegExp) assert.match(DASHSCOPE_API_KEY ?? "", key);
    else assert.equal(DASHSCOPE_API_KEY, key);
    assert.equal(DASHSCOPE_BASE_URL, url);
  });
}

Deno.test("the function gets its own variables, even invalid ones, and nothing else of the caller's", () => {
  const made = given({
    PATH: "/bin",
    HOME: "/home/ada",
    DENO_DIR: "/cache",
    DENO_SERVE_ADDRESS: "tcp:0.0.0.0:1",
    AWS_SECRET_ACCESS_KEY: "x",
    TTS_PROVIDER_MODE: "foo",
    QWEN_TIMEOUT_MS: "",
    SUPABASE_URL: "https://hosted.example",
    SUPABASE_SECRET_KEYS: "hosted",
    SUPABASE_SERVICE_ROLE_KEY: "hosted",
    SUPABASE_JWKS: "hosted",
    PUBLIC_SUPABASE_URL: "https://tunnel.example",
  });
  assert.deepEqual(made, {
    PATH: "/bin",
    HOME: "/home/ada",
    DENO_DIR: "/cache",
    DENO_NO_UPDATE_CHECK: "1",
    DASHSCOPE_API_KEY: simulator.apiKey,
    DASHSCOPE_BASE_URL: simulator.url,
    TTS_PROVIDER_MODE: "foo",
    PUBLIC_SUPABASE_URL: "https://tunnel.example",
    SUPABASE_URL: "http://127.0.0.1:54321",
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_x"}',
    SUPABASE_SECRET_KEYS: '{"default":"sb_secret_x"}',
  });
});

Deno.test("alone, the function gets the project that the caller names", () => {
  const environment = { SUPABASE_URL: "https://p.supabase.co", SUPABASE_JWKS: "{}", OTHER: "x" };
  assert.deepEqual(standaloneEnvironment(environment), {
    DENO_NO_UPDATE_CHECK: "1",
    SUPABASE_URL: "https://p.supabase.co",
    SUPABASE_JWKS: "{}",
  });
});

Deno.test("the environment wins over .env", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, ".env");
  await Deno.writeTextFile(file, `# a comment\nFROM_FILE='of the file'\nexport PATH=of-the-file\nNOTHING=\n`);
  const environment = await readEnvironment(file);
  assert.deepEqual([environment["FROM_FILE"], environment["NOTHING"]], ["of the file", ""]);
  assert.equal(environment["PATH"], Deno.env.get("PATH"));
  assert.equal((await readEnvironment(join(folder, "none")))["FROM_FILE"], undefined);
  await Deno.remove(folder, { recursive: true });
});
