import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import type { Bytes } from "../_shared/bytes.ts";
import { finalizeVoice } from "../_shared/contract/finalize_voice.ts";
import { createUploadUrl } from "../_shared/contract/create_upload_url.ts";
import { ERROR_CODES } from "../_shared/contract/error_codes.ts";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { keys, newUser } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const { token } = await newUser();

const errorBody = z.strictObject({ detail: z.string().min(1), code: z.string(), request_id: z.string() });

const ROUTES = [
  { path: "/clone/upload-url", answer: createUploadUrl.answer.schema().strict() },
  { path: "/clone/finalize", answer: finalizeVoice.answer.schema().strict() },
];

/** The good answer of the route, or the whole error envelope below 500. */
async function assertEnvelope(response: Response, answer: z.ZodType): Promise<void> {
  const body: unknown = await response.json();
  if (response.status === 200) {
    answer.parse(body);
    return;
  }
  const { code, request_id } = errorBody.parse(body);
  assert.equal(Object.entries(ERROR_CODES).find(([known]) => known === code)?.[1].status, response.status);
  assert.equal(request_id, response.headers.get("x-request-id"));
  assert(response.status < 500, `status ${response.status}`);
}

const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.constantFrom("\ud800", "\0", "en", "Auto"),
);
const anyValue = fc.oneof(anyText, fc.jsonValue());
const nearlyRight = fc.record({
  voice_id: fc.oneof(fc.uuid(), anyValue),
  name: fc.oneof(fc.constant(DETAILS.name), anyValue),
  language: fc.oneof(fc.constant(DETAILS.language), anyValue),
  transcript: fc.oneof(fc.constant(DETAILS.transcript), anyValue),
  description: anyValue,
}, { requiredKeys: [] });

for (const { path, answer } of ROUTES) {
  /** That any such body has a good answer or the error envelope. */
  const assertAnswers = async (bodies: fc.Arbitrary<string | Bytes>, numRuns: number) => {
    await using api = await startApi({ keys });
    const property = fc.asyncProperty(bodies, async (body) => {
      await assertEnvelope(await fetch(api.url + path, { method: "POST", headers, body }), answer);
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
      await assertEnvelope(await fetch(api.url + path, { headers, redirect: "manual" }), z.unknown());
    }
  });
  await fc.assert(property, { numRuns: 200 });
});
