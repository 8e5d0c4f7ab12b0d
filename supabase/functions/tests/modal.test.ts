// The fallback provider: a voice is a row, and nobody is asked.
import assert from "node:assert/strict";
import { askForUpload, assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import {
  assertSucceeds,
  enrollmentOf,
  readyToFinalize,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

/** No key either: modal mode must work while what is broken is the provider's configuration. */
const MODAL = { TTS_PROVIDER_MODE: "modal", DASHSCOPE_API_KEY: "", DASHSCOPE_REGION: "nowhere" };

async function startBoth() {
  const ready = await readyToFinalize();
  const modal = await startApi({ keys: ready.keys, clock: createVirtualClock(), environment: MODAL });
  return {
    ready,
    finalizeInModal: (other: Record<string, unknown> = {}) =>
      modal.call("POST", "/clone/finalize", { token: ready.token, body: { ...ready.body, ...other } }),
    async [Symbol.asyncDispose]() {
      await modal[Symbol.asyncDispose]();
      await ready[Symbol.asyncDispose]();
    },
  };
}

Deno.test("a finalize saves a modal voice without asking any provider", async () => {
  await using ready = await readyToFinalize({ environment: MODAL });
  await assertSucceeds(ready, [], { description: "Warm" });
  const saved = await voiceRowOf(ready.voiceId);
  assert(saved);
  const { created_at, provider_metadata, ...row } = saved;
  assert(created_at instanceof Date);
  assert.deepEqual(row, {
    ...{ id: ready.voiceId, user_id: ready.userId, name: DETAILS.name, language: DETAILS.language },
    ...{ reference_object_key: ready.objectKey, reference_transcript: DETAILS.transcript },
    ...{ source: "uploaded", description: "Warm", tts_provider: "modal", provider_voice_id: null },
    ...{ provider_target_model: null, provider_voice_kind: null, provider_region: null },
    ...{ provider_request_id: null, deleted_at: null },
  });
  assert.deepEqual(Object.keys(provider_metadata), ["reference"]);
  assert.equal(await enrollmentOf(ready.voiceId), undefined);
});

Deno.test("it is repeated, refused with other details, and gone once deleted", async () => {
  await using ready = await readyToFinalize({ environment: MODAL });
  await withDashScope([], async () => {
    for (let again = 0; again < 2; again++) assert.equal((await ready.finalize()).status, 200);
    assertError(await ready.finalize({ language: "German" }), 409, "clone_conflict");
    const { token } = ready;
    assert.equal((await ready.api.call("DELETE", `/voices/${ready.voiceId}`, { token })).status, 200);
    assertError(await ready.finalize(), 404, "not_found", "Voice not found.");
  });
});

Deno.test("twenty finalizes at once save one row", async () => {
  await using ready = await readyToFinalize({ environment: MODAL });
  await withDashScope([], async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ready.finalize()));
    for (const { status, body } of answers) {
      assert.deepEqual([status, body], [200, { id: ready.voiceId, name: DETAILS.name }]);
    }
  });
});

Deno.test("a clip that is missing is refused, and an enrollment limit does not matter", async () => {
  await using ready = await readyToFinalize({ environment: { ...MODAL, CLONE_LIMIT_PER_HOUR: "1" } });
  await withDashScope([], async () => {
    const { voice_id } = await askForUpload(ready.api, ready.token);
    assertError(await ready.finalize({ voice_id }), 400, "reference_missing", "Audio file not uploaded.");
    assert.equal((await ready.finalize()).status, 200);
  });
});

Deno.test("a finalize asks Supabase three times in two steps, a replay twice in one", async () => {
  await using ready = await readyToFinalize({ environment: MODAL });
  const { supabaseRequests: seen, asked } = ready.api;
  seen.length = 0;
  assert.equal((await ready.finalize()).status, 200);
  const first = ["GET /storage/v1/object/references/" + ready.objectKey, "POST /rest/v1/rpc/clone_claim"];
  assert.deepEqual(asked().slice(0, 2).sort(), first);
  assert.deepEqual(asked().slice(2), ["POST /rest/v1/rpc/clone_complete"]);
  seen.length = 0;
  assert.equal((await ready.finalize()).status, 200);
  assert.deepEqual(asked().sort(), first);
});

Deno.test("back in qwen mode a modal voice is answered as it stands", async () => {
  await using both = await startBoth();
  const { ready, finalizeInModal } = both;
  await withDashScope([], async () => {
    assert.equal((await finalizeInModal()).status, 200);
    assert.deepEqual((await ready.finalize()).body, { id: ready.voiceId, name: DETAILS.name });
    assertError(await ready.finalize({ name: "Ada" }), 409, "clone_conflict");
  });
  assert.equal((await voiceRowOf(ready.voiceId))?.tts_provider, "modal");
  assert.equal(await enrollmentOf(ready.voiceId), undefined);
});

Deno.test("a qwen voice is answered as it stands in modal mode", async () => {
  await using both = await startBoth();
  const { ready, finalizeInModal } = both;
  await withDashScope([voiceCreated()], async () => {
    assert.equal((await ready.finalize()).status, 200);
    assert.equal((await finalizeInModal()).status, 200);
  });
  assert.equal((await voiceRowOf(ready.voiceId))?.tts_provider, "qwen");
});

Deno.test("it saves over an enrollment whose outcome is unknown, which stays known", async () => {
  await using both = await startBoth();
  const { ready, finalizeInModal } = both;
  await withDashScope([connectionLost(), voiceList(), voiceList(), voiceList()], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout");
    assert.equal((await finalizeInModal({ name: "Ada" })).status, 200);
    const left = await enrollmentOf(ready.voiceId);
    assert.deepEqual([left?.state, left?.unresolved], ["sending", true]);
    assert.deepEqual((await ready.finalize({ name: "Ada" })).body, { id: ready.voiceId, name: "Ada" });
  });
  assert.equal((await voiceRowOf(ready.voiceId))?.tts_provider, "modal");
});

Deno.test("it saves over an enrollment that the provider refused", async () => {
  await using both = await startBoth();
  const { ready, finalizeInModal } = both;
  await withDashScope([providerError(400, "Audio.DecoderError")], async () => {
    assertError(await ready.finalize(), 422, "provider_rejected");
    assert.equal((await finalizeInModal()).status, 200);
    assert.equal((await ready.finalize()).status, 200);
  });
});

Deno.test("it waits for an enrollment under way", async () => {
  await using both = await startBoth();
  const { ready, finalizeInModal } = both;
  await withDashScope([async (call) => {
    assertError(await finalizeInModal(), 409, "clone_in_progress");
    return await voiceCreated()(call);
  }], async () => assert.equal((await ready.finalize()).status, 200));
  assert.equal((await voiceRowOf(ready.voiceId))?.tts_provider, "qwen");
});
