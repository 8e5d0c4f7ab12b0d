// Speaking a text with a cloned voice, through HTTP.
import assert from "node:assert/strict";
import { inspectAudio } from "../_shared/audio/inspect.ts";
import { assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import { signUp, stack, withDatabase } from "../../../tools/testkit/harness/project.ts";
import {
  generationRowOf,
  readyToSpeak,
  type Speaking,
  storedGenerations,
  TEXT,
} from "../../../tools/testkit/harness/speaking.ts";

async function audioOf(speaking: Speaking, generationId: string) {
  const { api, token } = speaking;
  const redirect = await api.call("GET", `/generations/${generationId}/audio`, { token });
  assert.equal(redirect.status, 302, JSON.stringify(redirect.body));
  const response = await fetch(redirect.headers.get("location") ?? "");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "audio/wav");
  return new Uint8Array(await response.arrayBuffer());
}

Deno.test("a text is spoken with a cloned voice, and what is heard is a WAV of plausible length", async () => {
  await using speaking = await readyToSpeak();
  const { api, simulator, userId, voiceId } = speaking;
  const answer = await speaking.generate();
  assert.equal(answer.status, 200);
  const { task_id, generation_id, ...rest } = Object(answer.body);
  assert.deepEqual(rest, { status: "processing", is_long_running: true, estimated_duration_minutes: 1 });
  await api.settled();

  const task = await speaking.task(task_id);
  const { created_at, updated_at, completed_at, ...told } = task;
  assert.deepEqual(told, {
    id: task_id,
    type: "generate",
    status: "completed",
    provider: "qwen",
    provider_status: "succeeded",
    provider_poll_count: 1,
    generation_id,
    voice_id: voiceId,
    result: { audio_url: `${stack.supabase_url}/functions/v1/api/generations/${generation_id}/audio` },
    error: null,
  });
  assert(completed_at !== null && Date.parse(created_at) <= Date.parse(completed_at));
  assert(Date.parse(updated_at) >= Date.parse(completed_at));

  const bytes = await audioOf(speaking, generation_id);
  const { durationSeconds, ...facts } = await inspectAudio({
    sizeBytes: bytes.length,
    firstBytes: bytes,
    readRange: () => Promise.reject(new Error("nothing is left to read")),
  });
  assert.deepEqual(facts, {
    container: "wav",
    contentType: "audio/wav",
    codec: "pcm-s16",
    sampleRate: 24_000,
    channels: 1,
  });
  assert(durationSeconds > 1.5 && durationSeconds < 8, String(durationSeconds));

  const [voice] = simulator.voices();
  assert.deepEqual(speaking.syntheses().map(({ body }) => body), [{
    model: "qwen3-tts-vc-2026-01-22",
    input: { text: TEXT, voice: voice?.voice, language_type: "English" },
  }]);
  const row = await generationRowOf(generation_id);
  assert.deepEqual([row?.text, row?.language, row?.audio_object_key, row?.audio_size_bytes], [
    TEXT,
    "English",
    `${userId}/${generation_id}.wav`,
    bytes.length,
  ]);
  assert(Math.abs((row?.audio_duration_seconds ?? 0) - durationSeconds) < 0.001);
  assert.equal(row?.provider_metadata.characters, TEXT.length);
  assert.deepEqual(await storedGenerations(userId), [`${generation_id}.wav`]);
  assert(!JSON.stringify([api.logged, task]).includes(TEXT.slice(0, 12)), "the text was told");
});

Deno.test("the answer does not wait for the provider, and a client that polls sees the task go on", async () => {
  await using speaking = await readyToSpeak();
  const { simulator, api } = speaking;
  simulator.addFaults({ action: "synthesize", hold: "before" });
  const { task_id } = Object((await speaking.generate()).body);
  assert(await simulator.waitForHeld(1, 20_000));
  const { status, result } = await speaking.task(task_id);
  assert.deepEqual([status, result], ["processing", null]);
  assert(api.keptAlive() > 0);
  simulator.release();
  await api.settled();
  assert.equal((await speaking.task(task_id)).status, "completed");
});

Deno.test("a voice speaks with the model it was made for, whatever is configured", async () => {
  await using speaking = await readyToSpeak({
    environment: { QWEN_VC_TARGET_MODEL: "qwen3-tts-vc-2025-11-27" },
  });
  const { keys, simulator, token, voiceId } = speaking;
  await using newer = await startApi({
    keys,
    environment: { DASHSCOPE_BASE_URL: simulator.url, QWEN_VC_TARGET_MODEL: "qwen3-tts-vc-2026-01-22" },
  });
  const answer = await newer.call("POST", "/generate", { token, body: { voice_id: voiceId, text: TEXT } });
  await newer.settled();
  assert.equal((await speaking.task(Object(answer.body).task_id)).status, "completed");
  assert.deepEqual(speaking.syntheses().map(({ body }) => Object(body).model), ["qwen3-tts-vc-2025-11-27"]);
});

