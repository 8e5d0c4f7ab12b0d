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

Deno.test("without a word about the provider the simulator plays it, with a key of its own", () => {
  assert.deepEqual(chooseProvider({}), { simulate: true, standIn: null });
  const { DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL } = given({});
  assert.deepEqual([DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL], [simulator.apiKey, simulator.url]);
});

Deno.test("with a key the real provider is used", () => {
  const environment = { DASHSCOPE_API_KEY: "sk-real" };
  assert.deepEqual(chooseProvider(environment), { simulate: false, standIn: null });
  const { DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL } = given(environment, false);
  assert.deepEqual([DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL], ["sk-real", undefined]);
});

for (const url of ["http://127.0.0.1:9999", "http://localhost:9999", "http://[::1]:9999"]) {
  Deno.test(`with the base URL ${url} that stand-in is used, and a key is made up where none is given`, () => {
    assert.deepEqual(chooseProvider({ DASHSCOPE_BASE_URL: url }), { simulate: false, standIn: url });
    const made = given({ DASHSCOPE_BASE_URL: url }, false);
    assert.equal(made["DASHSCOPE_BASE_URL"], url);
    assert.ok(made["DASHSCOPE_API_KEY"]);
    assert.equal(given({ DASHSCOPE_BASE_URL: url, DASHSCOPE_API_KEY: "k" }, false)["DASHSCOPE_API_KEY"], "k");
    assert.equal(
      given({ DASHSCOPE_BASE_URL: url, DASHSCOPE_API_KEY: "" }, false)["DASHSCOPE_API_KEY"],
      undefined,
    );
  });
}

Deno.test("a base URL elsewhere is passed on without a key, and nothing is simulated", () => {
  for (const url of ["https://dashscope.aliyuncs.com", "https://127.evil.example", "nonsense"]) {
    const environment = { DASHSCOPE_BASE_URL: url };
    assert.deepEqual(chooseProvider(environment), { simulate: false, standIn: null }, url);
    const { DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL } = given(environment, false);
    assert.deepEqual([DASHSCOPE_API_KEY, DASHSCOPE_BASE_URL], [undefined, url]);
  }
});

Deno.test("a key set to nothing leaves the function without one", () => {
  const environment = { DASHSCOPE_API_KEY: "" };
  assert.equal(chooseProvider(environment).simulate, false);
  assert.equal("DASHSCOPE_API_KEY" in given(environment, false), false);
});

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
