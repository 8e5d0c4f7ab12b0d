// A configuration that cannot be used: what the operator learns of it, and nobody else.
import assert from "node:assert/strict";
import { configInvalidError } from "../_shared/contract/internal_check.ts";
import { assertPrinted, reach, REMEDIES } from "../../../tools/testkit/doctor.ts";
import { environmentOf, PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";
import { startEntrypoint } from "../../../tools/testkit/harness/entrypoint.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";

const BROKEN = { DASHSCOPE_BASE_URL: "https://dashscope.aliyuncs.com", CLONE_LIMIT_PER_DAY: "a-wrong-value" };
const DETAIL = "The server is not configured correctly. The operator has been told.";

async function ask(url: string, path: string, init: RequestInit = {}) {
  const response = await fetch(url + path, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const askCheck = (api: { url: string }, apikey: string) =>
  ask(api.url, "/internal/check", { method: "POST", headers: { apikey } });

Deno.test("whoever has the secret key gets every problem by its variable, and never a value", async () => {
  const environment = environmentOf(BROKEN);
  await using api = await startEntrypoint(environment);
  const answer = await askCheck(api, stack.secret_key);
  assert.equal(answer.status, 503);
  const { problems, ...envelope } = configInvalidError().strict().parse(answer.body);
  assert.deepEqual(envelope, {
    detail: DETAIL,
    code: "config_invalid",
    request_id: answer.headers.get("x-request-id"),
  });
  assert.deepEqual(problems.map(({ variable }) => variable).sort(), [
    "CLONE_LIMIT_PER_DAY",
    "DASHSCOPE_BASE_URL",
  ]);
  for (const value of [stack.secret_key, stack.publishable_key, PROVIDER_KEY, "a-wrong-value"]) {
    assert(!JSON.stringify(answer.body).includes(value), "a value is shown");
  }
});

Deno.test("everyone else, and every other route, has the plain 503", async () => {
  await using api = await startEntrypoint(environmentOf(BROKEN));
  const right = { apikey: stack.secret_key };
  const asked: [path: string, init: RequestInit][] = [
    ["/internal/check", { method: "POST" }],
    ["/internal/check", { method: "POST", headers: { apikey: stack.publishable_key } }],
    ["/internal/check", { method: "POST", headers: { apikey: `${stack.secret_key}x` } }],
    ["/internal/check", { method: "POST", headers: { Authorization: `Bearer ${stack.secret_key}` } }],
    ["/internal/check", { headers: right }],
    ["/internal/check/more", { method: "POST", headers: right }],
    ["/internal/work", { method: "POST", headers: right }],
    ["/voices", { headers: right }],
  ];
  for (const [path, init] of asked) {
    assertError(await ask(api.url, path, init), 503, "config_invalid", DETAIL);
  }
});

Deno.test("the older name of the secret key is known, beside a dictionary that is none", async () => {
  const environment = environmentOf({
    SUPABASE_SECRET_KEYS: "no JSON",
    SUPABASE_SERVICE_ROLE_KEY: "the-older-key",
  });
  await using api = await startEntrypoint(environment);
  const answer = await askCheck(api, "the-older-key");
  assert.deepEqual(configInvalidError().parse(answer.body).problems, [{
    variable: "SUPABASE_SECRET_KEYS",
    problem: "must be JSON",
  }]);
});

Deno.test("the dictionary of secret keys goes before the older name here too", async () => {
  await using api = await startEntrypoint(
    environmentOf({ ...BROKEN, SUPABASE_SERVICE_ROLE_KEY: "the-older-key" }),
  );
  assertError(await askCheck(api, "the-older-key"), 503, "config_invalid", DETAIL);
  assert.equal(configInvalidError().parse((await askCheck(api, stack.secret_key)).body).problems.length, 2);
});

Deno.test("a secret key that is the only one, whatever its name, is the operator's here too", async () => {
  const SUPABASE_SECRET_KEYS = JSON.stringify({ voice_api: stack.secret_key });
  await using api = await startEntrypoint(environmentOf({ ...BROKEN, SUPABASE_SECRET_KEYS }));
  const answer = await askCheck(api, stack.secret_key);
  assert.equal(configInvalidError().parse(answer.body).problems.length, 2);
});

Deno.test("without a secret key nobody is the operator", async () => {
  await using api = await startEntrypoint(environmentOf({ SUPABASE_SECRET_KEYS: "" }));
  for (const apikey of ["", "undefined", stack.secret_key]) {
    assertError(await askCheck(api, apikey), 503, "config_invalid", DETAIL);
  }
  const { checks, timed } = await reach({
    api: api.url,
    key: stack.secret_key,
    signal: AbortSignal.timeout(30_000),
    remedies: REMEDIES.hosted,
  });
  assert.equal(timed, null);
  assertPrinted(
    checks,
    `ok reachable: *
    failed variables: * -> *config.invalid*`,
  );
});
