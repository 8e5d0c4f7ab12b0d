import assert from "node:assert/strict";
import { z } from "zod";
import { documentedCodes, documentedStatus } from "./errors.ts";
import { createSimulatorApp } from "./simulator.ts";
import { createInput, createTestClient, refusal, testOptions, voiceOf } from "./test_client.ts";

const start = (options: { now?: () => Date; log?: (line: string) => void } = {}) => {
  const app = createSimulatorApp({ ...testOptions, ...options });
  return { app, client: createTestClient(app) };
};

Deno.test("every documented error can be set by its code and comes with its status", async () => {
  const { app, client } = start();
  for (const code of documentedCodes) {
    const set = await client.control("POST", "/faults", { answer: { kind: "error", code } });
    assert.equal(set.status, 200);
    assert.equal(refusal(await client.create()), `${documentedStatus(code)} ${code}`);
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
  const { client } = start();
  await client.control("POST", "/faults", [
    { answer: { kind: "error", code: "InternalError", status: 503, message: "No luck." } },
    { answer: { kind: "error", code: "Throttling.AllocationQuota", status: 400 } },
    { answer: { kind: "error", code: "Teapot", status: 418 } },
  ]);
  const { status, body } = await client.create();
  assert.deepEqual([status, Object(body).code, Object(body).message], [503, "InternalError", "No luck."]);
  assert.equal(Object((await client.create()).body).message, "Maximum voice storage limit exceeded");
  assert.equal(refusal(await client.create()), "418 Teapot");
  assert.equal(
    (await client.control("POST", "/faults", { answer: { kind: "error", code: "Teapot" } })).status,
    400,
  );
});

Deno.test("a refusal can come with 430, and an error inside a 200", async () => {
  const { app, client } = start();
  for (const code of documentedCodes) {
    await client.control(
      "POST",
      "/faults",
      [430, 200].map((status) => ({
        answer: { kind: "error", code, status },
      })),
    );
    assert.equal(refusal(await client.create()), `430 ${code}`);
    assert.equal(refusal(await client.create()), `200 ${code}`);
  }
  assert.deepEqual(app.voices(), []);
});

Deno.test("a fault meets the next calls of its action, as often as it says, in the order they were set", async () => {
  const { client } = start();
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
  const { client } = start();
  await client.control("POST", "/faults", { answer: { kind: "error", code: "Throttling" } });
  await client.call({}, { authorization: "Bearer sk-other" });
  assert.equal(refusal(await client.list()), "429 Throttling");
});

Deno.test("an error after the call took effect leaves a voice behind", async () => {
  const { app, client } = start();
  app.addFaults({ action: "create", answer: { kind: "error", code: "InternalError", when: "after" } });
  assert.equal(refusal(await client.create()), "500 InternalError");
  assert.equal(app.voices().length, 1);
  assert.deepEqual(app.bill().byPreferredName, { Ada_0123456789: 1 });
});

for (const status of [200, 502]) {
  for (const when of ["before", "after"] as const) {
    Deno.test(`HTML with status ${status}, ${when} the voice is made`, async () => {
      const { app, client } = start();
      app.addFaults({ action: "create", answer: { kind: "html", status, when } });
      const answer = await client.create();
      assert.equal(answer.status, status);
      assert.match(String(answer.body), /^<html>/);
      assert.equal(app.voices().length, when === "after" ? 1 : 0);
    });
  }
}

for (const when of ["before", "after"] as const) {
  Deno.test(`a 2xx without output.voice, ${when} the voice is made`, async () => {
    const { app, client } = start();
    app.addFaults({ action: "create", answer: { kind: "no_voice", when } });
    const { status, body } = await client.create();
    assert.equal(status, 200);
    assert.deepEqual(Object(body).output, {});
    assert.equal(app.voices().length, when === "after" ? 1 : 0);
  });

  Deno.test(`a call held ${when} it takes effect waits for its release`, async () => {
    const { app, client } = start();
    await client.control("POST", "/faults", { action: "create", hold: when });
    const pending = client.create();
    const held = await client.control("GET", "/held?wait_ms=10000");
    assert.equal(held.status, 200);
    assert.deepEqual(held.body, { held: [{ id: 1, action: "create", when }] });
    assert.equal(app.voices().length, when === "after" ? 1 : 0);
    assert.equal((await client.list()).status, 200);
    assert.deepEqual((await client.control("POST", "/release")).body, { released: 1 });
    assert.equal(voiceOf(await pending), app.voices()[0]?.voice);
    assert.deepEqual(app.held(), []);
  });
}

Deno.test("held calls can be released one by one, and a held call can then answer wrongly", async () => {
  const { app, client } = start();
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
  const { client } = start();
  const answer = await client.control("GET", "/held?wait_ms=1");
  assert.deepEqual(answer, { status: 408, body: { held: [] } });
});

for (const when of ["before", "after"] as const) {
  Deno.test(`a delay ${when} the call takes effect`, async () => {
    const { app, client } = start();
    // Far longer than the test may take: it ends by the reset, and never by the clock.
    app.addFaults({ action: "create", delay: { ms: 600_000, when } });
    const pending = assert.rejects(client.create(), { name: "ConnectionCut" });
    await untilDelayed(client);
    await client.control("DELETE", "");
    await pending;
    assert.equal(app.voices().length, when === "after" ? 1 : 0);
    app.addFaults({ action: "create", delay: { ms: 1, when } });
    assert.equal((await client.create()).status, 200);
  });
}

Deno.test("DELETE /control forgets faults, calls and settings, cuts what is held, and keeps the voices", async () => {
  const { app, client } = start();
  await client.create();
  await client.control("POST", "/settings", { voice_limit: 0, rate_limit: { per_minute: 2 } });
  app.addFaults({ hold: "before" }, { times: 9, answer: { kind: "error", code: "Throttling" } });
  const pending = assert.rejects(client.create(), { name: "ConnectionCut" });
  await app.waitForHeld(1, 10_000);
  await client.control("DELETE", "");
  await pending;
  assert.deepEqual((await client.control("GET", "")).body, {
    region: "intl",
    voices: 1,
    calls: 0,
    faults: [],
    held: 0,
    delayed: 0,
  });
  for (let index = 0; index < 5; index++) assert.equal((await client.create()).status, 200);
  await client.control("DELETE", "?voices=true");
  assert.deepEqual(app.voices(), []);
  assert.equal(app.bill().total, 0);
});

Deno.test("the calls are told without the key, with audio data and URL queries shortened", async () => {
  const { client } = start();
  const data = "http://192.0.2.1/storage/v1/object/sign/references/u/v/reference.wav?token=secret";
  await client.create({ audio: { data } });
  await client.create();
  await client.call("not JSON");
  const { calls } = z.object({ calls: z.array(z.record(z.string(), z.unknown())) }).parse(
    (await client.control("GET", "/calls")).body,
  );
  const path = "/api/v1/services/audio/tts/customization";
  const common = { at: "2026-03-04T05:06:07.089Z", method: "POST", path };
  const headers = { "connection": "close", "content-type": "application/json" };
  const body = (shown: string) => ({
    model: "qwen-voice-enrollment",
    input: { ...createInput(), audio: { data: shown } },
  });
  const shownUrl = "http://192.0.2.1/storage/v1/object/sign/references/u/v/reference.wav?…";
  const shownData = `data:audio/wav;base64,… (${createInput().audio.data.length} characters)`;
  assert.deepEqual(calls, [
    { id: 1, ...common, action: "create", headers, body: body(shownUrl), outcome: { status: 400 } },
    { id: 2, ...common, action: "create", headers, body: body(shownData), outcome: { status: 200 } },
    { id: 3, ...common, action: null, headers, body: null, outcome: { status: 400 } },
  ]);
});

Deno.test("the log holds a line a call, without key, transcript, name or URL", async () => {
  const lines: string[] = [];
  const { client } = start({ log: (line) => lines.push(line.replace(/\d+ ms/, "N ms")) });
  await client.create();
  await client.create({ audio: { data: "http://192.0.2.1/clip.wav?token=secret" } });
  await client.call({}, { authorization: "Bearer sk-other" });
  await client.synthesize("nobody");
  assert.deepEqual(lines, [
    "dashscope simulator: create 200 in N ms",
    "dashscope simulator: create 400 in N ms",
    "dashscope simulator: ? 401 in N ms",
    "dashscope simulator: synthesize 400 in N ms",
  ]);
});

Deno.test("voices can be seeded: named alike, by a prefix, at a time; they cost nothing", async () => {
  const { app, client } = start();
  const old = { count: 2, prefix: "old", created_at: "2025-01-02T03:04:05Z" };
  assert.equal((await client.control("POST", "/voices", old)).status, 201);
  const seeded = await client.control("POST", "/voices", {
    preferred_name: "Ada_tok",
    target_model: "m",
    language: "fr",
  });
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
  assert.deepEqual(voices[0], {
    voice: ids[0],
    target_model: "m",
    preferred_name: "Ada_tok",
    language: "fr",
    text_length: 0,
    audio: null,
    created_at: "2026-03-04T05:06:07.089Z",
  });
  assert.equal(app.voices().length, 3);
});

Deno.test("the rate limit is off until set, then holds for a minute and for a second", async () => {
  let time = Date.UTC(2026, 0, 1);
  const { client } = start({ now: () => new Date(time) });
  const statuses = async (count: number) => {
    const answers = [];
    for (let index = 0; index < count; index++) {
      const { status, body } = await client.list();
      answers.push(status === 200 ? "ok" : Object(body).code);
    }
    return answers;
  };
  assert.deepEqual(await statuses(5), ["ok", "ok", "ok", "ok", "ok"]);
  await client.control("POST", "/settings", { rate_limit: {} });
  assert.deepEqual(await statuses(4), ["ok", "ok", "ok", "Throttling.BurstRate"]);
  time += 1_000;
  assert.deepEqual(await statuses(4), ["ok", "ok", "ok", "Throttling.BurstRate"]);
  await client.control("POST", "/settings", { rate_limit: { per_minute: 2, per_second: 9 } });
  assert.deepEqual(await statuses(3), ["ok", "ok", "Throttling.RateQuota"]);
  time += 59_999;
  assert.deepEqual(await statuses(1), ["Throttling.RateQuota"]);
  time += 1;
  assert.deepEqual(await statuses(3), ["ok", "ok", "Throttling.RateQuota"]);
  await client.control("POST", "/settings", { rate_limit: null });
  assert.deepEqual(await statuses(4), ["ok", "ok", "ok", "ok"]);
});

Deno.test("enrollment and synthesis have a rate limit each", async () => {
  const { client } = start();
  await client.control("POST", "/settings", { rate_limit: { per_minute: 1 } });
  assert.equal((await client.list()).status, 200);
  assert.equal(refusal(await client.list()), "429 Throttling.RateQuota");
  assert.equal(refusal(await client.synthesize("nobody")), "400 InvalidParameter");
  assert.equal(refusal(await client.synthesize("nobody")), "429 Throttling.RateQuota");
});

const wrong: [string, string, unknown][] = [
  ["POST", "/faults", { kind: "cut" }],
  ["POST", "/faults", { times: 0 }],
  ["POST", "/faults", { hold: "during" }],
  ["POST", "/faults", { action: "query" }],
  ["POST", "/faults", [{ answer: { kind: "cut", status: 500 } }]],
  ["POST", "/release", { id: "1" }],
  ["POST", "/voices", { prefix: "too_long" }],
  ["POST", "/settings", { rate_limit: 180 }],
];
for (const [method, path, body] of wrong) {
  Deno.test(`${method} /control${path} ${JSON.stringify(body)} is 400 and says what is wrong`, async () => {
    const { client } = start();
    const answer = await client.control(method, path, body);
    assert.equal(answer.status, 400);
    assert.match(Object(answer.body).detail, /\S/);
    assert.deepEqual(Object((await client.control("GET", "")).body).faults, []);
  });
}

/** Asks until one call is being delayed, in a bounded number of turns of the event loop. */
async function untilDelayed(client: ReturnType<typeof createTestClient>): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (Object((await client.control("GET", "")).body).delayed === 1) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
  assert.fail("No call was delayed.");
}

