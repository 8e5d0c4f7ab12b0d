// Any request that a client may send to the function, as fast-check makes and shrinks it.
import fc from "fast-check";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { join } from "../clips/binary.ts";
import { APP_ORIGIN } from "./answer_rules.ts";
import { DETAILS } from "./reference.ts";

/** A body as it is sent: its bytes, and whether its length stands in a header or it comes in chunks. */
type FuzzBody = { bytes: Bytes; chunked: boolean };

export type FuzzRequest = {
  route: string;
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: FuzzBody | null;
  day: number;
};

/** Stand-ins for what may be in `Authorization` and `apikey`, so that a request that failed can be printed. */
export type FuzzKeys = {
  good: string[];
  bad: string[];
  secretKey: string;
};

const encoder = new TextEncoder();
const encode = (text: string) => encoder.encode(text);
const oneOf = (text: string, separator = " ") => fc.constantFrom(...text.split(separator));
const weighted = <Item>(...choices: [weight: number, arbitrary: fc.Arbitrary<Item>][]): fc.Arbitrary<Item> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** Any unit of UTF-16, half of a pair too; fast-check's own `binary` takes seconds to set up. */
const anyUnit = fc.nat(0xffff).map((code) => String.fromCharCode(code));
const oddText = fc.oneof(
  oneOf(
    "\0|a\0b|\ud800|\udc00\ud800|\ufeff|‮rtl|e\u0301|😀|--; drop table voices|<script>|../../etc/passwd|__proto__|http://127.0.0.1/",
    "|",
  ),
  fc.constantFrom("x".repeat(101), "x".repeat(2001)),
);
const wild = fc.oneof(
  fc.oneof(fc.string(), fc.string({ unit: anyUnit, maxLength: 12 }), oddText),
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(null, true, 0, -0, 1e308, -1, 2 ** 53, [], {}, [[]], { toString: 1 }, { length: -1 }),
);
const voiceId = weighted(
  [8, fc.uuid()],
  [1, fc.uuid().map((id) => id.toUpperCase())],
  [1, fc.constantFrom("00000000-0000-0000-0000-000000000000", "no-uuid", "../..", "")],
);
const language = oneOf("English|en|AUTO| de |fr|ru|Klingon|constructor", "|");
const field = oneOf("name language transcript voice_id description text repair odd");

const GOOD: Record<string, Record<string, unknown>> = {
  "/clone/finalize": { ...DETAILS, description: "A warm voice" },
  "/generate": { text: "Good evening.", language: "de" },
  "/internal/reconcile": { repair: false, purge_older_than_days: 7 },
};

const nearlyRight = (path: string) =>
  fc.record({
    voiceId,
    language: fc.option(language, { nil: undefined, freq: 3 }),
    change: weighted(
      [2, fc.constant(undefined)],
      [1, fc.tuple(field, fc.option(wild, { nil: undefined, freq: 8 }))],
    ),
  }).map(({ voiceId, language, change }) =>
    JSON.stringify({
      ...GOOD[path] ?? DETAILS,
      voice_id: voiceId,
      ...(language === undefined ? {} : { language }),
      ...(change ? { [change[0]]: change[1] } : {}),
    })
  );

