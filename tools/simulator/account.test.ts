import assert from "node:assert/strict";
import { createSimulatorApp } from "./simulator.ts";
import { createTestClient, dataUrl, refusal, testOptions, voiceOf } from "./test_client.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

Deno.test("list pages through the voices, newest first, with times that carry no zone", async () => {
  let second = 10;
  const now = () => new Date(Date.UTC(2026, 2, 4, 5, 6, second++));
  const app = createSimulatorApp({ ...testOptions, now });
  const client = createTestClient(app);
  const made: string[] = [];
  for (let index = 0; index < 12; index++) {
    made.push(voiceOf(await client.create({ preferred_name: `n${index}` })));
  }
  const newestFirst = made.toReversed();

  const voicesOf = async (fields: Record<string, unknown>) => {
    const { status, body } = await client.list(fields);
    assert.equal(status, 200);
    return Object(body).output.voice_list.map((entry: { voice: string }) => entry.voice);
  };
  assert.deepEqual(await voicesOf({}), newestFirst.slice(0, 10));
  assert.deepEqual(await voicesOf({ page_index: 1, page_size: 10 }), newestFirst.slice(10));
  assert.deepEqual(await voicesOf({ page_index: 2, page_size: 5 }), newestFirst.slice(10));
  assert.deepEqual(await voicesOf({ page_index: 3, page_size: 5 }), []);
  assert.deepEqual(await voicesOf({ page_index: 0, page_size: 0 }), []);
  assert.deepEqual(await voicesOf({ page_index: 0, page_size: 1_000_000 }), newestFirst);

  const { request_id: requestId, ...answer } = Object(
    (await client.list({ page_index: 0, page_size: 1 })).body,
  );
  assert.match(requestId, uuid);
  const gmtCreate = app.voices()[0]?.createdAt.replace("T", " ").slice(0, 19);
  assert.match(gmtCreate ?? "", /^2026-03-04 05:06:\d\d$/);
  assert.deepEqual(answer, {
    output: {
      page_index: 0,
      page_size: 1,
      total_count: 12,
      voice_list: [{
        voice: newestFirst[0],
        target_model: "qwen3-tts-vc-2026-01-22",
        language: "en",
        gmt_create: gmtCreate,
        gmt_modified: gmtCreate,
      }],
    },
    usage: { count: 0 },
  });
});

Deno.test("list refuses numbers outside 0 … 1,000,000", async () => {
  const client = createTestClient(createSimulatorApp(testOptions));
  for (const value of [-1, 1_000_001, 1.5, "1", null]) {
    assert.equal(
      refusal(await client.list({ page_index: value })),
      "400 InvalidParameter",
      `page_index ${value}`,
    );
    assert.equal(
      refusal(await client.list({ page_size: value })),
      "400 InvalidParameter",
      `page_size ${value}`,
    );
  }
});

Deno.test("delete removes a voice once; the second time it is not found", async () => {
  const app = createSimulatorApp(testOptions);
  const client = createTestClient(app);
  const voice = voiceOf(await client.create());
  const kept = voiceOf(await client.create());
  const { status, body } = await client.delete(voice);
  const { request_id: requestId, ...rest } = Object(body);
  assert.match(requestId, uuid);
  assert.deepEqual({ status, ...rest }, { status: 200, output: { voice }, usage: { count: 0 } });
  assert.deepEqual(app.voices().map((one) => one.voice), [kept]);
  assert.equal(app.bill().total, 2);
  assert.equal(refusal(await client.delete(voice)), "400 BadRequest.VoiceNotFound");
  assert.equal(refusal(await client.delete(undefined)), "400 InvalidParameter");
});

Deno.test("the account holds 1,000 voices; creation fails beyond and works again after a delete", async () => {
  const app = createSimulatorApp(testOptions);
  const client = createTestClient(app);
  await client.control("POST", "/voices", { count: 999 });
  const voice = voiceOf(await client.create());
  const full = await client.create();
  assert.equal(refusal(full), "400 Throttling.AllocationQuota");
  assert.equal(Object(full.body).message, "Maximum voice storage limit exceeded");
  assert.equal(app.voices().length, 1_000);
  assert.equal(app.bill().total, 1);
  await client.delete(voice);
  assert.equal((await client.create()).status, 200);
});

Deno.test("a full account is told before the audio is looked at", async () => {
  const client = createTestClient(createSimulatorApp({ ...testOptions, voiceLimit: 0 }));
  const data = dataUrl("audio/wav", new Uint8Array(9));
  assert.equal(refusal(await client.create({ audio: { data } })), "400 Throttling.AllocationQuota");
});

Deno.test("creations at the same moment cannot pass the limit together", async () => {
  const app = createSimulatorApp({ ...testOptions, voiceLimit: 3 });
  const client = createTestClient(app);
  const answers = await Promise.all(Array.from({ length: 8 }, () => client.create()));
  assert.equal(answers.filter(({ status }) => status === 200).length, 3);
  assert.equal(app.voices().length, 3);
});
