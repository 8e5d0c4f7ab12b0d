import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { z } from "zod";
import { listVoices } from "../_shared/contract/list_voices.ts";
import { PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";
import { DETAILS, speechClip } from "../../../tools/testkit/harness/reference.ts";
import { upload } from "../../../tools/testkit/harness/api.ts";
import { voiceCreated, withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import type { Ready } from "../../../tools/testkit/harness/finalizing.ts";
import { finalizes, finalizeTest } from "../../../tools/testkit/harness/setups.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";
import { enrollmentToken } from "../_shared/tts/token.ts";

const referenceMetadata = z.looseObject({
  reference: z.looseObject({ size: z.number(), content_type: z.string(), etag: z.string() }),
});

/** The voice as its user's list shows it. */
async function listedVoice({ api, token, voiceId }: Ready) {
  const { voices } = listVoices.answer.schema().parse((await api.call("GET", "/voices", { token })).body);
  const row = voices.find(({ id }) => id === voiceId);
  assert(row);
  return row;
}

finalizeTest("a finalize creates the voice and saves it ready for synthesis", {}, async (ready) => {
  const started = Date.now();
  const answer = await finalizes(ready, [voiceCreated()]);
  assert.deepEqual(answer.body, { id: ready.voiceId, name: DETAILS.name });

  const [create] = answer.calls;
  assert(create);
  assert.equal(create.headers.authorization, `Bearer ${PROVIDER_KEY}`);
  assert.equal(create.headers["content-type"], "application/json");
  const name = `grace_${await enrollmentToken(ready.userId, ready.voiceId)}`;
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
  assert.equal(signed.pathname, `/storage/v1/object/sign/references/${ready.objectKey}`);
  const clip = await speechClip();
  assert(Buffer.from(await (await fetch(signed)).arrayBuffer()).equals(clip));

  const { created_at, provider_metadata, ...rest } = await listedVoice(ready);
  assert.deepEqual(rest, {
    id: ready.voiceId,
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

finalizeTest("a repeated finalize answers the same, and other details a conflict", {}, async (ready) => {
  const first = await finalizes(ready, [voiceCreated()]);
  const same = [
    {},
    { name: `  ${DETAILS.name}\n` },
    { language: "EN" },
    { language: "en-US" },
    { description: "" },
  ];
  for (const again of same) assert.deepEqual((await finalizes(ready, [], again)).body, first.body);
  const others = [
    { name: "Ada" },
    { language: "German" },
    { transcript: "Something else." },
    { description: "A warm voice" },
  ];
  await withDashScope([], async () => {
    for (const other of others) {
      assertError(
        await ready.finalize(other),
        409,
        "clone_conflict",
        "This voice_id was already used with other details. Ask for a new upload URL.",
      );
    }
  });
});

finalizeTest("the description and the language are kept", {}, async (ready) => {
  const asked = { language: "de", description: " A warm voice " };
  const { calls } = await finalizes(ready, [voiceCreated()], asked);
  assert.equal(calls[0]?.body.input.language, "de");
  const row = await listedVoice(ready);
  assert.deepEqual([row.language, row.description], ["German", "A warm voice"]);
});

for (
  const { what, transcript, sent, why } of [
    { what: "that the transcript is in", transcript: DETAILS.transcript, sent: "en", why: "detected" },
    {
      what: "of none when the transcript does not show it",
      transcript: "12345 67",
      sent: null,
      why: "not_sure",
    },
  ]
) {
  finalizeTest(`for Auto the code of the language is sent ${what}`, {}, async (ready) => {
    const { calls } = await finalizes(ready, [voiceCreated()], { language: "auto", transcript });
    const { input } = calls[0]?.body ?? {};
    assert.deepEqual([input?.language ?? null, "language" in (input ?? {})], [sent, sent !== null]);
    const row = await listedVoice(ready);
    assert.equal(row.language, "Auto");
    assert.deepEqual(row.provider_metadata.language, { requested: "Auto", sent, why });
  });
}

finalizeTest("a degraded enrollment is kept as the provider describes it", {}, async (ready) => {
  const degraded = { fallback_mode: true, fallback_reason: "no_valid_asr_segments" };
  await finalizes(ready, [voiceCreated(degraded)]);
  const { fallback_mode, fallback_reason } = (await listedVoice(ready)).provider_metadata;
  assert.deepEqual({ fallback_mode, fallback_reason }, degraded);
});

finalizeTest("twenty finalizes of one voice at once make one provider call", {}, async (ready) => {
  const held = Promise.withResolvers<void>();
  await withDashScope([async (call) => {
    await held.promise;
    return await voiceCreated()(call);
  }], async (calls) => {
    // The create is held until all the others are answered: whoever wants a second one would send it meanwhile.
    let answered = 0;
    const answers = await Promise.all(Array.from({ length: 20 }, async () => {
      const answer = await ready.finalize();
      if (++answered === 19) held.resolve();
      return answer;
    }));
    assert.equal(calls.length, 1);
    for (const answer of answers) {
      if (answer.status === 200) assert.deepEqual(answer.body, { id: ready.voiceId, name: DETAILS.name });
      else assertError(answer, 409, "clone_in_progress");
    }
    assert(answers.some((answer) => answer.status === 200));
  });
});

finalizeTest("finalize asks Supabase five times in three steps, a replay twice in one", {}, async (ready) => {
  const { supabaseRequests } = ready.api;
  supabaseRequests.length = 0;
  await finalizes(ready, [voiceCreated()]);
  const steps = [[0, 2], [2, 4], [4, 5]].map(([from, to]) =>
    supabaseRequests.slice(from, to).map(({ method, path }) => `${method} ${path}`).sort()
  );
  assert.deepEqual(steps, [
    [`GET /storage/v1/object/references/${ready.objectKey}`, "POST /rest/v1/rpc/clone_claim"],
    ["POST /rest/v1/rpc/clone_sending", `POST /storage/v1/object/sign/references/${ready.objectKey}`],
    ["POST /rest/v1/rpc/clone_complete"],
  ]);
  assert.equal(supabaseRequests.length, 5);

  supabaseRequests.length = 0;
  await finalizes(ready, []);
  assert.equal(supabaseRequests.length, 2);
});

finalizeTest("another user's voice and a deleted one are not found", {}, async (ready) => {
  const { api, token, body: finished } = ready;
  const stranger = await ready.keys.sign((await signUp()).id);
  const { body: pending } = await upload(api, token);
  await finalizes(ready, [voiceCreated()]);
  await withDashScope([voiceCreated()], async () => {
    const asStranger = (body: unknown) => api.call("POST", "/clone/finalize", { token: stranger, body });
    assertError(await asStranger(finished), 404, "not_found", "Voice not found.");
    assertError(await asStranger(pending), 400, "reference_missing");
    assert.equal((await ready.finalize(pending)).status, 200);
    assert.equal((await api.call("DELETE", `/voices/${ready.voiceId}`, { token })).status, 200);
    assertError(await ready.finalize(), 404, "not_found", "Voice not found.");
  });
});
