import assert from "node:assert/strict";
import { type Api, startApi } from "../../../tools/testkit/harness/api.ts";
import { DETAILS } from "../../../tools/testkit/harness/clone.ts";
import { withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { assertError } from "../../../tools/testkit/harness/errors.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/users.ts";

const keys = await createSigningKeys();
const token = await keys.sign((await signUp()).id);

const UPLOAD_URL = "/clone/upload-url";
const FINALIZE = "/clone/finalize";

const NAME = "Name must be 1-100 characters.";
const LANGUAGE = "Language is required.";
const TRANSCRIPT = "Transcript is required.";
const VOICE_ID = "voice_id is required.";
const STORABLE = "Text must not contain NUL or unpaired surrogate characters.";
const UNSUPPORTED = "This language is not supported. Use one of: Auto, Chinese, English, German, Italian, " +
  "Portuguese, Spanish, Japanese, Korean, French, Russian.";

/** Values that are no text at all, or text without anything in it. */
const NOTHING = [undefined, null, "", "   ", "\t\n\u00a0\u3000\ufeff"];
const WRONG_TYPES = [7, 0, true, false, [], ["Grace"], {}, { text: "Grace" }];

type Rule = { value: unknown; detail: string; code?: string };

const rules = (values: unknown[], detail: string, code?: string): Rule[] =>
  values.map((value) => ({ value, detail, ...(code ? { code } : {}) }));

const unstorable = ["a\0b", "\ud800", "a\udc00b", "\udc00\ud800"];

const REFUSED: Record<string, Rule[]> = {
  name: [
    ...rules([...NOTHING, ...WRONG_TYPES], NAME),
    ...rules(["a".repeat(101), "😀".repeat(101), "e\u0301".repeat(101)], NAME),
    ...rules([...unstorable, "\0"], STORABLE),
  ],
  language: [
    ...rules([...NOTHING, ...WRONG_TYPES], LANGUAGE),
    ...rules(
      [
        "Klingon",
        "xx",
        "nl-NL",
        "yue-HK",
        "en_US",
        "en-",
        "en--US",
        "-en",
        "en-US!",
        "en-\0",
        "english-US",
        "auto-US",
        "enUS",
        "Englisch",
        "auto auto",
        "\0",
        "en\0",
        "\ud800",
        "🇬🇧",
        "x".repeat(5000),
      ],
      UNSUPPORTED,
      "language_unsupported",
    ),
    ...rules(["constructor", "__proto__", "toString"], UNSUPPORTED, "language_unsupported"),
  ],
  transcript: [
    ...rules([...NOTHING, ...WRONG_TYPES], TRANSCRIPT),
    ...rules(
      ["a".repeat(2001), "😀".repeat(2001), "e\u0301".repeat(2001)],
      "Transcript must be at most 2000 characters.",
    ),
    ...rules(unstorable, STORABLE),
  ],
};

const REFUSED_BY_FINALIZE: Record<string, Rule[]> = {
  ...REFUSED,
  voice_id: [
    ...rules([...NOTHING, ...WRONG_TYPES], VOICE_ID),
    ...rules([
      "not-a-uuid",
      "00000000-0000-0000-0000-00000000000",
      "00000000-0000-0000-0000-0000000000000",
      "00000000000000000000000000000000",
      "{00000000-0000-0000-0000-000000000000}",
      "g0000000-0000-0000-0000-000000000000",
      "00000000-0000-0000-0000-000000000000/../other",
      "00000000-0000-0000-0000-000000000000\0",
      "٠0000000-0000-0000-0000-000000000000",
    ], "voice_id must be a UUID."),
  ],
  description: [
    ...rules(WRONG_TYPES, "Description must be text."),
    ...rules(
      ["a".repeat(1001), "😀".repeat(1001), "e\u0301".repeat(1001)],
      "Description must be at most 1000 characters.",
    ),
    ...rules([...unstorable, "\0"], STORABLE),
  ],
};

for (const [path, fields] of [[UPLOAD_URL, REFUSED], [FINALIZE, REFUSED_BY_FINALIZE]] as const) {
  for (const [field, cases] of Object.entries(fields)) {
    Deno.test(`${path} refuses every wrong ${field} with its sentence, before it asks anybody`, async () => {
      await using api = await startApi({ keys });
      for (const { value, detail, code = "invalid_request" } of cases) {
        const whole = path === FINALIZE ? { voice_id: crypto.randomUUID(), ...DETAILS } : DETAILS;
        const answer = await api.call("POST", path, { token, body: { ...whole, [field]: value } });
        assertError(answer, 400, code, detail);
      }
      assert.deepEqual(api.supabaseRequests, []);
      assert.deepEqual(api.logged, []);
    });
  }

  Deno.test(`${path} refuses what is no JSON object`, async () => {
    await using api = await startApi({ keys });
    const call = (body: string) => api.call("POST", path, { token, body });
    for (
      const body of [
        "",
        " ",
        "{",
        "not json",
        "{'a':1}",
        '{"name":}',
        "undefined",
        "NaN",
        '{"a":1}}',
        "\ufeff{}}",
      ]
    ) {
      assertError(await call(body), 400, "invalid_json", "Invalid JSON body");
    }
    for (const body of ["[]", "null", "true", "7", '"text"', `[${JSON.stringify(DETAILS)}]`]) {
      assertError(await call(body), 400, "invalid_request", "The body must be a JSON object.");
    }
    const none = await api.call("POST", path, { token });
    assertError(none, 400, "invalid_json", "Invalid JSON body");
    assert.deepEqual(api.supabaseRequests, []);
  });
}

Deno.test("with several wrong fields the first one of the contract is told", async () => {
  await using api = await startApi({ keys });
  assertError(await api.call("POST", UPLOAD_URL, { token, body: {} }), 400, "invalid_request", NAME);
  assertError(await api.call("POST", FINALIZE, { token, body: {} }), 400, "invalid_request", VOICE_ID);
  const body = { name: "Grace", language: "Klingon", transcript: "" };
  assertError(await api.call("POST", UPLOAD_URL, { token, body }), 400, "language_unsupported", UNSUPPORTED);
});

/** What is stored is what finalize asks for: it gets as far as looking for the clip. */
async function assertFinalizeTakes(api: Api, change: Record<string, unknown>): Promise<void> {
  const body = { voice_id: crypto.randomUUID(), ...DETAILS, ...change };
  const answer = await api.call("POST", FINALIZE, { token, body });
  assertError(answer, 400, "reference_missing", "Audio file not uploaded.");
}

Deno.test("text at its limit is taken: counted in code points, composed and trimmed", async () => {
  await using api = await startApi({ keys });
  const padded = (text: string) => ` \n${text}\t `;
  const fits = (most: number) =>
    ["a", "😀", "e\u0301", "字"].map((character) => padded(character.repeat(most)));
  await withDashScope([], async () => {
    for (const name of [...fits(100), "a", "🧑‍🚀", "O'Brien; drop table voices; --", "‮right to left"]) {
      assert.equal((await api.call("POST", UPLOAD_URL, { token, body: { ...DETAILS, name } })).status, 200);
      await assertFinalizeTakes(api, { name });
    }
    for (const transcript of fits(2000)) {
      assert.equal(
        (await api.call("POST", UPLOAD_URL, { token, body: { ...DETAILS, transcript } })).status,
        200,
      );
      await assertFinalizeTakes(api, { transcript });
    }
    for (const description of [...fits(1000), null, undefined, "", "  "]) {
      await assertFinalizeTakes(api, { description });
    }
    await assertFinalizeTakes(api, { voice_id: ` ${crypto.randomUUID().toUpperCase()} ` });
  });
});

Deno.test("every language is taken by its name and its code, in any case", async () => {
  await using api = await startApi({ keys });
  const codes = ["zh", "en", "de", "it", "pt", "es", "ja", "ko", "fr", "ru"];
  const names = [
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
  ];
  for (const known of [...codes, ...names]) {
    for (const language of [known, known.toUpperCase(), known.toLowerCase(), ` ${known} `]) {
      assert.equal(
        (await api.call("POST", UPLOAD_URL, { token, body: { ...DETAILS, language } })).status,
        200,
        language,
      );
    }
  }
});

Deno.test("of a tag as browsers have it, the language counts, whatever the script, the region and the rest", async () => {
  await using api = await startApi({ keys });
  for (
    const language of ["en-US", "zh-CN", "zh-Hant-TW", "pt-BR", "DE-ch-1901", "es-419", "ja-JP-u-ca-japanese"]
  ) {
    await assertFinalizeTakes(api, { language });
  }
});

Deno.test("unknown fields and any content type are taken, duplicated fields count by the last", async () => {
  await using api = await startApi({ keys });
  const body = { ...DETAILS, voice_id: "ignored here", user_id: crypto.randomUUID(), extra: { deep: [1] } };
  assert.equal((await api.call("POST", UPLOAD_URL, { token, body })).status, 200);
  const polluted = `{"__proto__":{"name":"x"},"constructor":1,${JSON.stringify(DETAILS).slice(1)}`;
  assert.equal((await api.call("POST", UPLOAD_URL, { token, body: polluted })).status, 200);
  const twice = `{"name":7,${JSON.stringify(DETAILS).slice(1)}`;
  assert.equal((await api.call("POST", UPLOAD_URL, { token, body: twice })).status, 200);
  const headers = { "Content-Type": "text/plain" };
  assert.equal((await api.call("POST", UPLOAD_URL, { token, body: DETAILS, headers })).status, 200);
});
