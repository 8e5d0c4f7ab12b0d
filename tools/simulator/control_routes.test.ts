import assert from "node:assert/strict";
import { z } from "zod";
import { documentedCodes, documentedStatus } from "./dashscope_errors.ts";
import { customizationPath } from "./customization_endpoint.ts";
import { createInput, createTestApp, refusal, voiceOf } from "./test_client.ts";

Deno.test("every documented error comes with its status, with 430, and inside a 200", async () => {
  const { app, client } = createTestApp();
  for (const code of documentedCodes) {
    for (const status of [undefined, 430, 200]) {
      const set = await client.control("POST", "/faults", { answer: { kind: "error", code, status } });
      assert.equal(set.status, 200);
      assert.equal(refusal(await client.create()), `${status ?? documentedStatus(code)} ${code}`);
    }
  }
  assert.deepEqual(app.voices(), []);
  assert.equal((await client.create()).status, 200);
});

Deno.test("the documented statuses are those of the provider's table", () => {
  const byStatus = Map.groupBy(documentedCodes, documentedStatus);
  const counts = [...byStatus].map(([status, codes]) => [status, codes.length]);
  assert.deepEqual(counts, [[400, 23], [430, 1], [401, 2], [403, 5], [404, 2], [429, 7], [500, 5], [503, 2]]);
});

Deno.test("status and message of an error can be set; an undocumented code needs its status", async () => {
  const { client } = createTestApp();
  await client.control("POST", "/faults", [
    { answer: { kind: "error", code: "InternalError", status: 503, message: "No luck." } },
    { answer: { kind: "error", code: "Throttling.AllocationQuota", status: 400 } },
    { answer: { kind: "error", code: "Teapot", status: 418 } },
  ]);
  const { status, body } = await client.create();
  assert.deepEqual([status, Object(body).code, Object(body).message], [503, "InternalError", "No luck."]);
  assert.equal(Object((await client.create()).body).message, "Maximum voice storage limit exceeded");
  assert.equal(refusal(await client.create()), "418 Teapot");
  const teapot = { answer: { kind: "error", code: "Teapot" } };
  assert.equal((await client.control("POST", "/faults", teapot)).status, 400);
});

Deno.test("faults apply in order to the next calls of their action, as often as they say", async () => {
  const { client } = createTestApp();
  await client.control("POST", "/faults", [
    { action: "list", answer: { kind: "error", code: "SystemError" } },
    { action: "create", times: 2, answer: { kind: "error", code: "Throttling" } },
    { answer: { kind: "error", code: "Arrearage" } },
  ]);
  assert.equal(refusal(await client.create()), "429 Throttling");
  assert.equal(refusal(await client.create()), "429 Throttling");
  assert.equal(refusal(await client.create()), "400 Arrearage");
  assert.equal((await client.create()).status, 200);
  assert.equal(refusal(await client.list()), "500 SystemError");
  assert.equal((await client.list()).status, 200);
});

Deno.test("a call with a wrong key uses no fault up", async () => {
  const { client } = createTestApp();
  await client.control("POST", "/faults", { answer: { kind: "error", code: "Throttling" } });
  await client.call({}, { authorization: "Bearer sk-other" });
  assert.equal(refusal(await client.list()), "429 Throttling");
});

Deno.test("held calls can be released one by one, and a held call can then answer wrongly", async () => {
  const { app, client } = createTestApp();
  app.addFaults(
    { action: "create", hold: "after", answer: { kind: "error", code: "RequestTimeOut", when: "after" } },
    { action: "create", hold: "before" },
  );
  const first = client.create();
  assert.equal(await app.waitForHeld(1, 10_000), true);
  const second = client.create();
  assert.equal(await app.waitForHeld(2, 10_000), true);
  assert.deepEqual((await client.control("POST", "/release", { id: 99 })).body, { released: 0 });
  assert.deepEqual((await client.control("POST", "/release", { id: 2 })).body, { released: 1 });
  assert.equal((await second).status, 200);
  assert.deepEqual(app.held().map(({ id }) => id), [1]);
  app.release();
  assert.equal(refusal(await first), "500 RequestTimeOut");
});

Deno.test("waiting for a held call ends with 408 when none comes", async () => {
  const answer = await createTestApp().client.control("GET", "/held?wait_ms=1");
  assert.deepEqual(answer, { status: 408, body: { held: [] } });
});

