import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { z } from "zod";
import { listVoices } from "../_shared/contract/list_voices.ts";
import {
  askForUpload,
  assertError,
  PROVIDER_KEY,
  startApi,
  upload,
} from "../../../tools/testkit/harness/api.ts";
import { voiceCreated, withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { createSigningKeys, signUp, stack } from "../../../tools/testkit/harness/project.ts";
import { DETAILS, speechClip } from "../../../tools/testkit/harness/reference.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { enrollmentToken } from "../_shared/tts/token.ts";

const keys = await createSigningKeys();
const user = await signUp();
const referenceMetadata = z.looseObject({
  reference: z.looseObject({ size: z.number(), content_type: z.string(), etag: z.string() }),
});
const token = await keys.sign(user.id);

Deno.test("a finalize creates the voice at the provider and saves it ready for synthesis", async () => {
  await using api = await startApi({ keys });
  const { body, objectKey } = await upload(api, token);
  const started = Date.now();
  await withDashScope([voiceCreated()], async (calls) => {
    const answer = await api.call("POST", "/clone/finalize", { token, body });
    assert.deepEqual(
      [answer.status, answer.body],
      [200, { id: body.voice_id, name: DETAILS.name }],
      api.logged.join("\n"),
    );

    const [create] = calls;
    assert(create);
    assert.equal(create.headers.authorization, `Bearer ${PROVIDER_KEY}`);
    assert.equal(create.headers["content-type"], "application/json");
    const name = `grace_${await enrollmentToken(user.id, body.voice_id)}`;
    const { audio, ...input } = create.body.input;
    assert.deepEqual({ ...create.body, input }, {
      model: "qwen-voice-enrollment",
      input: {
        action: "create",
        target_model: "qwen3-tts-vc-2026-01-22",
        preferred_name: name,
        text: DETAILS.transcript,
        language: "en",
      },
    });
    const signed = new URL(audio?.data ?? "");
    assert.equal(signed.origin, stack.supabase_url);
    assert.equal(signed.pathname, `/storage/v1/object/sign/references/${objectKey}`);
    const clip = await speechClip();
    assert(Buffer.from(await (await fetch(signed)).arrayBuffer()).equals(clip));

    const list = await api.call("GET", "/voices", { token });
    const [row] = listVoices.answer.schema().parse(list.body).voices;
    assert(row);
    const { created_at, provider_metadata, ...rest } = row;
    assert.deepEqual(rest, {
      id: body.voice_id,
      name: DETAILS.name,
      language: "English",
      source: "uploaded",
      description: null,
      reference_transcript: DETAILS.transcript,
      tts_provider: "qwen",
      provider_voice_id: `qwen-tts-vc-${name}-voice-20261122120000000-1a2b`,
      provider_target_model: "qwen3-tts-vc-2026-01-22",
      provider_voice_kind: "vc",
      provider_region: "intl",
      provider_request_id: "f0e1d2c3-create",
    });
    assert(Date.parse(String(created_at)) >= started - 5000);
    const { reference, ...metadata } = referenceMetadata.parse(provider_metadata);
    assert.deepEqual(metadata, {
      usage: { count: 1 },
      fallback_mode: false,
      fallback_reason: null,
      language: { requested: "English", sent: "en", why: "requested" },
    });
    const { etag, ...learnt } = reference;
    assert.match(String(etag), /^".+"$/);
    assert.deepEqual(learnt, {
      size: clip.byteLength,
      content_type: "audio/wav",
      codec: "pcm-s16",
      duration_seconds: 12.804167,
      sample_rate: 24_000,
      channels: 1,
    });
  });
});

Deno.test("a repeated finalize gives the same answer without asking the provider again", async () => {
  await using api = await startApi({ keys });
  const { body } = await upload(api, token);
  await withDashScope([voiceCreated()], async () => {
    const first = await api.call("POST", "/clone/finalize", { token, body });
    assert.equal(first.status, 200);
    for (
      const again of [body, { ...body, name: `  ${body.name}\n` }, { ...body, language: "EN" }, {
        ...body,
        language: "en-US",
      }, {
        ...body,
        description: "",
      }]
    ) {
      const answer = await api.call("POST", "/clone/finalize", { token, body: again });
      assert.deepEqual([answer.status, answer.body], [200, first.body]);
    }
  });
});

Deno.test("the same voice_id with other details is a conflict", async () => {
  await using api = await startApi({ keys });
  const { body } = await upload(api, token);
  await withDashScope([voiceCreated()], async () => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    for (
      const other of [
        { ...body, name: "Ada" },
        { ...body, language: "German" },
        { ...body, transcript: "Something else." },
        { ...body, description: "A warm voice" },
      ]
    ) {
      const answer = await api.call("POST", "/clone/finalize", { token, body: other });
      assertError(
        answer,
        409,
        "clone_conflict",
        "This voice_id was already used with other details. Ask for a new upload URL.",
      );
    }
  });
});