Deno.test("a text may be in another language than the voice's", async () => {
  await using speaking = await readyToSpeak();
  await speaking.spoken({ text: "Guten Abend.", language: "de" });
  await speaking.spoken({ text: "Guten Abend.", language: "auto" });
  await speaking.spoken({ text: "Good evening.", language: null });
  assert.deepEqual(speaking.syntheses().map(({ body }) => Object(body).input.language_type), [
    "German",
    "Auto",
    "English",
  ]);
});

Deno.test("a text that breaks a rule is refused before anything is saved", async () => {
  await using speaking = await readyToSpeak({ environment: { QWEN_MAX_TEXT_CHARS: "20" } });
  const { api, userId } = speaking;
  const refused = async (body: Record<string, unknown>, code: string, detail: string) =>
    assertError(await speaking.generate(body), 400, code, detail);
  await refused(
    { text: "x".repeat(21) },
    "invalid_request",
    "Text cannot exceed 20 characters; this one is 1 too long.",
  );
  await refused(
    { text: "語".repeat(7) },
    "invalid_request",
    "Text cannot exceed 20 characters; this one is 1 too long, counted as the voice provider may count: accented and " +
      "Cyrillic letters as 2, Chinese, Japanese and Korean characters as 3, emoji as 4 or more.",
  );
  await refused({ text: " " }, "invalid_request", "Text is required.");
  await refused({ text: undefined }, "invalid_request", "Text is required.");
  await refused({ voice_id: undefined }, "invalid_request", "voice_id is required.");
  await refused(
    { text: "Good evening.", language: "Dutch" },
    "language_unsupported",
    "This language is not supported. Use one of: Auto, Chinese, English, German, Italian, Portuguese, Spanish, " +
      "Japanese, Korean, French, Russian.",
  );
  const [count] = await withDatabase((sql) =>
    sql`select count(*)::int as count from public.generations where user_id = ${userId}`
  );
  assert.equal(count?.count, 0);
  await speaking.spoken({ text: "🎤".repeat(5) });
  assert.equal(api.events("generation.created").length, 1);
});

Deno.test("a body over 64 KiB is not read", async () => {
  await using speaking = await readyToSpeak();
  assertError(await speaking.generate({ more: "x".repeat(70_000) }), 413, "payload_too_large");
});

Deno.test("cancelling what the provider is at does not make room for more at once", async () => {
  await using speaking = await readyToSpeak();
  const { api, simulator, token } = speaking;
  for (let count = 0; count < 20; count++) {
    simulator.addFaults({ action: "synthesize", hold: "before" });
    const { task_id } = Object((await speaking.generate()).body);
    assert(await simulator.waitForHeld(count + 1, 20_000));
    await api.call("POST", `/tasks/${task_id}/cancel`, { token });
  }
  assertError(await speaking.generate(), 429, "rate_limited");
  simulator.release();
});

for (
  const [character, most] of [["x", 600], ["é", 300], ["я", 300], ["あ", 200], ["語", 200], [
    "한",
    200,
  ]] as const
) {
  Deno.test(`a text of ${character} may have ${most} characters when nothing else is configured`, async () => {
    await using speaking = await readyToSpeak();
    const { task_id } = await speaking.spoken({ text: character.repeat(most) });
    // The provider takes it too.
    assert.equal((await speaking.task(task_id)).status, "completed");
    const answer = await speaking.generate({ text: character.repeat(most + 1) });
    assertError(answer, 400, "invalid_request");
    assert.match(
      Object(answer.body).detail,
      new RegExp(`^Text cannot exceed 600 characters; this one is ${600 / most} too long\\b`),
    );
  });
}

Deno.test("a text is counted as it is sent: trimmed, and composed", async () => {
  await using speaking = await readyToSpeak({ environment: { QWEN_MAX_TEXT_CHARS: "20" } });
  await speaking.spoken({ text: `  ${"e\u0301".repeat(10)}  ` });
  assertError(await speaking.generate({ text: "e\u0301".repeat(11) }), 400, "invalid_request");
});

Deno.test("no voice but the user's own live one speaks", async () => {
  await using speaking = await readyToSpeak();
  const { api, keys, voiceId, token } = speaking;
  const stranger = await keys.sign((await signUp()).id);
  const asked = { voice_id: voiceId, text: TEXT };
  assertError(
    await api.call("POST", "/generate", { token: stranger, body: asked }),
    404,
    "not_found",
    "Voice not found.",
  );
  assertError(await speaking.generate({ voice_id: crypto.randomUUID() }), 404, "not_found");
  assert.equal((await api.call("DELETE", `/voices/${voiceId}`, { token })).status, 200);
  assertError(await speaking.generate(), 404, "not_found");
  assert.deepEqual(speaking.syntheses(), []);
});