Deno.test("DELETE /control forgets faults, calls and settings, cuts what is held, and keeps the voices", async () => {
  const { app, client } = createTestApp();
  await client.create();
  await client.control("POST", "/settings", { voice_limit: 0, rate_limit: { per_minute: 2 } });
  app.addFaults({ hold: "before" }, { times: 9, answer: { kind: "error", code: "Throttling" } });
  const pending = assert.rejects(client.create(), { name: "ConnectionCut" });
  await app.waitForHeld(1, 10_000);
  await client.control("DELETE", "");
  await pending;
  const counts = { region: "intl", voices: 1, calls: 0, faults: [], held: 0, delayed: 0 };
  assert.deepEqual((await client.control("GET", "")).body, counts);
  for (let index = 0; index < 5; index++) assert.equal((await client.create()).status, 200);
  await client.control("DELETE", "?voices=true");
  assert.deepEqual(app.voices(), []);
  assert.equal(app.bill().total, 0);
});

Deno.test("the calls are listed without the key, with audio data and URL queries shortened", async () => {
  const { client } = createTestApp();
  const data = "http://192.0.2.1/storage/v1/object/sign/references/u/v/reference.wav?token=secret";
  await client.create({ audio: { data } });
  await client.create();
  await client.call("not JSON");
  const { calls } = Object((await client.control("GET", "/calls")).body);
  const headers = { "connection": "close", "content-type": "application/json" };
  const common = { at: "2026-03-04T05:06:07.089Z", method: "POST", path: customizationPath, headers };
  const body = (shown: string) => ({
    model: "qwen-voice-enrollment",
    input: { ...createInput(), audio: { data: shown } },
  });
  const shownUrl = "http://192.0.2.1/storage/v1/object/sign/references/u/v/reference.wav?…";
  const shownData = `data:audio/wav;base64,… (${createInput().audio.data.length} characters)`;
  assert.deepEqual(calls, [
    { id: 1, ...common, action: "create", body: body(shownUrl), outcome: { status: 400 } },
    { id: 2, ...common, action: "create", body: body(shownData), outcome: { status: 200 } },
    { id: 3, ...common, action: null, body: null, outcome: { status: 400 } },
  ]);
});

Deno.test("the log holds a line a call, without key, transcript, name or URL", async () => {
  const lines: string[] = [];
  const { client } = createTestApp({ log: (line) => lines.push(line.replace(/\d+ ms/, "N ms")) });
  await client.create();
  await client.create({ audio: { data: "http://192.0.2.1/clip.wav?token=secret" } });
  await client.call({}, { authorization: "Bearer sk-other" });
  await client.synthesize("nobody");
  const said = ["create 200", "create 400", "? 401", "synthesize 400"];
  assert.deepEqual(lines, said.map((words) => `dashscope simulator: ${words} in N ms`));
});

Deno.test("voices can be seeded: named alike, by a prefix, at a time; they cost nothing", async () => {
  const { app, client } = createTestApp();
  const old = { count: 2, prefix: "old", created_at: "2025-01-02T03:04:05Z" };
  assert.equal((await client.control("POST", "/voices", old)).status, 201);
  const seed = { preferred_name: "Ada_tok", target_model: "m", language: "fr" };
  const seeded = await client.control("POST", "/voices", seed);
  const ids = z.object({ voices: z.array(z.string()) }).parse(seeded.body).voices;
  assert.equal(ids.length, 1);
  assert.match(ids[0] ?? "", /^qwen-tts-vc-Ada_tok-voice-20260304050607089-[0-9a-f]{4}$/);
  const { voices, bill } = Object((await client.control("GET", "/voices")).body);
  assert.deepEqual(bill, { total: 0, by_preferred_name: {}, syntheses: 0, characters: 0, by_voice: {} });
  assert.deepEqual(voices.map((voice: Record<string, unknown>) => [voice.preferred_name, voice.created_at]), [
    ["Ada_tok", "2026-03-04T05:06:07.089Z"],
    ["old_0000000001", "2025-01-02T03:04:05.000Z"],
    ["old_0000000000", "2025-01-02T03:04:05.000Z"],
  ]);
  const created_at = "2026-03-04T05:06:07.089Z";
  assert.deepEqual(voices[0], { voice: ids[0], ...seed, text_length: 0, audio: null, created_at });
  assert.equal(app.voices().length, 3);
});

