import fc from "fast-check";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { DETAILS } from "./clone.ts";

/** A body as it is sent: its bytes, and whether its length is told or it comes in chunks. */
export type FuzzBody = { bytes: Bytes; chunked: boolean };

const encoder = new TextEncoder();
const encode = (text: string) => encoder.encode(text);

const oddText = fc.constantFrom(
  ..."\0|a\0b|\ud800|\udc00\ud800|\ufeff|‮rtl|e\u0301|😀|--; drop table voices|<script>|../../etc/passwd|__proto__"
    .split(
      "|",
    ),
  "http://127.0.0.1/",
  "x".repeat(101),
  "x".repeat(2001),
);
/** Any unit of UTF-16, half of a pair too; fast-check's own `binary` takes seconds to set up. */
export const anyUnit = fc.nat(0xffff).map((code) => String.fromCharCode(code));
const text = fc.oneof(fc.string(), fc.string({ unit: anyUnit, maxLength: 12 }), oddText);
/** What may stand in a field instead of what belongs there. */
const wild = fc.oneof(
  text,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, 0, -0, 1e308, -1, 2 ** 53, [], {}, [[]], { toString: 1 }, { length: -1 }),
);
const voiceId = fc.oneof(
  { weight: 8, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: fc.uuid().map((id) => id.toUpperCase()) },
  { weight: 1, arbitrary: fc.constantFrom("00000000-0000-0000-0000-000000000000", "no-uuid", "../..", "") },
);
const language = fc.constantFrom("English", "en", "AUTO", " de ", "fr", "ru", "Klingon", "constructor");

const GOOD: Record<string, Record<string, unknown>> = {
  "/clone/upload-url": DETAILS,
  "/clone/finalize": { ...DETAILS, description: "A warm voice" },
  "/generate": { text: "Good evening.", language: "de" },
  "/internal/reconcile": { repair: false, purge_older_than_days: 7 },
};

/** JSON of what the route wants, with some of its fields replaced, left out or added. */
const nearlyRight = (path: string) =>
  fc.record({
    good: fc.constant(GOOD[path] ?? DETAILS),
    voiceId,
    language: fc.option(language, { nil: undefined, freq: 3 }),
    change: fc.oneof(
      fc.constant(undefined),
      fc.constant(undefined),
      fc.tuple(
        fc.constantFrom("name", "language", "transcript", "voice_id", "description", "text", "repair", "odd"),
        fc.option(wild, { nil: undefined, freq: 8 }),
      ),
    ),
  }).map(({ good, voiceId, language, change }) =>
    JSON.stringify({
      ...good,
      voice_id: voiceId,
      ...(language === undefined ? {} : { language }),
      ...(change ? { [change[0]]: change[1] } : {}),
    })
  );

/** Texts that are JSON in a way that a careless reader trips over, or nearly. */
const oddJson = fc.oneof(
  fc.constantFrom(
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "7",
    "NaN",
    "\ufeff{}",
    "{'a':1}",
    '{"a":1}}',
    '{"a":1e999999}',
    '{"name":"\\ud800","language":"en","transcript":"\\u0000"}',
    '{"__proto__":{"name":"x"},"constructor":{"prototype":{"name":"x"}}}',
    '{"name":"a","name":"b","name":7}',
    `{"name":${"9".repeat(400)}}`,
  ),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc.integer({ min: 1, max: 8_000 }).map((depth) => '{"name":'.repeat(depth) + "1" + "}".repeat(depth)),
  fc.json(),
);

/** Bytes that a valid text was turned into. */
const damaged = (path: string) =>
  fc.tuple(nearlyRight(path), fc.nat(400), fc.constantFrom("cut", "byte", "utf8"), fc.nat(255)).map(
    ([good, place, how, byte]) => {
      const bytes = encode(good);
      const at = place % bytes.length;
      if (how === "cut") return bytes.slice(0, at);
      if (how === "byte") return bytes.with(at, byte);
      return new Uint8Array([...bytes.slice(0, at), 0xc3, 0x28, 0xff, ...bytes.slice(at)]);
    },
  );

/**
 * Any body for a route; most are nearly right.
 * @param path without `/api`; one that has no body of its own gets another's
 */
export function fuzzBody(path: string): fc.Arbitrary<FuzzBody> {
  const padded = fc.constantFrom(65_000, 65_536, 65_537, 100_000).map((size) =>
    encode(`{"padding":"${"x".repeat(size - 14)}"}`)
  );
  const bytes = fc.oneof(
    { weight: 60, arbitrary: nearlyRight(path).map(encode) },
    { weight: 10, arbitrary: oddJson.map(encode) },
    { weight: 10, arbitrary: damaged(path) },
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 60 }).map((some) => new Uint8Array(some)) },
    { weight: 2, arbitrary: padded },
  );
  return fc.record({ bytes, chunked: fc.boolean() });
}