Deno.test("voice ids are built, and their time is told, as is set; a reset brings the documented form back", async () => {
  const at = Date.parse("2026-11-28T10:11:12.345Z");
  const { client } = start({ now: () => new Date(at) });
  const name = "grace_0a1b2c3d4e";
  const madeAndListed = async () => {
    const made = voiceOf(await client.create({ preferred_name: name }));
    const [listed] = Object((await client.list()).body).output.voice_list;
    assert.equal(listed.voice, made);
    return [listed.voice, listed.gmt_create];
  };
  const forms = [
    [
      "14 digits",
      /^qwen-tts-vc-grace_0a1b2c3d4e-voice-20261128101112-[0-9a-f]{4}$/,
      "2026-11-28T10:11:12.345Z",
    ],
    ["capitals", /^QWEN3-TTS-VC-GRACE_0A1B2C3D4E-20261128101112345[0-9a-f]{4}$/, at],
    ["run together", /^vc[0-9a-f]{4}grace_0a1b2c3d4e20261128101112345$/, Math.floor(at / 1000)],
    ["name last", /^v2\.[0-9a-f]{4}\.20261128101112345\.grace_0a1b2c3d4e$/, "2026-11-28 10:11:12.345+00:00"],
    ["without the token", /^voice-20261128101112345-[0-9a-f]{4}$/, "2026-11-28 10:11:12"],
  ] as const;
  const documented = /^qwen-tts-vc-grace_0a1b2c3d4e-voice-20261128101112345-[0-9a-f]{4}$/;
  for (const [shape, form, time] of [["17 digits", documented, "2026-11-28 10:11:12"] as const, ...forms]) {
    await client.control("DELETE", "?voices=true");
    assert.equal((await client.control("POST", "/settings", { voice_ids: shape })).status, 200);
    const [voice, told] = await madeAndListed();
    assert.match(voice, form, shape);
    assert.equal(told, time, shape);
  }
  await client.control("DELETE", "?voices=true");
  assert.match((await madeAndListed())[0], documented);
  assert.equal((await client.control("POST", "/settings", { voice_ids: "backwards" })).status, 400);
});