Deno.test("the rate limit is off until set, then holds for a minute and for a second", async () => {
  let time = Date.UTC(2026, 0, 1);
  const { client } = createTestApp({ now: () => new Date(time) });
  const assertCodes = async (...expected: string[]) => {
    const codes: string[] = [];
    for (const _ of expected) codes.push(Object((await client.list()).body).code ?? "ok");
    assert.deepEqual(codes, expected);
  };
  await assertCodes("ok", "ok", "ok", "ok", "ok");
  await client.control("POST", "/settings", { rate_limit: {} });
  await assertCodes("ok", "ok", "ok", "Throttling.BurstRate");
  time += 1_000;
  await assertCodes("ok", "ok", "ok", "Throttling.BurstRate");
  await client.control("POST", "/settings", { rate_limit: { per_minute: 2, per_second: 9 } });
  await assertCodes("ok", "ok", "Throttling.RateQuota");
  time += 59_999;
  await assertCodes("Throttling.RateQuota");
  time += 1;
  await assertCodes("ok", "ok", "Throttling.RateQuota");
  await client.control("POST", "/settings", { rate_limit: null });
  await assertCodes("ok", "ok", "ok", "ok");
});

Deno.test("enrollment and synthesis have a rate limit each", async () => {
  const { client } = createTestApp();
  await client.control("POST", "/settings", { rate_limit: { per_minute: 1 } });
  assert.equal((await client.list()).status, 200);
  assert.equal(refusal(await client.list()), "429 Throttling.RateQuota");
  assert.equal(refusal(await client.synthesize("nobody")), "400 InvalidParameter");
  assert.equal(refusal(await client.synthesize("nobody")), "429 Throttling.RateQuota");
});

const wrong: [path: string, body: unknown][] = [
  ["/faults", { kind: "cut" }],
  ["/faults", { times: 0 }],
  ["/faults", { hold: "during" }],
  ["/faults", { action: "query" }],
  ["/faults", [{ answer: { kind: "cut", status: 500 } }]],
  ["/release", { id: "1" }],
  ["/voices", { prefix: "too_long" }],
  ["/settings", { rate_limit: 180 }],
  ["/settings", { voice_ids: "backwards" }],
];
for (const [path, body] of wrong) {
  Deno.test(`POST /control${path} ${JSON.stringify(body)} is 400 and says what is wrong`, async () => {
    const { client } = createTestApp();
    const answer = await client.control("POST", path, body);
    assert.equal(answer.status, 400);
    assert.match(Object(answer.body).detail, /\S/);
    assert.deepEqual(Object((await client.control("GET", "")).body).faults, []);
  });
}

type Form = [shape: string, id: RegExp, time: string | number];

Deno.test("voice ids and their listed times have the form that is set; a reset restores the documented one", async () => {
  const at = Date.parse("2026-11-28T10:11:12.345Z");
  const { client } = createTestApp({ now: () => new Date(at) });
  const assertForm = async ([shape, form, time]: Form) => {
    const made = voiceOf(await client.create({ preferred_name: "ada_01" }));
    const [listed] = Object((await client.list()).body).output.voice_list;
    assert.equal(listed.voice, made);
    assert.match(made, form, shape);
    assert.equal(listed.gmt_create, time, shape);
  };
  const documented: Form = [
    "17 digits",
    /^qwen-tts-vc-ada_01-voice-20261128101112345-[0-9a-f]{4}$/,
    "2026-11-28 10:11:12",
  ];
  const forms: Form[] = [
    documented,
    ["14 digits", /^qwen-tts-vc-ada_01-voice-20261128101112-[0-9a-f]{4}$/, "2026-11-28T10:11:12.345Z"],
    ["capitals", /^QWEN3-TTS-VC-ADA_01-20261128101112345[0-9a-f]{4}$/, at],
    ["run together", /^vc[0-9a-f]{4}ada_0120261128101112345$/, Math.floor(at / 1000)],
    ["name last", /^v2\.[0-9a-f]{4}\.20261128101112345\.ada_01$/, "2026-11-28 10:11:12.345+00:00"],
    ["without the token", /^voice-20261128101112345-[0-9a-f]{4}$/, "2026-11-28 10:11:12"],
  ];
  for (const form of forms) {
    await client.control("DELETE", "?voices=true");
    assert.equal((await client.control("POST", "/settings", { voice_ids: form[0] })).status, 200);
    await assertForm(form);
  }
  await client.control("DELETE", "?voices=true");
  await assertForm(documented);
});