/** Texts that are JSON in a way that a careless reader trips over, or nearly. */
const oddJson = fc.oneof(
  oneOf(`|{|null|[]|"text"|7|NaN|\ufeff{}|{'a':1}|{"a":1}}|{"a":1e999999}`, "|"),
  fc.constantFrom(
    '{"name":"\\ud800","language":"en","transcript":"\\u0000"}',
    '{"__proto__":{"name":"x"},"constructor":{"prototype":{"name":"x"}}}',
    '{"name":"a","name":"b","name":7}',
    `{"name":${"9".repeat(400)}}`,
  ),
  fc.integer({ min: 1, max: 20_000 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
  fc.integer({ min: 1, max: 8_000 }).map((depth) => '{"name":'.repeat(depth) + "1" + "}".repeat(depth)),
  fc.json(),
);

const damaged = (path: string) =>
  fc.tuple(nearlyRight(path), fc.nat(400), oneOf("cut byte utf8"), fc.nat(255)).map(
    ([good, place, how, byte]) => {
      const bytes = encode(good);
      const at = place % bytes.length;
      if (how === "cut") return bytes.slice(0, at);
      if (how === "byte") return bytes.with(at, byte);
      return new Uint8Array([...bytes.slice(0, at), 0xc3, 0x28, 0xff, ...bytes.slice(at)]);
    },
  );

const fuzzBody = (path: string): fc.Arbitrary<FuzzBody> =>
  fc.record({
    bytes: weighted(
      [60, nearlyRight(path).map(encode)],
      [10, oddJson.map(encode)],
      [10, damaged(path)],
      [4, fc.uint8Array({ maxLength: 60 }).map((some) => new Uint8Array(some))],
      [
        2,
        fc.constantFrom(65_000, 65_536, 65_537, 100_000)
          .map((size) => encode(`{"padding":"${"x".repeat(size - 14)}"}`)),
      ],
    ),
    chunked: fc.boolean(),
  });

/** Characters that a server takes in a path without escaping (RFC 9112 and what Deno is lenient about). */
const pathCharacter = fc.constantFrom(..."abzAZ019-._~!$&'()*+,;=:@/|[]^\\{}\"");
const escaped = oneOf(
  "%00 %0a %0d%0a %20 %22 %23 %25 %2e%2e %2f %5c %7f %80 %c3%28 %ed%a0%80 %f0%9f%98%80 %ff % %z %zz ..",
);
/** Part of a path or a query that nobody writes by hand. */
const oddPart = fc.array(fc.oneof(pathCharacter, escaped), { maxLength: 12 }).map((parts) => parts.join(""));
const pathId = weighted([6, fc.uuid()], [1, oddPart.map((part) => part.replaceAll("/", "%2f") || "-")]);

const BENT: ((path: string) => string)[] = [
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => path.toUpperCase(),
  (path) => path.replace("/api/", "/api//"),
  (path) => path.replace("/api/", "/api/./"),
  (path) => path.replace("/api/", "/api/x/../"),
  (path) => path.replace("/api", "/functions/v1/api"),
  (path) => path.replace("i/", "i%2f"),
  (path) => `${path};a=b`,
  (path) => `http://127.0.0.1:1${path}`,
];
/** A path of the app's own list with its ids filled in; at times bent, so that nobody has it. */
const pathOf = (pattern: string) =>
  fc.tuple(pathId, weighted([20, fc.constant((path: string) => path)], [1, fc.constantFrom(...BENT)]))
    .map(([filled, bend]) => bend(pattern.replace(/:\w+/, filled)));

const queryValue = fc.oneof(
  oneOf(`|1|2|20|0|-1|1e3|1000000|${"9".repeat(40)}|uploaded|designed|*`, "|"),
  oneOf(`a,or=(id.gt.0) x)&or=(user_id.neq.0 eq.1 % \\ (((((a+)+)+)+)+ [ ${"a".repeat(101)}`),
  fc.string({ unit: anyUnit, maxLength: 8 }),
).map((value) => encodeURIComponent(value.toWellFormed()));
/** A query, with its `?`; most are such as the list of voices has. */
const query = fc.oneof(
  fc.constant(""),
  fc.array(
    fc.tuple(
      oneOf("page per_page search source user_id select or __proto__ page[]"),
      weighted([9, queryValue], [1, escaped]),
    ),
    { maxLength: 3 },
  ).map((pairs) => `?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`),
  // Deno 2.1 itself answers 400 to a quotation mark in a query.
  oddPart.map((part) => `?${part.replaceAll('"', "%22")}`),
);

const anyValue = fc.array(
  fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f).map((code) =>
    String.fromCharCode(code)
  ),
  { maxLength: 30 },
).map((characters) => characters.join(""));

const bearer = (tokens: string[]) => fc.constantFrom(...tokens).map((token) => `Bearer ${token}`);
const authorization = ({ good, bad, secretKey }: FuzzKeys) =>
  weighted(
    [30, bearer(good)],
    [3, bearer(bad)],
    [
      2,
      fc.tuple(
        oneOf("Bearer  |bearer |Basic ||Bearer|Token |Bearer\t|Bearer a.b.c, Bearer ", "|"),
        fc.constantFrom(...good, ...bad, secretKey, "a.b.c", "..", "null"),
        fc.constantFrom("", " ", ".", "=", "x", ", Bearer x"),
      ).map((parts) => parts.join("")),
    ],
    [1, anyValue],
  );

const headerNames =
  "x-forwarded-host x-forwarded-for x-forwarded-proto forwarded x-original-url x-rewrite-url referer cookie range " +
  "if-none-match if-modified-since x-http-method-override accept user-agent via x-real-ip content-encoding " +
  "x-client-info prefer accept-profile access-control-request-method access-control-request-headers expect-ct te " +
  "__proto__";
/** Headers that a client or something on the way may set, odd ones first. */
const others = fc.array(
  fc.oneof(
    fc.tuple(
      oneOf(headerNames),
      fc.oneof(oneOf("http://127.0.0.1:1/|evil.example.com|bytes=0-0|gzip|*||DELETE|https", "|"), anyValue),
    ),
  ),
  { maxLength: 3 },
);

const METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE QUERY PROPFIND FOO get";
const BODYLESS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * Any request; most are to a route of the app, by its method, from a user who may, and nearly right.
 * @param routes of the app, `:id` where an id belongs
 */
export function fuzzRequest(
  routes: { method: string; path: string }[],
  keys: FuzzKeys,
): fc.Arbitrary<FuzzRequest> {
  const toRoute = fc.constantFrom(...routes).chain(({ method, path }) =>
    fc.record({
      route: fc.constant<string>(`${method} ${path}`),
      method: weighted([9, fc.constant(method)], [1, oneOf(METHODS)]),
      path: pathOf(path),
      query,
      body: fc.option(fuzzBody(path.replace("/api", "")), { freq: 12 }),
    })
  );
  const elsewhere = fc.record({
    route: fc.constant<string>("none"),
    method: oneOf(METHODS),
    path: oddPart.map((part) => `/${part}`),
    query,
    body: fc.option(fuzzBody("")),
  });
  const contentTypes = "application/json|text/plain|multipart/form-data; boundary=x|application/xml|;";
  const requestId = fc.oneof(fc.stringMatching(/^[\w=-]{1,20}$/), anyValue, fc.constant("f".repeat(129)));
  return fc.record({
    target: weighted([20, toRoute], [1, elsewhere]),
    authorization: fc.option(authorization(keys), { freq: 20 }),
    apikey: weighted<string | null>([8, fc.constant(keys.secretKey)], [1, anyValue], [1, fc.constant(null)]),
    origin: fc.option(oneOf(`${APP_ORIGIN} ${APP_ORIGIN}.evil.com null http://127.0.0.1:1`), { freq: 2 }),
    requestId: fc.option(requestId, { freq: 3 }),
    contentType: fc.option(oneOf(contentTypes, "|"), { freq: 2 }),
    host: weighted(
      [20, fc.constant("127.0.0.1")],
      [1, oneOf("evil.example.com|[::1]:9|a/api/health?||a@b|[::|ü", "|")],
    ),
    others,
    day: fc.nat(),
  }).map(({ target: { route, method, path, query, body }, others, day, host, ...named }) => {
    const headers: [string, string][] = [["Host", host], ...others];
    const set = (name: string, value: string | null) => {
      if (value !== null) headers.push([name, value]);
    };
    set("Authorization", named.authorization);
    set("apikey", path.includes("/internal") || day % 29 === 0 ? named.apikey : null);
    set("Origin", named.origin);
    set("X-Request-Id", named.requestId);
    set("Content-Type", named.contentType);
    return { route, method, target: path + query, headers, body: BODYLESS.has(method) ? null : body, day };
  });
}

const latin = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff);

/**
 * The request as it is written to a connection that stays open.
 * @param fill puts tokens and keys where their stand-ins are
 */
export function encodeRequest(
  { method, target, headers, body }: FuzzRequest,
  fill: (value: string) => string,
): Bytes {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${fill(value)}`),
    ...(body === null ? [] : [
      body.chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.bytes.length}`,
    ]),
  ];
  const head = latin(`${lines.join("\r\n")}\r\n\r\n`);
  if (body === null) return head;
  if (!body.chunked) return join(head, body.bytes);
  const size = latin(`${body.bytes.length.toString(16)}\r\n`);
  const chunk = body.bytes.length > 0 ? [size, body.bytes, latin("\r\n")] : [];
  return join(head, ...chunk, latin("0\r\n\r\n"));
}
