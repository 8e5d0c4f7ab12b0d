// Speaking at Qwen: what is sent, and what each answer of the provider comes to.
import assert from "node:assert/strict";
import type { ProviderErrorCategory } from "../_shared/tts/provider_error.ts";
import { LANGUAGES } from "../_shared/tts/languages.ts";
import { createModal } from "../_shared/tts/providers/modal.ts";
import { PROVIDER_KEY } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  cutShort,
  html,
  NOT_SET_UP,
  PROVIDER_MESSAGE,
  type ProviderAnswer,
  providerError,
  RESULT_URL,
  SERVER_ERRORS,
  SIGNATURE,
  SPEECH,
  speechMade,
  THROTTLING,
  withSynthesis,
} from "../../../tools/testkit/harness/dashscope.ts";
import { createSpeaker, failureOf, SYNTHESIS } from "../../../tools/testkit/harness/synthesizing.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const speak = createSpeaker();

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
    const { authorization, "content-type": type, connection } = call.headers;
    const sent = [`Bearer ${PROVIDER_KEY}`, "application/json", "close"];
    assert.deepEqual([authorization, type, connection], sent);
    const wanted = [["GET", RESULT_URL.replace("http:", "https:")]];
    assert.deepEqual(fetched.map(({ method, url }) => [method, url]), wanted);
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
    const theirs = "Auto Chinese English German Italian Portuguese Spanish Japanese Korean French Russian";
    assert.equal(calls.map(({ body }) => body.input.language_type).join(" "), theirs);
  });
});

Deno.test("speech is fetched although the answer tells nothing else, and more than is known", async () => {
  const bare = () => Response.json({ output: { audio: { url: RESULT_URL }, extra: [] }, more: true });
  await withSynthesis([bare], async () => {
    const metadata = { characters: null, finish_reason: null };
    assert.deepEqual(await speak(), { bytes: SPEECH, requestId: null, metadata });
  });
});

Deno.test("modal cannot speak", () => assert.equal(createModal().synthesize, null));

type Failure = {
  category: ProviderErrorCategory;
  status?: number | undefined;
  code?: string;
  requestId?: string | undefined;
  refusal?: string;
};

/** The synthesis is asked for once, ends so, fetches nothing, and its error holds neither text nor key nor insides. */
const assertFails = (answer: ProviderAnswer, expected: Failure) =>
  withSynthesis([answer], async (_calls, fetched) => {
    const error = await failureOf(speak());
    const { category, status, providerCode: code, providerRequestId: requestId, refusal } = error;
    const none = { status: undefined, code: undefined, requestId: undefined, refusal: undefined };
    assert.deepEqual({ category, status, code, requestId, refusal }, { ...none, ...expected });
    assert.deepEqual(fetched, []);
    const seen = Deno.inspect(error, { depth: 10 });
    for (const secret of [SYNTHESIS.text, PROVIDER_KEY, PROVIDER_MESSAGE, SIGNATURE]) {
      assert(!seen.includes(secret), `${secret} was told`);
    }
  });

/** The same of an error of this status and code, which may be known by another spelling. */
function assertErrorFails(status: number, code: string, expected: Failure, message = PROVIDER_MESSAGE) {
  const known = { status, code, requestId: "f0e1d2c3-error" };
  return assertFails(providerError(status, code, message), { ...known, ...expected });
}

const TOO_LONG = `${PROVIDER_MESSAGE}: Range of input length should be [0, 600]`;

const NO_VOICE = "The voice provider no longer has this voice. Clone it again.";
const OTHER_MODEL =
  "This voice was made with another model of the voice provider. Clone it again to let it speak.";

const REFUSALS: [code: string, refusal: string, message?: string][] = [
  ["DataInspectionFailed", "The text was refused by a content check."],
  ["InvalidParameter", "The text is too long for the voice provider. Shorten it.", TOO_LONG],
  ["InvalidParameter", "The voice provider refused to speak this text with this voice."],
  ["BadRequest.VoiceNotFound", NO_VOICE],
  ["BadRequest.VoiceModelMismatch", OTHER_MODEL],
  ["CustomRoleBlocked", "The text was refused by a content check."],
];

for (const [code, refusal, message] of REFUSALS) {
  Deno.test(`400 ${code}: rejected, "${refusal}"`, () =>
    assertErrorFails(400, code, { category: "rejected", refusal }, message));
}

Deno.test("a refusal that comes with 200 is one, and so is one in other letter case", async () => {
  const refused: Failure = { category: "rejected", code: "BadRequest.VoiceNotFound", refusal: NO_VOICE };
  await assertErrorFails(200, "BadRequest.VoiceNotFound", refused);
  await assertErrorFails(400, "badrequest.voicenotfound", refused);
});

Deno.test("of the refusals the operator hears where the model is not the voice's own, and of no other", async () => {
  for (const [code, , message = PROVIDER_MESSAGE] of REFUSALS) {
    await withSynthesis([providerError(400, code, message)], async () => {
      assert.equal((await failureOf(speak())).isAlarming, code === "BadRequest.VoiceModelMismatch", code);
    });
  }
});

Deno.test("429 Throttling.AllocationQuota of a free quota is no throttling: misconfigured", () => {
  const expected: Failure = { category: "misconfigured" };
  return assertErrorFails(429, "Throttling.AllocationQuota", expected, "Free allocated quota exceeded.");
});

const DOCUMENTED: [status: number, category: ProviderErrorCategory, codes: string[]][] = [
  ...NOT_SET_UP.map((
    [status, codes],
  ): [number, ProviderErrorCategory, string[]] => [status, "misconfigured", codes]),
  [429, "throttled", [...THROTTLING, "SlowDown"]],
  [500, "server_error", [...SERVER_ERRORS, "BadRequest.VoiceModelMismatch"]],
  [200, "server_error", ["InternalError"]],
  [200, "unreadable_answer", ["SomethingNew"]],
  [503, "server_error", ["ModelUnavailable"]],
];

for (const [status, category, codes] of DOCUMENTED) {
  for (const code of codes) {
    Deno.test(`${status} ${code}: ${category}`, () => assertErrorFails(status, code, { category }));
  }
}

const WITHOUT_JSON: [string, ProviderAnswer, ProviderErrorCategory, number | undefined][] = [
  ["an HTML page with 400", html(400), "misconfigured", 400],
  ["an HTML page with 403", html(403), "misconfigured", 403],
  ["an HTML page with 429", html(429), "throttled", 429],
  ["an HTML page with 502", html(502), "server_error", 502],
  ["a 404 without a body", () => new Response(null, { status: 404 }), "misconfigured", 404],
  ["a 401 whose body breaks off", cutShort(401), "misconfigured", 401],
  ["a redirect", () => Response.redirect("https://dashscope.example.com/", 302), "misconfigured", 302],
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
    const patient = createSpeaker({ timeout: clock.timeout, timeoutMs });
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
