// What the caller is told when the provider made no voice, what the ledger keeps, and what the next finalize does.
import assert from "node:assert/strict";
import {
  cutShort,
  html,
  NOT_SET_UP,
  PROVIDER_MESSAGE,
  type ProviderAnswer,
  providerError,
  TARGET_MODEL,
  THROTTLING,
  voiceCreated,
} from "../../../tools/testkit/harness/dashscope.ts";
import {
  asked,
  assertReleased,
  assertSucceeds,
  assertTold,
  countedSendings,
  enrollmentOf,
  type Expected,
  MISCONFIGURED,
  ourVoice,
  readyToFinalize,
  rejected,
  THROTTLED,
  type Told,
  UNAVAILABLE,
  VOICE_LIMIT,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";

const UNFIT =
  "The audio could not be used. Record 10 to 20 seconds of one clear voice, without music or noise, reading exactly the transcript.";

const SILENT =
  "The audio is silent, or nearly so. Check the microphone, and record 10 to 20 seconds of speech.";
const LENGTH = "The audio's length is not accepted. Record 10 to 20 seconds, at most 60.";
const SHORT = "The audio holds too little speech. Record 10 to 20 seconds, speaking without long pauses.";
const LARGE = "The audio file is too large. Upload a recording under 10 MB.";
const CONTENT = "The audio or its transcript was refused by a content check.";
const UNDECODED = "The audio could not be decoded. Upload a WAV, MP3 or M4A recording.";
const UNSUPPORTED = "The audio's format is not supported. Upload a WAV, MP3 or M4A recording.";

/** Refusals of any status, letter case, and with 200; in the ledger they stand by their documented code. */
const REFUSALS: [status: number, code: string, detail: string, kept?: string][] = [
  [400, "Audio.PreprocessError", UNFIT],
  [400, "Audio.DecoderError", UNDECODED],
  [400, "Audio.AudioRateError", "The audio's sample rate is too low. Record at 24 kHz or more."],
  [400, "Audio.DurationLimitError", LENGTH],
  [400, "Audio.AudioSilentError", SILENT],
  [400, "Audio.AudioShortError", SHORT],
  [400, "Audio.FileSizeExceed", LARGE],
  [400, "BadRequest.UnsupportedFileFormat", UNSUPPORTED],
  [400, "DataInspectionFailed", CONTENT],
  [400, "CustomRoleBlocked", CONTENT],
  [400, "Audio.SomethingNew", UNFIT],
  [430, "Audio.AudioSilentError", SILENT],
  [430, "Audio.FileSizeExceed", LARGE],
  [430, "Audio.DecoderError", UNDECODED],
  [430, "Audio.SomethingNew", UNFIT],
  [430, "CustomRoleBlocked", CONTENT],
  [415, "BadRequest.UnsupportedFileFormat", UNSUPPORTED],
  [429, "Audio.SomethingNew", UNFIT],
  [400, "audio.audiosilenterror", SILENT, "Audio.AudioSilentError"],
  [400, "AUDIO.SomethingNew", UNFIT],
  [400, "customRoleBlocked", CONTENT, "CustomRoleBlocked"],
  [200, "Audio.AudioSilentError", SILENT],
  [200, "Audio.SomethingNew", UNFIT],
  [200, "CustomRoleBlocked", CONTENT],
  [200, "DataInspectionFailed", CONTENT],
];

for (const [status, code, detail, kept = code] of REFUSALS) {
  Deno.test(`${status} ${code}: 422 provider_rejected, kept, and only other details are sent again`, async () => {
    await using ready = await readyToFinalize();
    const refusal: Expected = ["create", providerError(status, code, PROVIDER_MESSAGE)];
    await asked([refusal], () => assertTold(ready, rejected(detail)));

    const entry = await enrollmentOf(ready.voiceId);
    assert.deepEqual([entry?.state, entry?.unresolved, entry?.details], ["rejected", false, null]);
    const kind = { category: "rejected", provider_code: kept, request_id: "f0e1d2c3-error" };
    assert.deepEqual(entry?.error, { ...kind, refusal: detail });
    assert.deepEqual(await countedSendings(ready.userId), { creates: 1, possible: 0 });
    assert.equal(ready.api.events("clone.rejected").length, 1);

    await asked([], () => assertTold(ready, rejected(detail)));
    await assertSucceeds(ready, [["create", voiceCreated()]], { transcript: "Other words." });
  });
}

const FREE_QUOTA = "Free allocated quota exceeded.";
const VOICES_FULL = "Maximum voice storage limit exceeded.";
const CLONES_FULL = "Maximum voice-clone voice limit exceeded.";

/** A quota by its message: one of voices that is full, or one of money. */
const QUOTAS: [status: number, message: string, told: Told][] = [
  [400, "Maximum voice storage limit exceeded", VOICE_LIMIT],
  [429, VOICES_FULL, VOICE_LIMIT],
  [429, CLONES_FULL, VOICE_LIMIT],
  [200, VOICES_FULL, VOICE_LIMIT],
  ...[429, 400, 200].map((status): [number, string, Told] => [status, FREE_QUOTA, MISCONFIGURED]),
];

const OTHERS_NOT_SET_UP: typeof NOT_SET_UP = [
  [
    200,
    "InvalidApiKey InvalidParameter AccessDenied ModelNotFound Arrearage BadRequest.EmptyInput".split(" "),
  ],
  [400, ["InvalidParameter"]],
  [418, ["Teapot"]],
];

const DEFINITE = [
  ...QUOTAS.map(([status, message, told]) => ({ status, code: "Throttling.AllocationQuota", message, told })),
  ...[...NOT_SET_UP, ...OTHERS_NOT_SET_UP].flatMap(([status, codes]) =>
    codes.map((code) => ({ status, code, message: PROVIDER_MESSAGE, told: MISCONFIGURED }))
  ),
];

for (const { status, code, message, told } of DEFINITE) {
  const what = message === PROVIDER_MESSAGE ? code : `${code} (${message})`;
  Deno.test(`${status} ${what}: ${told[0]} ${told[1]}, released, loud`, async () => {
    await using ready = await readyToFinalize();
    await asked([["create", providerError(status, code, message)]], () => assertTold(ready, told));
    const [event] = ready.api.events("clone.provider_failed");
    const logged = [event?.level, event?.provider_code, event?.provider_request_id];
    assert.deepEqual(logged, ["error", code, "f0e1d2c3-error"]);
    await assertReleased(ready);
  });
}

const WITHOUT_JSON: [string, ProviderAnswer][] = [
  ["an HTML page with 400", html(400)],
  ["an HTML page with 403", html(403)],
  ["a 404 without a body", () => new Response(null, { status: 404 })],
  ["a 401 whose body breaks off", cutShort(401)],
  ["an error body that is no object", () => Response.json("denied", { status: 403 })],
  ["a body of other types", () => Response.json({ code: 7, message: [], request_id: {} }, { status: 400 })],
  // It is not followed, for the key would travel along.
  ["a redirect", () => Response.redirect("https://dashscope.example.com/elsewhere", 302)],
];

for (const [what, answer] of WITHOUT_JSON) {
  Deno.test(`${what}: 502 provider_misconfigured, released`, async () => {
    await using ready = await readyToFinalize();
    await asked([["create", answer]], () => assertTold(ready, MISCONFIGURED));
    await assertReleased(ready);
  });
}

const UNREACHABLE = [
  ...["BadRequest.InputDownloadFailed", "InvalidURL", "InvalidURL.ConnectionRefused", "InvalidURL.Timeout"],
  "InvalidParameter.DataInspection",
];

for (const code of UNREACHABLE) {
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

const busy = (code: string, status = 429) => providerError(status, code, PROVIDER_MESSAGE);
const BUSY: [string, ProviderAnswer][] = [
  ...THROTTLING.map((code): [string, ProviderAnswer] => [code, busy(code)]),
  ["an unknown code", busy("SlowDown")],
  ["an HTML page", html(429)],
  ["of a 200 with Throttling.RateQuota inside", busy("Throttling.RateQuota", 200)],
];

for (const [what, answer] of BUSY) {
  Deno.test(`429 ${what}: asked again after pauses, then 503 provider_throttled, released`, async () => {
    await using ready = await readyToFinalize();
    await asked(Array.from({ length: 4 }, () => ["create", answer]), () => assertTold(ready, THROTTLED));
    assert.deepEqual(ready.slept, [1000, 2000, 4000]);
    await assertReleased(ready);
  });
}

Deno.test("a provider that was busy for a moment makes the voice", async () => {
  await using ready = await readyToFinalize();
  await assertSucceeds(ready, [["create", busy("Throttling.RateQuota")], ["create", voiceCreated()]]);
  assert.deepEqual(ready.slept, [1000]);
  assert.deepEqual(await countedSendings(ready.userId), { creates: 2, possible: 1 });
});

Deno.test("a 200 that tells a voice is a success, whatever code stands beside it", async () => {
  for (const code of ["", "Audio.DecoderError", "InternalError", "SomethingNew"]) {
    await using ready = await readyToFinalize();
    const voice = await ourVoice(ready);
    const output = { voice, target_model: TARGET_MODEL };
    const both = { code, message: PROVIDER_MESSAGE, output, request_id: "f0e1d2c3-both" };
    await assertSucceeds(ready, [["create", () => Response.json(both)]]);
    assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, voice);
  }
});

Deno.test("a degraded 200 without usage and request id is a success", async () => {
  await using ready = await readyToFinalize();
  const voice = await ourVoice(ready);
  const bare = { output: { voice, target_model: "m", fallback_mode: null }, extra: true };
  await assertSucceeds(ready, [["create", () => Response.json(bare)]]);
  const row = await voiceRowOf(ready.voiceId);
  assert.deepEqual([row?.provider_voice_id, row?.provider_request_id], [voice, null]);
});
