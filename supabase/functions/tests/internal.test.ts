import assert from "node:assert/strict";
import { internalReconcile } from "../_shared/contract/internal_reconcile.ts";
import {
  type Api,
  assertError,
  databaseAway,
  type Intercept,
  startApi,
} from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  html,
  providerError,
  TARGET_MODEL,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { keys, newUser, stack } from "../../../tools/testkit/harness/project.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const KEY = { apikey: stack.secret_key };
const ELSE = "qwen-tts-vc-else_abcdefghij-voice-20260101000000000-1a2b";
const FOREIGN = { voice: ELSE, target_model: TARGET_MODEL };
const VOICE_ID = "3b0f2f7e-62a1-4a52-8c7c-0a4b6e1c9d11";
const HANDMADE = { voice: "handmade", target_model: TARGET_MODEL };
const FORGOTTEN = `${crypto.randomUUID()}/${crypto.randomUUID()}/reference.wav`;
const LARGE = `{"padding":"${"x".repeat(65_536)}"}`;
const NOTHING = "There is nothing at this address.";

const ask = (api: Api, body?: unknown) =>
  api.call("POST", "/internal/reconcile", { headers: KEY, ...(body === undefined ? {} : { body }) });

const startInstant = (intercept?: Intercept) =>
  startApi({ clock: createVirtualClock(), ...(intercept ? { intercept } : {}) });

const pathsOf = (api: Api) => api.supabaseRequests.map(({ path }) => path.replace("/rest/v1/rpc/", ""));

Deno.test("to everyone without the secret key there is nothing under /internal, whatever they try", async () => {
  await using api = await startApi({ keys });
  const { token } = await newUser();
  const strangers: Record<string, string>[] = [
    {},
    { apikey: "" },
    { apikey: stack.publishable_key },
    { apikey: `${stack.secret_key}x` },
    { apikey: stack.secret_key.slice(0, -1) },
    { Authorization: `Bearer ${token}` },
    { Authorization: `Bearer ${token}`, apikey: stack.publishable_key },
    { Authorization: `Bearer ${stack.secret_key}` },
  ];
  const paths = ["/internal", "/internal/reconcile", "/internal/work", "/internal/check", "/internal/else"];
  const requests = [["POST", "{}"], ["POST", "no json"], ["POST", LARGE], ["GET"], ["PUT", "{}"], ["DELETE"]];
  await withDashScope([], async () => {
    for (const headers of strangers) {
      for (const path of paths) {
        for (const [method = "", body] of requests) {
          const answer = await api.call(method, path, { headers, body });
          assertError(answer, 404, "not_found", NOTHING, { allow: null });
        }
      }
    }
  });
  assert.deepEqual(api.supabaseRequests, [], "nothing was asked for them");
});

Deno.test("with the secret key it answers 200 and the report of one batch; the body is optional", async () => {
  await using api = await startInstant();
  for (const body of [undefined, {}, { repair: false }, { unknown: 1 }]) {
    await withDashScope([voiceList(FOREIGN)], async () => {
      const answer = await ask(api, body);
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const report = internalReconcile.answer.schema().strict().parse(answer.body);
      const { region, provider_voices, ours, orphans, foreign, completed, purged, more } = report;
      assert.deepEqual([region, provider_voices, ours, completed, more], ["intl", 1, 0, 0, false]);
      assert.deepEqual([orphans, foreign, purged], [[], [FOREIGN.voice], []]);
    });
  }
});

Deno.test("a report asks the database eight things, after the provider", async () => {
  await using api = await startInstant();
  const list = voiceList(HANDMADE);
  await withDashScope([(call) => {
    assert.deepEqual(pathsOf(api), []);
    return list(call);
  }], async () => void await ask(api));
  assert.deepEqual(pathsOf(api), [
    ...["reconcile_release", "reconcile_compare", "reconcile_expired", "reconcile_sort", "reconcile_gone"],
    ...["erase_details", "forgotten_objects", "unclaimed_uploads"],
  ]);
});

