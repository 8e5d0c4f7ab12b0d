import assert from "node:assert/strict";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  cutShort,
  html,
  neverAnswers,
  PROVIDER_MESSAGE,
  type ProviderAnswer,
  providerError,
  SERVER_ERRORS,
  voiceCreated,
  voiceList,
} from "../../../tools/testkit/harness/dashscope.ts";
import {
  asked,
  assertSucceeds,
  assertTold,
  assertUnresolved,
  enrollmentOf,
  type Expected,
  LOOK_UP_PAUSES,
  LOOK_UPS,
  ourVoice,
  readyToFinalize,
  TIMEOUT,
  UNAVAILABLE,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

/** Failures of the provider's own, with which a voice may have been made. The code of a 400 and a 200 decides; a 5xx says nothing. */
const CODES = {
  500: [...SERVER_ERRORS, "DataInspectionFailed"],
  503: ["ModelUnavailable", "Audio.SomethingNew", "Throttling"],
  400: ["InternalError"],
  200: ["InternalError"],
};
const failing = (status: number, code: string) => providerError(status, code, PROVIDER_MESSAGE);
const THEIRS: [string, ProviderAnswer][] = [
  ...Object.entries(CODES).flatMap(([status, codes]) =>
    codes.map((code): [string, ProviderAnswer] => [`${status} ${code}`, failing(Number(status), code)])
  ),
  ["502 with an HTML page", html(502)],
  ["504 with an HTML page", html(504)],
];

for (const [what, failed] of THEIRS) {
  Deno.test(`${what}: looked up, created once more, then 502 provider_unavailable, unresolved`, async () => {
    await using ready = await readyToFinalize();
    const twice: Expected[] = [["create", failed], ...LOOK_UPS, ["create", failed], ...LOOK_UPS];
    await asked(twice, () => assertTold(ready, UNAVAILABLE));
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
    ["create", failing(500, "InternalError")],
    ...[["list", look], ["list", look], ["list", look]] satisfies Expected[],
    ["create", voiceCreated()],
  ]);
  assert.deepEqual(seen, Array.from({ length: 3 }, () => ["sending", true, true]));
});

Deno.test("a refusal of the second create does not hide that the first one may still land", async () => {
  await using ready = await readyToFinalize();
  await asked([
    ["create", failing(500, "InternalError")],
    ...LOOK_UPS,
    ["create", failing(400, "Audio.DecoderError")],
  ], async () => assertError(await ready.finalize(), 422, "provider_rejected"));
  const kept = await enrollmentOf(ready.voiceId);
  assert.deepEqual([kept?.state, kept?.unresolved, kept?.details?.name], ["rejected", true, DETAILS.name]);
  await assertSucceeds(ready, [["list", voiceList({ voice: await ourVoice(ready) })]]);
});

const REFUSED_BESIDE_OUTPUT = { code: "Audio.DecoderError", output: { voice: "qwen-tts-vc-grace" } };

const UNKNOWN: [string, ProviderAnswer][] = [
  ["no connection", connectionLost()],
  ["a 200 that breaks off", cutShort(200)],
  ["a 500 that breaks off", cutShort(500)],
  ["a 200 without a voice", voiceCreated({ voice: undefined })],
  ["a 200 with an empty voice", voiceCreated({ voice: "" })],
  ["a 200 without a target model", voiceCreated({ target_model: undefined })],
  ["a 200 without output", () => Response.json({ request_id: "f0e1d2c3-odd" })],
  ["a 200 with an unknown code inside", failing(200, "SomethingNew")],
  [
    "a 200 with a refusal beside an output that names no model",
    () => Response.json({ ...REFUSED_BESIDE_OUTPUT, message: PROVIDER_MESSAGE }),
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
    const listed = voiceList(...others, { voice, target_model });
    await assertSucceeds(ready, [["create", answer], ["list", listed]]);
    const row = await voiceRowOf(ready.voiceId);
    const saved = [row?.provider_voice_id, row?.provider_target_model, row?.provider_request_id];
    assert.deepEqual(saved, [voice, target_model, "f0e1d2c3-list"]);
    const { reference, ...metadata } = row?.provider_metadata ?? {};
    assert(reference);
    const language = { requested: "English", sent: "en", why: "requested" };
    assert.deepEqual(metadata, { recovered: true, language });
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
  const lists: Expected[] = [["list", voiceList()], ["list", voiceList({ voice })]];
  await assertSucceeds(ready, [["create", connectionLost()], ...lists]);
  assert.deepEqual(ready.slept, [2000]);
  assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, voice);
});

Deno.test("a create that is not answered in QWEN_TIMEOUT_MS is given up and looked up: 504 provider_timeout", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock, environment: { QWEN_TIMEOUT_MS: "45000" } });
  const never = neverAnswers(() => clock.expire(45_000));
  await asked([["create", never], ...LOOK_UPS], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout", undefined, { "retry-after": "5" });
  });
  const left = await enrollmentOf(ready.voiceId);
  assert.deepEqual([left?.unresolved, left?.leased], [true, false]);
});

Deno.test("a look-up that is not answered in 15 s is given up: 502 provider_unavailable", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock });
  const never = neverAnswers(() => clock.expire(15_000));
  await asked([["create", connectionLost()], ["list", never]], async () => {
    assertError(await ready.finalize(), 502, "provider_unavailable");
  });
  assert.equal((await enrollmentOf(ready.voiceId))?.unresolved, true);
});

Deno.test("a create leaves 25 s of the request's 120 s for looking up and saving", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock, environment: { QWEN_TIMEOUT_MS: "90000" } });
  // 120 s less the 30 s that the first, throttled create took, less the pause of 1 s, less the 25 s: 64 s.
  const slow = () => {
    clock.advance(30_000);
    return new Response(null, { status: 429 });
  };
  const never = neverAnswers(() => clock.expire(64_000));
  await asked([["create", slow], ["create", never], ...LOOK_UPS], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout");
  });
});

Deno.test("no create is sent when too little of the request's time is left", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock });
  const late = () => {
    clock.advance(95_000);
    return new Response(null, { status: 429 });
  };
  await asked([["create", late]], async () => {
    assertError(await ready.finalize(), 503, "provider_throttled");
  });
  await assertSucceeds(ready, [["create", voiceCreated()]]);
});
