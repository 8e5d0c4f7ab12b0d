// Speaking at Qwen: what is sent, and what each answer of the provider comes to.
import assert from "node:assert/strict";
import type { ProviderErrorCategory } from "../_shared/tts/provider_error.ts";
import { LANGUAGES } from "../_shared/tts/languages.ts";
import { createModal } from "../_shared/tts/providers/modal.ts";
import { PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/clock.ts";
import {
  connectionLost,
  cutShort,
  html,
  type ProviderAnswer,
  providerError,
} from "../../../tools/testkit/harness/dashscope.ts";
import { PROVIDER_MESSAGE } from "../../../tools/testkit/harness/provider_outcomes.ts";
import {
  createSpeaker,
  failureOf,
  RESULT_URL,
  SIGNATURE,
  SPEECH,
  speechMade,
  SYNTHESIS,
  withSynthesis,
} from "../../../tools/testkit/harness/synthesis.ts";

const speak = createSpeaker({ apiKey: PROVIDER_KEY });

Deno.test("one call has the text spoken, and its result is fetched at once over TLS, without the key", async () => {
  await withSynthesis([speechMade()], async (calls, fetched) => {
    assert.deepEqual(await speak(), {
      bytes: SPEECH,
      requestId: "f0e1d2c3-speak",
      metadata: { characters: 41, finish_reason: "stop" },
    });
    const [call, ...others] = calls;
    assert.deepEqual(others, []);
    assert.deepEqual(call?.body, {
      model: "qwen3-tts-vc-2026-01-22",
      input: {
        text: "Good evening, said the lighthouse keeper.",
        voice: "qwen-tts-vc-grace_0123456789-voice-20261122120000000-1a2b",
        language_type: "English",
      },
    });
    assert.equal(call.headers.authorization, `Bearer ${PROVIDER_KEY}`);
    assert.equal(call.headers["content-type"], "application/json");
    assert.equal(call.headers.connection, "close");
    assert.deepEqual(fetched.map(({ method, url }) => [method, url]), [
      ["GET", RESULT_URL.replace("http:", "https:")],
    ]);
    assert.equal(fetched[0]?.headers.get("authorization"), null);
  });
});

Deno.test("an older pinned model is sent as it is given, and the configured one never", async () => {
  await withSynthesis([speechMade()], async (calls) => {
    await speak({ targetModel: "qwen3-tts-vc-2025-11-27" });
    assert.equal(calls[0]?.body.model, "qwen3-tts-vc-2025-11-27");
  });
});

Deno.test("our names of the languages are the provider's", async () => {
  await withSynthesis(LANGUAGES.map(() => speechMade()), async (calls) => {
    for (const language of LANGUAGES) await speak({ language });
    assert.deepEqual(calls.map(({ body }) => body.input.language_type), [
      "Auto",
      "Chinese",
      "English",
      "German",
      "Italian",
      "Portuguese",
      "Spanish",
      "Japanese",
      "Korean",
      "French",
      "Russian",
    ]);
  });
});

Deno.test("speech is fetched although the answer tells nothing else, and more than is known", async () => {
  const bare = () => Response.json({ output: { audio: { url: RESULT_URL }, extra: [] }, more: true });
  await withSynthesis([bare], async () => {
    assert.deepEqual(await speak(), {
      bytes: SPEECH,
      requestId: null,
      metadata: { characters: null, finish_reason: null },
    });
  });
});

Deno.test("modal cannot speak", () => assert.equal(createModal().synthesize, null));

/** The synthesis is asked for once, ends so, fetches nothing, and tells neither text nor key nor insides. */
async function assertFails(answer: ProviderAnswer, expected: {
  category: ProviderErrorCategory;
  status?: number;
  code?: string;
  requestId?: string;
  refusal?: string;
}): Promise<void> {
  await withSynthesis([answer], async (_calls, fetched) => {
    const error = await failureOf(speak());
    assert.deepEqual(
      [error.category, error.status, error.providerCode, error.providerRequestId, error.refusal],
      [expected.category, expected.status, expected.code, expected.requestId, expected.refusal],
    );
    assert.deepEqual(fetched, []);
    const seen = Deno.inspect(error, { depth: 10 });
    for (const secret of [SYNTHESIS.text, PROVIDER_KEY, PROVIDER_MESSAGE, SIGNATURE]) {
      assert(!seen.includes(secret), `${secret} was told`);
    }
  });
}

const TOO_LONG = `${PROVIDER_MESSAGE}: Range of input length should be [0, 600]`;

const REFUSALS: [code: string, refusal: string, message?: string][] = [
  ["DataInspectionFailed", "The text was refused by a content check."],
  ["InvalidParameter", "The text is too long for the voice provider. Shorten it.", TOO_LONG],
  ["InvalidParameter", "The voice provider refused to speak this text with this voice."],
  ["BadRequest.VoiceNotFound", "The voice provider no longer has this voice. Clone it again."],
  [
    "BadRequest.VoiceModelMismatch",
    "This voice was made with another model of the voice provider. Clone it again to let it speak.",
  ],
  ["CustomRoleBlocked", "The text was refused by a content check."],
];

for (const [code, refusal, message = PROVIDER_MESSAGE] of REFUSALS) {
  Deno.test(`400 ${code}: rejected, "${refusal}"`, async () => {
    await assertFails(providerError(400, code, message), {
      category: "rejected",
      status: 400,
      code,
      requestId: "f0e1d2c3-error",
      refusal,
    });
  });
}

Deno.test("a refusal that comes with 200 is one, and so is one in other letter case", async () => {
  for (
    const [status, code, spelled] of [
      [200, "BadRequest.VoiceNotFound", "BadRequest.VoiceNotFound"],
      [400, "badrequest.voicenotfound", "BadRequest.VoiceNotFound"],
    ] as const
  ) {
    await assertFails(providerError(status, code, PROVIDER_MESSAGE), {
      category: "rejected",
      status,
      code: spelled,
      requestId: "f0e1d2c3-error",
      refusal: "The voice provider no longer has this voice. Clone it again.",
    });
  }
});

Deno.test("of the refusals the operator hears where the model is not the voice's own, and of no other", async () => {
  for (const [code, , message = PROVIDER_MESSAGE] of REFUSALS) {
    await withSynthesis([providerError(400, code, message)], async () => {
      assert.equal((await failureOf(speak())).isAlarming, code === "BadRequest.VoiceModelMismatch", code);
    });
  }
});

Deno.test("429 Throttling.AllocationQuota of a free quota is no throttling: misconfigured", async () => {
  await assertFails(providerError(429, "Throttling.AllocationQuota", "Free allocated quota exceeded."), {
    category: "misconfigured",
    status: 429,
    code: "Throttling.AllocationQuota",
    requestId: "f0e1d2c3-error",
  });
});

const DOCUMENTED: [status: number, codes: string[], category: ProviderErrorCategory][] = [
  [400, ["Arrearage", "SomethingNew"], "misconfigured"],
  [
    400,
    ["BadRequest.EmptyInput", "BadRequest.EmptyParameters", "BadRequest.IllegalInput", "BadRequest.TooLarge"],
    "misconfigured",
  ],
  [401, ["InvalidApiKey", "NOT AUTHORIZED"], "misconfigured"],
  [
    403,
    [
      "AccessDenied",
      "AccessDenied.Unpurchased",
      "Model.AccessDenied",
      "Workspace.AccessDenied",
      "AllocationQuota.FreeTierOnly",
    ],
    "misconfigured",
  ],
  [404, ["ModelNotFound", "WorkSpaceNotFound"], "misconfigured"],
  [
    429,
    ["Throttling", "Throttling.RateQuota", "Throttling.BurstRate", "Throttling.AllocationQuota", "SlowDown"],
    "throttled",
  ],
  [429, ["CommodityNotPurchased", "PrepaidBillOverdue", "PostpaidBillOverdue"], "misconfigured"],
  [
    500,
    [
      "InternalError",
      "InternalError.Algo",
      "SystemError",
      "ModelServiceFailed",
      "RequestTimeOut",
      "ModelServingError",
      "Whatever",
      "InvalidParameter",
      "BadRequest.VoiceModelMismatch",
      "Audio.DecoderError",
    ],
    "server_error",
  ],
  [200, ["InternalError"], "server_error"],
  [200, ["SomethingNew"], "unreadable_answer"],
  [503, ["ModelUnavailable"], "server_error"],
];

for (const [status, codes, category] of DOCUMENTED) {
  for (const code of codes) {
    Deno.test(`${status} ${code}: ${category}`, async () => {
      await assertFails(providerError(status, code, PROVIDER_MESSAGE), {
        category,
        status,
        code,
        requestId: "f0e1d2c3-error",
      });
    });
  }
}

const WITHOUT_JSON: [string, ProviderAnswer, ProviderErrorCategory, number | undefined][] = [
  ["an HTML page with 400", html(400), "misconfigured", 400],
  ["an HTML page with 403", html(403), "misconfigured", 403],
  ["an HTML page with 429", html(429), "throttled", 429],
  ["an HTML page with 502", html(502), "server_error", 502],
  ["a 404 without a body", () => new Response(null, { status: 404 }), "misconfigured", 404],
  ["a 401 whose body breaks off", cutShort(401), "misconfigured", 401],
  [
    "a redirect",
    () => Response.redirect("https://dashscope.example.com/elsewhere", 302),
    "misconfigured",
    302,
  ],
  ["no connection", connectionLost(), "no_answer", undefined],
  ["a 200 that breaks off", cutShort(200), "no_answer", 200],
  ["a 500 that breaks off", cutShort(500), "no_answer", 500],
];

for (const [what, answer, category, status] of WITHOUT_JSON) {
  Deno.test(`${what}: ${category}`, () => assertFails(answer, { category, status }));
}

const UNREADABLE: [string, ProviderAnswer, requestId?: string][] = [
  ["an HTML page", html(200)],
  ["no output", () => Response.json({ request_id: "f0e1d2c3-odd" }), "f0e1d2c3-odd"],
  ["no audio", () => Response.json({ output: { finish_reason: "stop" } })],
  ["no URL", speechMade({ url: undefined }), "f0e1d2c3-speak"],
  ["an empty URL", speechMade({ url: "" }), "f0e1d2c3-speak"],
  ["a URL that is no text", speechMade({ url: { href: RESULT_URL } }), "f0e1d2c3-speak"],
];

for (const [what, answer, requestId] of UNREADABLE) {
  Deno.test(`a 200 with ${what}: unreadable_answer`, () =>
    assertFails(answer, { category: "unreadable_answer", status: 200, requestId }));
}

for (const [timeoutMs, expected] of [[45_000, 45_000], [undefined, 60_000]]) {
  Deno.test(`a synthesis that is not answered in ${expected} ms is given up: no_answer`, async () => {
    const clock = createVirtualClock();
    const patient = createSpeaker({ apiKey: PROVIDER_KEY, timeout: clock.timeout, timeoutMs });
    const tooLate: ProviderAnswer = (call) => {
      clock.expire(expected ?? 0);
      return speechMade()(call);
    };
    await withSynthesis([tooLate], async () => {
      assert.equal((await failureOf(patient())).category, "no_answer");
    });
  });
}

Deno.test("a synthesis that its caller gives up ends at once: no_answer", async () => {
  const caller = new AbortController();
  const tooLate: ProviderAnswer = (call) => {
    caller.abort();
    return speechMade()(call);
  };
  await withSynthesis([tooLate], async () => {
    const error = await failureOf(speak({ signal: caller.signal }));
    // Given up later, while its result is fetched, it would have the id.
    assert.deepEqual([error.category, error.providerRequestId], ["no_answer", undefined]);
  });
});
