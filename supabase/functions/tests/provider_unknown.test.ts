// What a finalize does when nobody knows whether the provider made the voice.
import assert from "node:assert/strict";
import { DETAILS } from "../../../tools/testkit/harness/clone.ts";
import {
  connectionLost,
  cutShort,
  html,
  type ProviderAnswer,
  providerError,
  voiceCreated,
  voiceList,
} from "../../../tools/testkit/harness/dashscope.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { enrollmentOf, voiceRowOf } from "../../../tools/testkit/harness/ledger.ts";
import {
  asked,
  assertSucceeds,
  assertTold,
  assertUnresolved,
  LOOK_UP_PAUSES,
  LOOK_UPS,
  ourVoice,
  PROVIDER_MESSAGE,
  TIMEOUT,
  UNAVAILABLE,
} from "../../../tools/testkit/harness/provider_outcomes.ts";

const THEIRS: [string, ProviderAnswer][] = [
  ...[
    "InternalError",
    "InternalError.Algo",
    "SystemError",
    "ModelServiceFailed",
    "RequestTimeOut",
    "ModelServingError",
  ].map((code): [string, ProviderAnswer] => [`500 ${code}`, providerError(500, code, PROVIDER_MESSAGE)]),
  ["503 ModelUnavailable", providerError(503, "ModelUnavailable", PROVIDER_MESSAGE)],
  ["400 InternalError (the code decides)", providerError(400, "InternalError", PROVIDER_MESSAGE)],
  [
    "500 Audio.DecoderError (a 5xx tells nothing for certain)",
    providerError(500, "Audio.DecoderError", PROVIDER_MESSAGE),
  ],
  ["503 Audio.SomethingNew", providerError(503, "Audio.SomethingNew", PROVIDER_MESSAGE)],
  ["500 DataInspectionFailed", providerError(500, "DataInspectionFailed", PROVIDER_MESSAGE)],
  ["503 Throttling", providerError(503, "Throttling", PROVIDER_MESSAGE)],
  ["500 InvalidParameter", providerError(500, "InvalidParameter", PROVIDER_MESSAGE)],
  ["a 200 with InternalError inside", providerError(200, "InternalError", PROVIDER_MESSAGE)],
  ["500 with an unknown code", providerError(500, "Whatever", PROVIDER_MESSAGE)],
  ["502 with an HTML page", html(502)],
  ["504 with an HTML page", html(504)],
];

for (const [what, failed] of THEIRS) {
  Deno.test(`${what}: looked up, created once more, then 502 provider_unavailable, unresolved`, async () => {
    await using ready = await readyToFinalize();
    await asked(
      [["create", failed], ...LOOK_UPS, ["create", failed], ...LOOK_UPS],
      () => assertTold(ready, UNAVAILABLE),
    );
    assert.deepEqual(ready.slept, [...LOOK_UP_PAUSES, ...LOOK_UP_PAUSES]);
    await assertUnresolved(ready, 2);
  });
}

Deno.test("after a 5xx the outcome is marked as unknown before the provider is looked through", async () => {
  await using ready = await readyToFinalize();
  const seen: unknown[] = [];
  const look: ProviderAnswer = async (call) => {
    const entry = await enrollmentOf(ready.voiceId);
    seen.push([entry?.state, entry?.unresolved, entry?.leased]);
    return await voiceList()(call);
  };
  await assertSucceeds(ready, [
    ["create", providerError(500, "InternalError", PROVIDER_MESSAGE)],
    ["list", look],
    ["list", look],
    ["list", look],
    ["create", voiceCreated()],
  ]);
  assert.deepEqual(seen, Array.from({ length: 3 }, () => ["sending", true, true]));
});

