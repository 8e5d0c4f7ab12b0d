import assert from "node:assert/strict";
import { z } from "zod";
import { answerOf, assertError, environmentOf } from "../../../tools/testkit/harness/api.ts";
import { ENTRYPOINT, runDeno, startEntrypoint } from "../../../tools/testkit/harness/entrypoint.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const moduleGraph = z.object({
  roots: z.array(z.string()),
  modules: z.array(z.object({
    specifier: z.string(),
    dependencies: z.array(z.object({
      isDynamic: z.boolean().default(false),
      code: z.object({ specifier: z.string() }).optional(),
      npmPackage: z.string().optional(),
    })).default([]),
  })),
});

const configInvalid = z.strictObject({
  time: z.iso.datetime(),
  level: z.literal("error"),
  event: z.literal("config.invalid"),
  problems: z.array(z.strictObject({ variable: z.string(), problem: z.string() })),
});

/** Waits until something holds, for at most ten seconds. */
async function until(holds: () => boolean): Promise<void> {
  for (let left = 1000; left > 0 && !holds(); left--) await new Promise((resolve) => setTimeout(resolve, 10));
}

const HOST = { DASHSCOPE_BASE_URL: "https://dashscope.aliyuncs.com" };
const KEY = { DASHSCOPE_API_KEY: "" };
const MODE = { TTS_PROVIDER_MODE: "foo" };
const SUPABASE = { SUPABASE_SECRET_KEYS: "", SUPABASE_PUBLISHABLE_KEYS: "" };
const WRONG = {
  "a host of the wrong region": HOST,
  "a missing key": KEY,
  "an unknown mode": MODE,
  "all three and no keys of Supabase": { ...HOST, ...KEY, ...MODE, ...SUPABASE },
};

for (const [what, environment] of Object.entries(WRONG)) {
  Deno.test(`the deployed file with ${what}: health answers, all else is 503, one line names the variables`, async () => {
    const full = environmentOf(environment);
    await using entrypoint = await startEntrypoint(full);
    // The configuration is checked without a request too; those that follow must not log it again.
    await until(() => entrypoint.logged.length > 0);
    assert.equal(entrypoint.logged.length, 1, "it is not checked without a request");
    const health = await fetch(`${entrypoint.url}/health`);
    assert.deepEqual([health.status, await health.json()], [200, { ok: true }]);
    const detail = "The server is not configured correctly. The operator has been told.";
    for (const path of ["/languages", "/voices", "/nothing"]) {
      assertError(await answerOf(await fetch(entrypoint.url + path)), 503, "config_invalid", detail);
    }
    await entrypoint.stop();
    const [line = ""] = entrypoint.logged;
    assert.equal(entrypoint.logged.length, 1);
    const told = configInvalid.parse(JSON.parse(line)).problems.map(({ variable }) => variable);
    assert.deepEqual(told.sort(), Object.keys(environment).sort());
    const values = Object.values(full).filter((value) => value !== "" && !/^\d+$/.test(value));
    for (const value of values) assert(!line.includes(value), "a value is told");
  });
}

Deno.test("the deployed file needs network and environment only, and answers with a valid configuration", async () => {
  await using entrypoint = await startEntrypoint(environmentOf());
  assert.equal((await answerOf(await fetch(`${entrypoint.url}/languages`))).status, 200);
  assertError(await answerOf(await fetch(`${entrypoint.url}/voices`)), 401, "unauthorized");
  assert.deepEqual(entrypoint.logged, []);
});

Deno.test("what a preflight and health wait for holds neither supabase-js nor zod", async () => {
  const graph = moduleGraph.parse(JSON.parse(await runDeno("info", "--json", ENTRYPOINT)));
  const dependencies = new Map(graph.modules.map((module) => [module.specifier, module.dependencies]));
  const reach = (throughDynamic: boolean) => {
    const seen = new Set<string>();
    const waiting = [...graph.roots];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      for (const { code, isDynamic } of dependencies.get(next) ?? []) {
        if (code && (throughDynamic || !isDynamic)) waiting.push(code.specifier);
      }
    }
    return [...seen];
  };
  const has = (files: string[], name: RegExp) => files.some((specifier) => name.test(specifier));
  assert(has(reach(true), /supabase-js/), "the whole graph has supabase-js");
  assert(has(reach(true), /\bzod\b/), "the whole graph has zod");
  assert(has(reach(false), /hono/), "hono is loaded at once");
  assert.deepEqual(reach(false).filter((specifier) => /supabase-js|\bzod\b/.test(specifier)), []);
});

Deno.test("a finalize is kept alive by the platform, whatever becomes of its client", async () => {
  const before = `globalThis.EdgeRuntime = { waitUntil: () => console.log('{"event":"test.kept_alive"}') };`;
  await using api = await startEntrypoint(environmentOf(), { before });
  const { accessToken } = await signUp();
  const response = await fetch(`${api.url}/clone/finalize`, {
    method: "POST",
    headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
    body: JSON.stringify({ voice_id: crypto.randomUUID(), ...DETAILS }),
  });
  assert.equal(response.status, 400, await response.text());
  const keptAlive = () => api.logged.filter((line) => line.includes("test.kept_alive"));
  await until(() => keptAlive().length > 0);
  await api.stop();
  assert.equal(keptAlive().length, 1);
});