Deno.test("a voice that is not ready is told as such, with what to do", async () => {
  await using speaking = await readyToSpeak();
  const { api, keys, simulator, token, userId, voiceId } = speaking;
  const modalId = crypto.randomUUID();
  await withDatabase((sql) =>
    sql`insert into public.voices (id, user_id, name, tts_provider) values (${modalId}, ${userId}, 'Ada', 'modal')`
  );
  assertError(
    await speaking.generate({ voice_id: modalId }),
    409,
    "voice_not_ready",
    "This voice was made with another provider. Clone it again to let it speak.",
  );

  await using elsewhere = await startApi({
    keys,
    environment: { DASHSCOPE_BASE_URL: simulator.url, DASHSCOPE_REGION: "cn" },
  });
  assertError(
    await elsewhere.call("POST", "/generate", { token, body: { voice_id: voiceId, text: TEXT } }),
    409,
    "voice_not_ready",
    "This voice was made in another region. Clone it again to let it speak.",
  );
  await using modal = await startApi({ keys, environment: { TTS_PROVIDER_MODE: "modal" } });
  for (const voice of [voiceId, modalId]) {
    assertError(
      await modal.call("POST", "/generate", { token, body: { voice_id: voice, text: TEXT } }),
      409,
      "voice_not_ready",
      "Speaking is switched off for now. The voice is kept: try again later.",
    );
  }
  const languages = async (at: typeof api) =>
    Object((await at.call("GET", "/languages")).body).capabilities.supports_generate;
  assert.deepEqual([await languages(api), await languages(modal)], [true, false]);
});

Deno.test("a user who has many texts under way waits until some are done", async () => {
  await using speaking = await readyToSpeak();
  const { voiceId, userId } = speaking;
  await withDatabase((sql) =>
    sql`
      with made as (
        insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
        select gen_random_uuid(), ${userId}, ${voiceId}, 'Hello.', 'English', 'qwen', 'any' from generate_series(1, 20)
        returning id
      )
      insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, run_after)
      select gen_random_uuid(), ${userId}, 'generate', 'pending', 'qwen', id, ${voiceId}, now() + interval '1 day'
      from made`
  );
  const answer = await speaking.generate();
  assertError(
    answer,
    429,
    "rate_limited",
    "Too many texts are being spoken for you. Wait until some are done.",
  );
  assert.equal(answer.headers.get("retry-after"), "10");
});

Deno.test("without a token nothing is spoken, read or heard", async () => {
  await using speaking = await readyToSpeak();
  const { api } = speaking;
  const { task_id, generation_id } = await speaking.spoken();
  for (
    const [method, path] of [
      ["POST", "/generate"],
      ["GET", `/tasks/${task_id}`],
      ["POST", `/tasks/${task_id}/cancel`],
      ["GET", `/generations/${generation_id}/audio`],
    ] as const
  ) {
    assertError(await api.call(method, path), 401, "unauthorized");
  }
});

Deno.test("another user's task and audio are not found, as are those that never were", async () => {
  await using speaking = await readyToSpeak();
  const { api, keys, token } = speaking;
  const { task_id, generation_id } = await speaking.spoken();
  const stranger = await keys.sign((await signUp()).id);
  for (const id of [task_id, crypto.randomUUID(), "no-uuid"]) {
    const other = { token: id === task_id ? stranger : token };
    assertError(await api.call("GET", `/tasks/${id}`, other), 404, "not_found", "Task not found.");
    assertError(await api.call("POST", `/tasks/${id}/cancel`, other), 404, "not_found", "Task not found.");
  }
  for (const id of [generation_id, crypto.randomUUID(), "no-uuid"]) {
    const other = { token: id === generation_id ? stranger : token };
    assertError(
      await api.call("GET", `/generations/${id}/audio`, other),
      404,
      "not_found",
      "Generation not found.",
    );
  }
  assert.equal((await speaking.task(task_id)).status, "completed");
});

Deno.test("generate is one request to Supabase before it answers, a task and its audio one and two", async () => {
  await using speaking = await readyToSpeak();
  const { api, simulator, token } = speaking;
  simulator.addFaults({ action: "synthesize", hold: "before" });
  const { task_id, generation_id } = Object((await speaking.generate()).body);
  assert.equal(await simulator.waitForHeld(1, 20_000), true);
  const paths = () => api.supabaseRequests.splice(0).map(({ path }) => path);
  assert.deepEqual(paths(), ["/rest/v1/rpc/generation_create", "/rest/v1/rpc/task_claim"]);
  simulator.release();
  await api.settled();
  assert.deepEqual(paths(), [
    `/storage/v1/object/generations/${speaking.userId}/${generation_id}.wav`,
    "/rest/v1/rpc/task_complete",
  ]);
  await speaking.task(task_id);
  assert.deepEqual(paths(), ["/rest/v1/tasks"]);
  await api.call("GET", `/generations/${generation_id}/audio`, { token });
  assert.equal(paths().length, 2);
});