Deno.test("the description and the language are kept", async () => {
  await using api = await startApi({ keys });
  const { body } = await upload(api, token);
  await withDashScope([voiceCreated()], async (calls) => {
    const asked = { ...body, language: "de", description: " A warm voice " };
    assert.equal((await api.call("POST", "/clone/finalize", { token, body: asked })).status, 200);
    assert.equal(calls[0]?.body.input.language, "de");
    const list = listVoices.answer.schema().parse((await api.call("GET", "/voices", { token })).body);
    const row = list.voices.find((voice) => voice.id === body.voice_id);
    assert.deepEqual([row?.language, row?.description], ["German", "A warm voice"]);
  });
});

Deno.test("for Auto the transcript's language is sent, and none when the transcript does not tell", async () => {
  await using api = await startApi({ keys });
  const enrolled = async (transcript: string) => {
    const { body } = await upload(api, token);
    let sent: unknown;
    await withDashScope([voiceCreated()], async (calls) => {
      const asked = { ...body, language: "auto", transcript };
      assert.equal((await api.call("POST", "/clone/finalize", { token, body: asked })).status, 200);
      sent = calls[0]?.body.input.language;
      assert.equal("language" in (calls[0]?.body.input ?? {}), sent !== undefined);
    });
    const list = listVoices.answer.schema().parse((await api.call("GET", "/voices", { token })).body);
    const row = list.voices.find((voice) => voice.id === body.voice_id);
    assert.equal(row?.language, "Auto");
    return { sent, kept: row?.provider_metadata.language };
  };
  assert.deepEqual(await enrolled(DETAILS.transcript), {
    sent: "en",
    kept: { requested: "Auto", sent: "en", why: "detected" },
  });
  assert.deepEqual(await enrolled("12345 67"), {
    sent: undefined,
    kept: { requested: "Auto", sent: null, why: "not_sure" },
  });
});

Deno.test("a degraded enrollment is kept as the provider told it", async () => {
  await using api = await startApi({ keys });
  const { body } = await upload(api, token);
  const degraded = { fallback_mode: true, fallback_reason: "no_valid_asr_segments" };
  await withDashScope([voiceCreated(degraded)], async () => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    const list = listVoices.answer.schema().parse((await api.call("GET", "/voices", { token })).body);
    const row = list.voices.find((voice) => voice.id === body.voice_id);
    assert.equal(row?.provider_metadata.fallback_mode, true);
    assert.equal(row?.provider_metadata.fallback_reason, "no_valid_asr_segments");
  });
});

Deno.test("twenty finalizes of one voice at once make one provider call", async () => {
  await using api = await startApi({ keys, clock: createVirtualClock() });
  const { body } = await upload(api, token);
  let release = () => {};
  const held = new Promise<void>((resolve) => release = resolve);
  await withDashScope([async (call) => {
    await held;
    return await voiceCreated()(call);
  }], async (calls) => {
    // The create is held until all the others are answered: whoever wants a second one would send it meanwhile.
    let answered = 0;
    const all = Array.from({ length: 20 }, async () => {
      const answer = await api.call("POST", "/clone/finalize", { token, body });
      if (++answered === 19) release();
      return answer;
    });
    const answers = await Promise.all(all);
    assert.equal(calls.length, 1);
    for (const answer of answers) {
      if (answer.status === 200) assert.deepEqual(answer.body, { id: body.voice_id, name: body.name });
      else assertError(answer, 409, "clone_in_progress");
    }
    assert(answers.some((answer) => answer.status === 200));
  });
});

