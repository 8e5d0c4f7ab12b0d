// What the caller is told when the provider made no voice, what the ledger keeps, and what the next finalize does.
import assert from "node:assert/strict";
import { DETAILS } from "../../../tools/testkit/harness/clone.ts";
import {
  cutShort,
  html,
  type ProviderAnswer,
  providerError,
  voiceCreated,
} from "../../../tools/testkit/harness/dashscope.ts";
import { readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { countedSendings, enrollmentOf, voiceRowOf } from "../../../tools/testkit/harness/ledger.ts";
import {
  asked,
  assertReleased,
  assertSucceeds,
  assertTold,
  MISCONFIGURED,
  ourVoice,
  PROVIDER_MESSAGE,
  THROTTLED,
  type Told,
  UNAVAILABLE,
  VOICE_LIMIT,
} from "../../../tools/testkit/harness/provider_outcomes.ts";

const UNFIT =
  "The audio could not be used. Record 10 to 20 seconds of one clear voice, without music or noise, reading exactly the transcript.";

const SILENT =
  "The audio is silent, or nearly so. Check the microphone, and record 10 to 20 seconds of speech.";
const LARGE = "The audio file is too large. Upload a recording under 10 MB.";
const CONTENT = "The audio or its transcript was refused by a content check.";

const REFUSALS: [string, string][] = [
  ["Audio.PreprocessError", UNFIT],
  ["Audio.DecoderError", "The audio could not be decoded. Upload a WAV, MP3 or M4A recording."],
  ["Audio.AudioRateError", "The audio's sample rate is too low. Record at 24 kHz or more."],
  ["Audio.DurationLimitError", "The audio's length is not accepted. Record 10 to 20 seconds, at most 60."],
  ["Audio.AudioSilentError", SILENT],
  [
    "Audio.AudioShortError",
    "The audio holds too little speech. Record 10 to 20 seconds, speaking without long pauses.",
  ],
  ["Audio.FileSizeExceed", LARGE],
  [
    "BadRequest.UnsupportedFileFormat",
    "The audio's format is not supported. Upload a WAV, MP3 or M4A recording.",
  ],
  ["DataInspectionFailed", CONTENT],
  ["CustomRoleBlocked", CONTENT],
  ["Audio.SomethingNew", UNFIT],
];

for (const [code, detail] of REFUSALS) {
  Deno.test(`400 ${code}: 422 provider_rejected, kept, and only other details are sent again`, async () => {
    await using ready = await readyToFinalize();
    const told = { status: 422, code: "provider_rejected", detail, retryAfter: null };
    await asked([["create", providerError(400, code, PROVIDER_MESSAGE)]], () => assertTold(ready, told));

    const kept = await enrollmentOf(ready.voiceId);
    assert.deepEqual([kept?.state, kept?.unresolved, kept?.details], ["rejected", false, null]);
    assert.deepEqual(kept?.error, {
      category: "rejected",
      provider_code: code,
      request_id: "f0e1d2c3-error",
      refusal: detail,
    });
    assert.deepEqual(await countedSendings(ready.userId), { creates: 1, possible: 0 });
    assert.equal(ready.api.events("clone.rejected").length, 1);

    await asked([], () => assertTold(ready, told));
    await asked([["create", voiceCreated()]], async () => {
      const answer = await ready.finalize({ transcript: "Other words." });
      assert.deepEqual([answer.status, answer.body], [200, { id: ready.voiceId, name: DETAILS.name }]);
    });
  });
}

const rejected = (detail: string): Told => ({
  status: 422,
  code: "provider_rejected",
  detail,
  retryAfter: null,
});

/** Refusals of other statuses, in other letter case, and with 200; told, and written in the ledger, by their documented code. */
const REFUSED_OTHERWISE: [status: number, code: string, detail: string, kept?: string][] = [
  [430, "Audio.AudioSilentError", SILENT],
  [430, "Audio.FileSizeExceed", LARGE],
  [430, "Audio.DecoderError", "The audio could not be decoded. Upload a WAV, MP3 or M4A recording."],
  [430, "Audio.SomethingNew", UNFIT],
  [430, "CustomRoleBlocked", CONTENT],
  [
    415,
    "BadRequest.UnsupportedFileFormat",
    "The audio's format is not supported. Upload a WAV, MP3 or M4A recording.",
  ],
  [429, "Audio.SomethingNew", UNFIT],
  [400, "audio.audiosilenterror", SILENT, "Audio.AudioSilentError"],
  [400, "AUDIO.SomethingNew", UNFIT],
  [400, "customRoleBlocked", CONTENT, "CustomRoleBlocked"],
  [200, "Audio.AudioSilentError", SILENT],
  [200, "Audio.SomethingNew", UNFIT],
  [200, "CustomRoleBlocked", CONTENT],
  [200, "DataInspectionFailed", CONTENT],
];

for (const [status, code, detail, kept = code] of REFUSED_OTHERWISE) {
  Deno.test(`${status} ${code}: 422 provider_rejected`, async () => {
    await using ready = await readyToFinalize();
    await asked(
      [["create", providerError(status, code, PROVIDER_MESSAGE)]],
      () => assertTold(ready, rejected(detail)),
    );
    const entry = await enrollmentOf(ready.voiceId);
    assert.deepEqual([entry?.state, entry?.unresolved, entry?.error], ["rejected", false, {
      category: "rejected",
      provider_code: kept,
      request_id: "f0e1d2c3-error",
      refusal: detail,
    }]);
    assert.deepEqual(await countedSendings(ready.userId), { creates: 1, possible: 0 });
  });
}

const DEFINITE: [number, string, Told, string?][] = [
  [400, "Throttling.AllocationQuota", VOICE_LIMIT, "Maximum voice storage limit exceeded"],
  [429, "Throttling.AllocationQuota", VOICE_LIMIT, "Maximum voice storage limit exceeded."],
  [429, "Throttling.AllocationQuota", VOICE_LIMIT, "Maximum voice-clone voice limit exceeded."],
  [200, "Throttling.AllocationQuota", VOICE_LIMIT, "Maximum voice storage limit exceeded."],
  [429, "Throttling.AllocationQuota", MISCONFIGURED, "Free allocated quota exceeded."],
  [400, "Throttling.AllocationQuota", MISCONFIGURED, "Free allocated quota exceeded."],
  [200, "Throttling.AllocationQuota", MISCONFIGURED, "Free allocated quota exceeded."],
  ...[
    "InvalidApiKey",
    "InvalidParameter",
    "AccessDenied",
    "ModelNotFound",
    "Arrearage",
    "BadRequest.EmptyInput",
  ].map((
    code,
  ): [number, string, Told] => [200, code, MISCONFIGURED]),
  ...[
    "Arrearage",
    "InvalidParameter",
    "BadRequest.EmptyInput",
    "BadRequest.EmptyParameters",
    "BadRequest.IllegalInput",
    "BadRequest.TooLarge",
    "SomethingNew",
  ].map((code): [number, string, Told] => [400, code, MISCONFIGURED]),
  [401, "InvalidApiKey", MISCONFIGURED],
  [401, "NOT AUTHORIZED", MISCONFIGURED],
  ...[
    "AccessDenied",
    "AccessDenied.Unpurchased",
    "Model.AccessDenied",
    "Workspace.AccessDenied",
    "AllocationQuota.FreeTierOnly",
  ].map((code): [number, string, Told] => [403, code, MISCONFIGURED]),
  [404, "ModelNotFound", MISCONFIGURED],
  [404, "WorkSpaceNotFound", MISCONFIGURED],
  [418, "Teapot", MISCONFIGURED],
  ...["CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"].map((
    code,
  ): [number, string, Told] => [429, code, MISCONFIGURED]),
];

for (const [status, code, told, message] of DEFINITE) {
  Deno.test(`${status} ${code}${message ? ` (${message})` : ""}: ${told.status} ${told.code}, released, loud`, async () => {
    await using ready = await readyToFinalize();
    const answer = providerError(status, code, message ?? PROVIDER_MESSAGE);
    await asked([["create", answer]], () => assertTold(ready, told));
    const [event] = ready.api.events("clone.provider_failed");
    assert.deepEqual([event?.level, event?.provider_code, event?.provider_request_id], [
      "error",
      code,
      "f0e1d2c3-error",
    ]);
    await assertReleased(ready);
  });
}

const WITHOUT_JSON: [string, ProviderAnswer][] = [
  ["an HTML page with 400", html(400)],
  ["an HTML page with 403", html(403)],
  ["a 404 without a body", () => new Response(null, { status: 404 })],
  ["a 401 whose body breaks off", cutShort(401)],
  ["an error body that is no object", () => Response.json("denied", { status: 403 })],
  [
    "an error body of other types",
    () => Response.json({ code: 7, message: [], request_id: {} }, { status: 400 }),
  ],
];

for (const [what, answer] of WITHOUT_JSON) {
  Deno.test(`${what}: 502 provider_misconfigured, released`, async () => {
    await using ready = await readyToFinalize();
    await asked([["create", answer]], () => assertTold(ready, MISCONFIGURED));
    await assertReleased(ready);
  });
}

Deno.test("a redirect is not followed, for the key would travel along", async () => {
  await using ready = await readyToFinalize();
  const redirect: ProviderAnswer = () => Response.redirect("https://dashscope.example.com/elsewhere", 302);
  await asked([["create", redirect]], () => assertTold(ready, MISCONFIGURED));
  await assertReleased(ready);
});

for (
  const code of [
    "BadRequest.InputDownloadFailed",
    "InvalidURL",
    "InvalidURL.ConnectionRefused",
    "InvalidURL.Timeout",
    "InvalidParameter.DataInspection",
  ]
) {
  Deno.test(`400 ${code}: signed again once, then 502 provider_unavailable, released, loud`, async () => {
    await using ready = await readyToFinalize();
    const unreachable = providerError(400, code, PROVIDER_MESSAGE);
    await asked([["create", unreachable], ["create", unreachable]], () => assertTold(ready, UNAVAILABLE));
    const signings = ready.api.supabaseRequests.filter(({ path }) => path.includes("/object/sign/"));
    assert.equal(signings.length, 2);
    assert.deepEqual(ready.api.events("clone.provider_failed").map(({ level }) => level), ["error", "error"]);
    assert.deepEqual(ready.slept, []);
    await assertReleased(ready);
  });
}

Deno.test("a clip that can be fetched at the second try becomes a voice", async () => {
  await using ready = await readyToFinalize();
  const unreachable = providerError(400, "InvalidURL.Timeout", PROVIDER_MESSAGE);
  await assertSucceeds(ready, [["create", unreachable], ["create", voiceCreated()]]);
  assert.deepEqual(await countedSendings(ready.userId), { creates: 2, possible: 1 });
});

const BUSY: [string, ProviderAnswer][] = [
  ["Throttling", providerError(429, "Throttling", PROVIDER_MESSAGE)],
  ["Throttling.RateQuota", providerError(429, "Throttling.RateQuota", PROVIDER_MESSAGE)],
  ["Throttling.BurstRate", providerError(429, "Throttling.BurstRate", PROVIDER_MESSAGE)],
  ["Throttling.AllocationQuota", providerError(429, "Throttling.AllocationQuota", PROVIDER_MESSAGE)],
  ["an unknown code", providerError(429, "SlowDown", PROVIDER_MESSAGE)],
  ["an HTML page", html(429)],
];
/** The same, told with 200. */
const BUSY_WITH_200: [string, ProviderAnswer] = [
  "of a 200 with Throttling.RateQuota inside",
  providerError(200, "Throttling.RateQuota", PROVIDER_MESSAGE),
];

for (const [what, busy] of [...BUSY, BUSY_WITH_200]) {
  Deno.test(`429 ${what}: asked again after pauses, then 503 provider_throttled, released`, async () => {
    await using ready = await readyToFinalize();
    const creates = Array.from({ length: 4 }, (): [string, ProviderAnswer] => ["create", busy]);
    await asked(creates, () => assertTold(ready, THROTTLED));
    assert.deepEqual(ready.slept, [1000, 2000, 4000]);
    await assertReleased(ready);
  });
}

Deno.test("a provider that was busy for a moment makes the voice", async () => {
  await using ready = await readyToFinalize();
  const busy = providerError(429, "Throttling.RateQuota", PROVIDER_MESSAGE);
  await assertSucceeds(ready, [["create", busy], ["create", voiceCreated()]]);
  assert.deepEqual(ready.slept, [1000]);
  assert.deepEqual(await countedSendings(ready.userId), { creates: 2, possible: 1 });
});

Deno.test("a 200 that tells a voice is a success, whatever code stands beside it", async () => {
  for (const code of ["", "Audio.DecoderError", "InternalError", "SomethingNew"]) {
    await using ready = await readyToFinalize();
    const voice = await ourVoice(ready);
    const both = () =>
      Response.json({
        code,
        message: PROVIDER_MESSAGE,
        output: { voice, target_model: "qwen3-tts-vc-2026-01-22" },
        request_id: "f0e1d2c3-both",
      });
    await assertSucceeds(ready, [["create", both]]);
    assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, voice);
  }
});

Deno.test("a degraded 200 without usage and request id is a success", async () => {
  await using ready = await readyToFinalize();
  const voice = await ourVoice(ready);
  const bare: ProviderAnswer = () =>
    Response.json({ output: { voice, target_model: "m", fallback_mode: null }, extra: true });
  await assertSucceeds(ready, [["create", bare]]);
  const row = await voiceRowOf(ready.voiceId);
  assert.deepEqual([row?.provider_voice_id, row?.provider_request_id], [voice, null]);
});