Deno.test("a refusal of the second create does not hide that the first one may still land", async () => {
  await using ready = await readyToFinalize();
  await asked([
    ["create", providerError(500, "InternalError", PROVIDER_MESSAGE)],
    ...LOOK_UPS,
    ["create", providerError(400, "Audio.DecoderError", PROVIDER_MESSAGE)],
  ], async () => assertError(await ready.finalize(), 422, "provider_rejected"));
  const kept = await enrollmentOf(ready.voiceId);
  assert.deepEqual([kept?.state, kept?.unresolved, kept?.details?.name], ["rejected", true, DETAILS.name]);
  await assertSucceeds(ready, [["list", voiceList({ voice: await ourVoice(ready) })]]);
});

/** Answers after which a voice may exist. */
const UNKNOWN: [string, ProviderAnswer][] = [
  ["no connection", connectionLost()],
  ["a 200 that breaks off", cutShort(200)],
  ["a 500 that breaks off", cutShort(500)],
  ["a 200 without a voice", voiceCreated({ voice: undefined })],
  ["a 200 with an empty voice", voiceCreated({ voice: "" })],
  ["a 200 without a target model", voiceCreated({ target_model: undefined })],
  ["a 200 without output", () => Response.json({ request_id: "f0e1d2c3-odd" })],
  ["a 200 with an unknown code inside", providerError(200, "SomethingNew", PROVIDER_MESSAGE)],
  [
    "a 200 with a refusal beside an output that names no model",
    () =>
      Response.json({
        code: "Audio.DecoderError",
        message: PROVIDER_MESSAGE,
        output: { voice: "qwen-tts-vc-grace" },
      }),
  ],
  ["a 200 with an HTML page", html(200)],
  ["a 204", () => new Response(null, { status: 204 })],
];

for (const [what, answer] of UNKNOWN) {
  Deno.test(`${what}, and the voice is not there: 504 provider_timeout, unresolved, no second create`, async () => {
    await using ready = await readyToFinalize();
    await asked([["create", answer], ...LOOK_UPS], () => assertTold(ready, TIMEOUT));
    assert.deepEqual(ready.slept, LOOK_UP_PAUSES);
    await assertUnresolved(ready);
  });
}

for (const [what, answer] of [...UNKNOWN, ...THEIRS.slice(0, 1)]) {
  Deno.test(`${what}, and the voice is there: 200 with the recovered voice`, async () => {
    await using ready = await readyToFinalize();
    const voice = await ourVoice(ready);
    const others = [
      { voice: "qwen-tts-vc-grace_0000000000-voice-20261122110000000-1a2b" },
      { voice: "other-qwen-tts-vc-grace_1111111111-voice-20261122110000000-1a2b" },
    ];
    const target_model = "qwen3-tts-vc-2025-11-27";
    await assertSucceeds(ready, [["create", answer], [
      "list",
      voiceList(...others, { voice, target_model }),
    ]]);
    const row = await voiceRowOf(ready.voiceId);
    assert.deepEqual(
      [row?.provider_voice_id, row?.provider_target_model, row?.provider_request_id],
      [voice, target_model, "f0e1d2c3-list"],
    );
    const { reference, ...metadata } = row?.provider_metadata ?? {};
    assert(reference);
    assert.deepEqual(metadata, {
      recovered: true,
      language: { requested: "English", sent: "en", why: "requested" },
    });
    assert.equal(ready.api.events("clone.recovered").length, 1);
    const left = await enrollmentOf(ready.voiceId);
    assert.deepEqual([left?.state, left?.unresolved], ["finalized", false]);
  });

  Deno.test(`${what}, and the look-up fails: 502 provider_unavailable, unresolved`, async () => {
    await using ready = await readyToFinalize();
    await asked([["create", answer], ["list", connectionLost()]], () => assertTold(ready, UNAVAILABLE));
    await assertUnresolved(ready);
  });
}

Deno.test("a voice that lands a little late is found after a pause", async () => {
  await using ready = await readyToFinalize();
  const voice = await ourVoice(ready);
  await assertSucceeds(ready, [
    ["create", connectionLost()],
    ["list", voiceList()],
    ["list", voiceList({ voice })],
  ]);
  assert.deepEqual(ready.slept, [2000]);
  assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, voice);
});
