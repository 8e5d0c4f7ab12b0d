// Speaking a text with a cloned voice, through HTTP.
import assert from "node:assert/strict";
import { inspectAudio } from "../_shared/audio/inspect.ts";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import { assertFields, query, speakingTest } from "../../../tools/testkit/harness/setups.ts";
import {
  generationRowOf,
  type Speaking,
  storedGenerations,
  TEXT,
} from "../../../tools/testkit/harness/speaking.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";

async function audioOf(speaking: Speaking, generationId: string) {
  const { api, token } = speaking;
  const redirect = await api.call("GET", `/generations/${generationId}/audio`, { token });
  assert.equal(redirect.status, 302, JSON.stringify(redirect.body));
  const response = await fetch(redirect.headers.get("location") ?? "");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "audio/wav");
  return new Uint8Array(await response.arrayBuffer());
}

speakingTest("a text is spoken with a cloned voice and heard as a WAV", {}, async (speaking) => {
  const { api, simulator, userId, voiceId } = speaking;
  const answer = await speaking.generate();
  assert.equal(answer.status, 200);
  const { task_id, generation_id, ...rest } = Object(answer.body);
  assert.deepEqual(rest, { status: "processing", is_long_running: true, estimated_duration_minutes: 1 });
  await api.settled();

  const task = await speaking.task(task_id);
  const { created_at, updated_at, completed_at, ...read } = task;
  assert.deepEqual(read, {
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
  assertFields(row, {
    text: TEXT,
    language: "English",
    audio_object_key: `${userId}/${generation_id}.wav`,
    audio_size_bytes: bytes.length,
  });
  assert(Math.abs((row?.audio_duration_seconds ?? 0) - durationSeconds) < 0.001);
  assert.equal(row?.provider_metadata.characters, TEXT.length);
  assert.deepEqual(await storedGenerations(userId), [`${generation_id}.wav`]);
  assert(!JSON.stringify([api.logged, task]).includes(TEXT.slice(0, 12)), "the text was logged");
});

speakingTest("the answer does not wait for the provider, and the task goes on", {}, async (speaking) => {
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

speakingTest("a voice speaks with the model it was made for, whatever is configured", {
  environment: { QWEN_VC_TARGET_MODEL: "qwen3-tts-vc-2025-11-27" },
}, async (speaking) => {
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

speakingTest("a text may be in another language than the voice's", {}, async (speaking) => {
  await speaking.spoken({ text: "Guten Abend.", language: "de" });
  await speaking.spoken({ text: "Guten Abend.", language: "auto" });
  await speaking.spoken({ text: "Good evening.", language: null });
  const sent = speaking.syntheses().map(({ body }) => Object(body).input.language_type);
  assert.deepEqual(sent, ["German", "Auto", "English"]);
});

speakingTest("a text that breaks a rule is refused, and nothing is saved", {
  environment: { QWEN_MAX_TEXT_CHARS: "20" },
}, async (speaking) => {
  const { api, userId } = speaking;
  const tooLong = "Text cannot exceed 20 characters; this one is 1 too long";
  for (
    const [body, code, detail] of [
      [{ text: "x".repeat(21) }, "invalid_request", `${tooLong}.`],
      [
        { text: "語".repeat(7) },
        "invalid_request",
        `${tooLong}, counted as the voice provider may count: accented and Cyrillic letters as 2, Chinese, Japanese and ` +
        "Korean characters as 3, emoji as 4 or more.",
      ],
      [{ text: " " }, "invalid_request", "Text is required."],
      [{ text: undefined }, "invalid_request", "Text is required."],
      [{ voice_id: undefined }, "invalid_request", "voice_id is required."],
      [
        { text: "Good evening.", language: "Dutch" },
        "language_unsupported",
        "This language is not supported. Use one of: Auto, Chinese, English, German, Italian, Portuguese, Spanish, " +
        "Japanese, Korean, French, Russian.",
      ],
    ] as const
  ) {
    assertError(await speaking.generate(body), 400, code, detail);
  }
  assert.deepEqual(await query`select from public.generations where user_id = ${userId}`, []);
  await speaking.spoken({ text: "🎤".repeat(5) });
  assert.equal(api.events("generation.created").length, 1);
});

speakingTest("a body over 64 KiB is not read", {}, async (speaking) => {
  assertError(await speaking.generate({ more: "x".repeat(70_000) }), 413, "payload_too_large");
});

speakingTest("cancelling what is being spoken does not make room for more", {}, async (speaking) => {
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
  speakingTest(`a text of ${character} may have ${most} characters by default`, {}, async (speaking) => {
    const { task_id } = await speaking.spoken({ text: character.repeat(most) });
    // The provider takes it too.
    assert.equal((await speaking.task(task_id)).status, "completed");
    const answer = await speaking.generate({ text: character.repeat(most + 1) });
    assertError(answer, 400, "invalid_request");
    const tooLong = new RegExp(`^Text cannot exceed 600 characters; this one is ${600 / most} too long\\b`);
    assert.match(Object(answer.body).detail, tooLong);
  });
}

speakingTest("a text is counted as it is sent: trimmed, and composed", {
  environment: { QWEN_MAX_TEXT_CHARS: "20" },
}, async (speaking) => {
  await speaking.spoken({ text: `  ${"e\u0301".repeat(10)}  ` });
  assertError(await speaking.generate({ text: "e\u0301".repeat(11) }), 400, "invalid_request");
});

speakingTest("no voice but the user's own live one speaks", {}, async (speaking) => {
  const { api, keys, voiceId, token } = speaking;
  const stranger = await keys.sign((await signUp()).id);
  const asStranger = { token: stranger, body: { voice_id: voiceId, text: TEXT } };
  assertError(await api.call("POST", "/generate", asStranger), 404, "not_found", "Voice not found.");
  assertError(await speaking.generate({ voice_id: crypto.randomUUID() }), 404, "not_found");
  assert.equal((await api.call("DELETE", `/voices/${voiceId}`, { token })).status, 200);
  assertError(await speaking.generate(), 404, "not_found");
  assert.deepEqual(speaking.syntheses(), []);
});

const OTHER_PROVIDER = "This voice was made with another provider. Clone it again to let it speak.";
const OTHER_REGION = "This voice was made in another region. Clone it again to let it speak.";
const SWITCHED_OFF = "Speaking is switched off for now. The voice is kept: try again later.";

speakingTest("a voice that is not ready is refused, with what to do", {}, async (speaking) => {
  const { api, keys, simulator, token, userId, voiceId } = speaking;
  const modalId = crypto.randomUUID();
  await query`
    insert into public.voices (id, user_id, name, tts_provider) values (${modalId}, ${userId}, 'Ada', 'modal')`;
  await using elsewhere = await startApi({
    keys,
    environment: { DASHSCOPE_BASE_URL: simulator.url, DASHSCOPE_REGION: "cn" },
  });
  await using modal = await startApi({ keys, environment: { TTS_PROVIDER_MODE: "modal" } });
  for (
    const [at, voice_id, detail] of [
      [api, modalId, OTHER_PROVIDER],
      [elsewhere, voiceId, OTHER_REGION],
      [modal, voiceId, SWITCHED_OFF],
      [modal, modalId, SWITCHED_OFF],
    ] as const
  ) {
    const answer = await at.call("POST", "/generate", { token, body: { voice_id, text: TEXT } });
    assertError(answer, 409, "voice_not_ready", detail);
  }
  for (const [at, supports] of [[api, true], [modal, false]] as const) {
    const languages = await at.call("GET", "/languages");
    assert.equal(Object(languages.body).capabilities.supports_generate, supports);
  }
});

speakingTest("a user who has many texts under way waits until some are done", {}, async (speaking) => {
  const { voiceId, userId } = speaking;
  await query`
    with made as (
      insert into public.generations (id, user_id, voice_id, text, language, tts_provider, provider_target_model)
      select gen_random_uuid(), ${userId}, ${voiceId}, 'Hello.', 'English', 'qwen', 'any' from generate_series(1, 20)
      returning id
    )
    insert into public.tasks (id, user_id, type, status, provider, generation_id, voice_id, run_after)
    select gen_random_uuid(), ${userId}, 'generate', 'pending', 'qwen', id, ${voiceId}, now() + interval '1 day'
    from made`;
  const answer = await speaking.generate();
  const detail = "Too many texts are being spoken for you. Wait until some are done.";
  assertError(answer, 429, "rate_limited", detail);
  assert.equal(answer.headers.get("retry-after"), "10");
});

speakingTest("without a token nothing is spoken, read or heard", {}, async (speaking) => {
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

speakingTest("another user's task and audio are not found, nor what never was", {}, async (speaking) => {
  const { api, keys, token } = speaking;
  const { task_id, generation_id } = await speaking.spoken();
  const stranger = await keys.sign((await signUp()).id);
  for (
    const [method, own, path, detail] of [
      ["GET", task_id, (id: string) => `/tasks/${id}`, "Task not found."],
      ["POST", task_id, (id: string) => `/tasks/${id}/cancel`, "Task not found."],
      ["GET", generation_id, (id: string) => `/generations/${id}/audio`, "Generation not found."],
    ] as const
  ) {
    for (const id of [own, crypto.randomUUID(), "no-uuid"]) {
      const other = { token: id === own ? stranger : token };
      assertError(await api.call(method, path(id), other), 404, "not_found", detail);
    }
  }
  assert.equal((await speaking.task(task_id)).status, "completed");
});

speakingTest("how often generate, a task and its audio ask Supabase", {}, async (speaking) => {
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