Deno.test("finalize asks Supabase five times, in three steps, and a replay twice in one", async () => {
  await using api = await startApi({ keys });
  const { body, objectKey } = await upload(api, token);
  await withDashScope([voiceCreated()], async () => {
    api.supabaseRequests.length = 0;
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    const steps = [[0, 2], [2, 4], [4, 5]].map(([from, to]) =>
      api.supabaseRequests.slice(from, to).map(({ method, path }) => `${method} ${path}`).sort()
    );
    assert.deepEqual(steps, [
      [`GET /storage/v1/object/references/${objectKey}`, "POST /rest/v1/rpc/clone_claim"],
      ["POST /rest/v1/rpc/clone_sending", `POST /storage/v1/object/sign/references/${objectKey}`],
      ["POST /rest/v1/rpc/clone_complete"],
    ]);
    assert.equal(api.supabaseRequests.length, 5);

    api.supabaseRequests.length = 0;
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    assert.equal(api.supabaseRequests.length, 2);
  });
});

Deno.test("another user's voice answers 404, another user's upload as if there were none", async () => {
  await using api = await startApi({ keys });
  const stranger = await keys.sign((await signUp()).id);
  const finished = await upload(api, token);
  const pending = await upload(api, token);
  await withDashScope([voiceCreated(), voiceCreated()], async () => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body: finished.body })).status, 200);
    assertError(
      await api.call("POST", "/clone/finalize", { token: stranger, body: finished.body }),
      404,
      "not_found",
      "Voice not found.",
    );
    assertError(
      await api.call("POST", "/clone/finalize", { token: stranger, body: pending.body }),
      400,
      "reference_missing",
    );
    assert.equal((await api.call("POST", "/clone/finalize", { token, body: pending.body })).status, 200);
  });
});

Deno.test("a finalize of a deleted voice answers 404 and creates nothing", async () => {
  await using api = await startApi({ keys });
  const { body } = await upload(api, token);
  await withDashScope([voiceCreated()], async () => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
    assert.equal((await api.call("DELETE", `/voices/${body.voice_id}`, { token })).status, 200);
    assertError(
      await api.call("POST", "/clone/finalize", { token, body }),
      404,
      "not_found",
      "Voice not found.",
    );
  });
});

Deno.test("a user may cause so many creates an hour; refused clips and replays do not count", async () => {
  await using api = await startApi({ keys, environment: { CLONE_LIMIT_PER_HOUR: "2" } });
  const limited = await keys.sign((await signUp()).id);
  await withDashScope([voiceCreated(), voiceCreated()], async () => {
    const missing = await askForUpload(api, limited);
    for (let count = 0; count < 3; count++) {
      const body = { voice_id: missing.voice_id, ...DETAILS };
      assertError(
        await api.call("POST", "/clone/finalize", { token: limited, body }),
        400,
        "reference_missing",
      );
    }
    for (let count = 0; count < 2; count++) {
      const { body } = await upload(api, limited);
      assert.equal((await api.call("POST", "/clone/finalize", { token: limited, body })).status, 200);
      assert.equal((await api.call("POST", "/clone/finalize", { token: limited, body })).status, 200);
    }
    const { body } = await upload(api, limited);
    const answer = await api.call("POST", "/clone/finalize", { token: limited, body });
    assertError(answer, 429, "rate_limited");
    const retryAfter = Number(answer.headers.get("retry-after"));
    assert(retryAfter > 3500 && retryAfter <= 3600, `Retry-After: ${retryAfter}`);
  });
});
