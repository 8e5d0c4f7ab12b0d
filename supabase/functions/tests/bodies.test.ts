import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bytes } from "../_shared/bytes.ts";
import { type Api, assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import { withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { keys, newUser } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const { token } = await newUser();

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

type Rule = { value: unknown; detail: string; code: string };

const rules = (values: unknown[], detail: string, code = "invalid_request"): Rule[] =>
  values.map((value) => ({ value, detail, code }));
/** A text of one character too many, however it is counted. */
const over = (most: number) => ["a", "😀", "e\u0301"].map((character) => character.repeat(most + 1));

const unstorable = ["a\0b", "\ud800", "a\udc00b", "\udc00\ud800"];

const REFUSED: Record<string, Rule[]> = {
  name: [
    ...rules([...NOTHING, ...WRONG_TYPES], NAME),
    ...rules(over(100), NAME),
    ...rules([...unstorable, "\0"], STORABLE),
  ],
  language: [
    ...rules([...NOTHING, ...WRONG_TYPES], LANGUAGE),
    ...rules(
      [
        ..."Klingon xx nl-NL yue-HK en_US en- en--US -en en-US! english-US auto-US enUS Englisch".split(" "),
        ...["auto auto", "\0", "en\0", "en-\0", "\ud800", "🇬🇧", "x".repeat(5000)],
        ...["constructor", "__proto__", "toString"],
      ],
      UNSUPPORTED,
      "language_unsupported",
    ),
  ],
  transcript: [
    ...rules([...NOTHING, ...WRONG_TYPES], TRANSCRIPT),
    ...rules(over(2000), "Transcript must be at most 2000 characters."),
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
    ...rules(over(1000), "Description must be at most 1000 characters."),
    ...rules([...unstorable, "\0"], STORABLE),
  ],
};

for (const [path, fields] of [[UPLOAD_URL, REFUSED], [FINALIZE, REFUSED_BY_FINALIZE]] as const) {
  for (const [field, cases] of Object.entries(fields)) {
    Deno.test(`${path} refuses every wrong ${field} with its sentence, before it asks anybody`, async () => {
      await using api = await startApi({ keys });
      for (const { value, detail, code } of cases) {
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
    const call = (body?: string) => api.call("POST", path, { token, body });
    const broken = [
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
    ];
    for (const body of [...broken, undefined]) {
      assertError(await call(body), 400, "invalid_json", "Invalid JSON body");
    }
    for (const body of ["[]", "null", "true", "7", '"text"', `[${JSON.stringify(DETAILS)}]`]) {
      assertError(await call(body), 400, "invalid_request", "The body must be a JSON object.");
    }
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

async function assertOpens(api: Api, change: Record<string, unknown>): Promise<void> {
  const answer = await api.call("POST", UPLOAD_URL, { token, body: { ...DETAILS, ...change } });
  assert.equal(answer.status, 200, JSON.stringify(change));
}

/** That finalize takes these details: it gets as far as looking for the clip. */
async function assertFinalizeTakes(api: Api, change: Record<string, unknown>): Promise<void> {
  const body = { voice_id: crypto.randomUUID(), ...DETAILS, ...change };
  const answer = await api.call("POST", FINALIZE, { token, body });
  assertError(answer, 400, "reference_missing", "Audio file not uploaded.");
}

Deno.test("text at its limit is taken: counted in code points, composed and trimmed", async () => {
  await using api = await startApi({ keys });
  const fits = (most: number) =>
    ["a", "😀", "e\u0301", "字"].map((character) => ` \n${character.repeat(most)}\t `);
  const names = [...fits(100), "a", "🧑‍🚀", "O'Brien; drop table voices; --", "‮right to left"];
  await withDashScope([], async () => {
    const transcripts = fits(2000).map((transcript) => ({ transcript }));
    for (const change of [...names.map((name) => ({ name })), ...transcripts]) {
      await assertOpens(api, change);
      await assertFinalizeTakes(api, change);
    }
    for (const description of [...fits(1000), null, undefined, "", "  "]) {
      await assertFinalizeTakes(api, { description });
    }
    await assertFinalizeTakes(api, { voice_id: ` ${crypto.randomUUID().toUpperCase()} ` });
  });
});

Deno.test("every language is taken by its name and its code, in any case", async () => {
  await using api = await startApi({ keys });
  const codes = "zh en de it pt es ja ko fr ru";
  const names = "Auto Chinese English German Italian Portuguese Spanish Japanese Korean French Russian";
  for (const known of `${codes} ${names}`.split(" ")) {
    for (const language of [known, known.toUpperCase(), known.toLowerCase(), ` ${known} `]) {
      await assertOpens(api, { language });
    }
  }
});

Deno.test("of a tag as browsers have it, the language counts, whatever the script, the region and the rest", async () => {
  await using api = await startApi({ keys });
  const tags = ["en-US", "zh-CN", "zh-Hant-TW", "pt-BR", "DE-ch-1901", "es-419", "ja-JP-u-ca-japanese"];
  for (const language of tags) await assertFinalizeTakes(api, { language });
});

Deno.test("unknown fields and any content type are taken, duplicated fields count by the last", async () => {
  await using api = await startApi({ keys });
  const rest = JSON.stringify(DETAILS).slice(1);
  const bodies = [
    { ...DETAILS, voice_id: "ignored here", user_id: crypto.randomUUID(), extra: { deep: [1] } },
    `{"__proto__":{"name":"x"},"constructor":1,${rest}`,
    `{"name":7,${rest}`,
  ];
  for (const body of bodies) assert.equal((await api.call("POST", UPLOAD_URL, { token, body })).status, 200);
  const headers = { "Content-Type": "text/plain" };
  assert.equal((await api.call("POST", UPLOAD_URL, { token, body: DETAILS, headers })).status, 200);
});

const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
const odd = fc.constantFrom("\ud800", "\0", "en", "Auto");
const anyText = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.json(), odd);
const anyValue = fc.oneof(anyText, fc.jsonValue());
const nearlyRight = fc.record({
  voice_id: fc.oneof(fc.uuid(), anyValue),
  name: fc.oneof(fc.constant(DETAILS.name), anyValue),
  language: fc.oneof(fc.constant(DETAILS.language), anyValue),
  transcript: fc.oneof(fc.constant(DETAILS.transcript), anyValue),
  description: anyValue,
}, { requiredKeys: [] });

/** An answer that is not as docs/openapi.json describes it fails the run. */
async function assertNoFailure(response: Response): Promise<void> {
  const text = await response.text();
  assert(response.status < 500, `${response.status} ${text}`);
}

for (const path of [UPLOAD_URL, FINALIZE]) {
  const assertAnswers = async (bodies: fc.Arbitrary<string | Bytes>, numRuns: number) => {
    await using api = await startApi({ keys });
    const property = fc.asyncProperty(bodies, async (body) => {
      await assertNoFailure(await fetch(api.url + path, { method: "POST", headers, body }));
    });
    await withDashScope([], () => fc.assert(property, { numRuns }));
  };

  Deno.test(`${path}: any JSON has a good answer or the error envelope, never a 500`, () =>
    assertAnswers(fc.oneof(nearlyRight, fc.jsonValue()).map((body) => JSON.stringify(body)), 300));

  Deno.test(`${path}: any bytes have the error envelope, never a 500`, async () => {
    const whole = new TextEncoder().encode(JSON.stringify({ voice_id: crypto.randomUUID(), ...DETAILS }));
    const damaged = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => whole.with(at, byte));
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged).map((some) => new Uint8Array(some));
    await assertAnswers(bytes, 200);
  });
}

Deno.test("any path and query has an answer of ours, never a 500", async () => {
  await using api = await startApi({ keys });
  const part = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
    fc.constantFrom("..", "%", "%00", "%ff"),
  );
  const encode = (text: string) =>
    text.startsWith("%") ? text.replace(/[^%\w]/g, "") : encodeURIComponent(text);
  const parameter = fc.constantFrom("page", "per_page", "search", "source");
  const property = fc.asyncProperty(part, part, parameter, async (id, value, name) => {
    const [voice, query] = [`/voices/${encode(id)}`, `/voices?${name}=${encode(value)}`];
    for (const path of [query, `${voice}/preview`, `${voice}/${encode(value)}`]) {
      await assertNoFailure(await fetch(api.url + path, { headers, redirect: "manual" }));
    }
  });
  await fc.assert(property, { numRuns: 200 });
});