Deno.test("a body that is wrong is answered 400 and nothing is done", async () => {
  await using api = await startInstant();
  const decisions = "resolve must be a list of {voice_id, provider_voice_id}.";
  const range = "purge_older_than_days must be from 0 to 3650.";
  const days = "purge_older_than_days must be a number.";
  const tooMany = Array(101).fill({ voice_id: VOICE_ID, provider_voice_id: null });
  const wrong: [body: unknown, detail: string, code?: string][] = [
    ["{", "Invalid JSON body", "invalid_json"],
    ["null", "The body must be a JSON object."],
    [[], "The body must be a JSON object."],
    [{ repair: "yes" }, "repair must be true or false."],
    [{ repair: null }, "repair must be true or false."],
    [{ purge_older_than_days: "7" }, days],
    [{ purge_older_than_days: null }, days],
    [{ purge_older_than_days: -1 }, range],
    [{ purge_older_than_days: 3651 }, range],
    [{ resolve: {} }, decisions],
    [{ resolve: ["x"] }, decisions],
    [{ resolve: [{ voice_id: VOICE_ID }] }, "provider_voice_id must be a string or null."],
    [{ resolve: tooMany }, "resolve takes at most 100 decisions."],
  ];
  await withDashScope([], async () => {
    for (const [body, detail, code = "invalid_request"] of wrong) {
      assertError(await ask(api, body), 400, code, detail);
    }
  });
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("another method is answered 405 to whoever has the key", async () => {
  await using api = await startApi();
  for (const method of ["GET", "PUT", "DELETE"]) {
    const answer = await api.call(method, "/internal/reconcile", { headers: KEY });
    assertError(answer, 405, "method_not_allowed", "Use POST here.", { allow: "POST, OPTIONS" });
  }
  assertError(await api.call("POST", "/internal/else", { headers: KEY }), 404, "not_found", NOTHING);
});

const FAILING = [
  ["throttles", providerError(429, "Throttling"), 503, "provider_throttled", "10"],
  ["refuses the key", providerError(401, "InvalidApiKey"), 502, "provider_misconfigured", null],
  ["is broken", html(502), 502, "provider_unavailable", "10"],
  ["does not answer", connectionLost(), 504, "provider_timeout", "5"],
] as const;

for (const [what, answer, status, code, retryAfter] of FAILING) {
  Deno.test(`a provider that ${what} when it is to list: ${status} ${code}, and only what needs no list is done`, async () => {
    await using api = await startInstant();
    await withDashScope([answer], async () => {
      assertError(await ask(api, { repair: true }), status, code, undefined, { "retry-after": retryAfter });
    });
    assert.deepEqual(pathsOf(api), ["erase_details", "forgotten_objects", "unclaimed_uploads"]);
  });
}

Deno.test("a database that is away is answered 503 database_unavailable with Retry-After", async () => {
  await using api = await startInstant((path) =>
    path.endsWith("/reconcile_sort") ? databaseAway() : undefined
  );
  await withDashScope([voiceList(HANDMADE)], async () => {
    assertError(await ask(api), 503, "database_unavailable", undefined, { "retry-after": "5" });
  });
});

Deno.test("a Storage that refuses a removal in a repair is answered 503 storage_unavailable with Retry-After", async () => {
  const refused: string[] = [];
  await using api = await startInstant((path) => {
    if (path.endsWith("/forgotten_objects")) {
      return Response.json([{ bucket_id: "references", name: FORGOTTEN }]);
    }
    if (path !== "/storage/v1/object/references") return undefined;
    refused.push(path);
    return Response.json({ statusCode: "503", message: "down" }, { status: 503 });
  });
  await withDashScope([voiceList(HANDMADE)], async () => {
    const answer = await ask(api, { repair: true });
    assertError(answer, 503, "storage_unavailable", undefined, { "retry-after": "5" });
  });
  assert.equal(refused.length, 1);
});

Deno.test("in modal mode no provider is asked, and no row is called gone", async () => {
  await using api = await startApi({ environment: { TTS_PROVIDER_MODE: "modal" } });
  await withDashScope([], async () => {
    const { status, body } = await ask(api);
    const { region, provider_voices, foreign, gone } = internalReconcile.answer.schema().parse(body);
    assert.deepEqual([status, region, provider_voices, foreign, gone], [200, "none", 0, [], []]);
  });
});
