import fc from "fast-check";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { type FuzzBody, fuzzBody } from "./fuzz_bodies.ts";
import { oddPart, pathOf, query } from "./fuzz_targets.ts";
import { APP_ORIGIN } from "./stubbed_api.ts";

/** A request of HTTP/1.1 that any client may send, and the weather it meets. */
export type FuzzRequest = {
  /** The route that it was made for. */
  route: string;
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: FuzzBody | null;
  day: number;
};

/** Stand-ins for what may be in `Authorization` and `apikey`, so that a request that failed can be printed. */
export type FuzzKeys = {
  /** Tokens of users who may do everything. */
  good: string[];
  /** Tokens that are refused, for whatever reason. */
  bad: string[];
  secretKey: string;
};

const anyValue = fc.array(
  fc.integer({ min: 0x21, max: 0xff }).filter((code) => code !== 0x7f).map((code) =>
    String.fromCharCode(code)
  ),
  { maxLength: 30 },
).map((characters) => characters.join(""));

const authorization = ({ good, bad, secretKey }: FuzzKeys) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...good).map((token) => `Bearer ${token}`) },
    { weight: 3, arbitrary: fc.constantFrom(...bad).map((token) => `Bearer ${token}`) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.constantFrom(
          "Bearer  ",
          "bearer ",
          "Basic ",
          "",
          "Bearer",
          "Token ",
          "Bearer\t",
          "Bearer a.b.c, Bearer ",
        ),
        fc.constantFrom(...good, ...bad, secretKey, "a.b.c", "..", "null"),
        fc.constantFrom("", " ", ".", "=", "x", ", Bearer x"),
      ).map((parts) => parts.join("")),
    },
    { weight: 1, arbitrary: anyValue },
  );

/** Headers that a client or something on the way may set, odd ones first. */
const others = fc.array(
  fc.oneof(
    fc.tuple(
      fc.constantFrom(
        ...[
          "x-forwarded-host",
          "x-forwarded-for",
          "x-forwarded-proto",
          "forwarded",
          "x-original-url",
          "x-rewrite-url",
        ],
        ...[
          "referer",
          "cookie",
          "range",
          "if-none-match",
          "if-modified-since",
          "x-http-method-override",
          "accept",
        ],
        ...[
          "user-agent",
          "via",
          "x-real-ip",
          "content-encoding",
          "x-client-info",
          "prefer",
          "accept-profile",
        ],
        ...[
          "access-control-request-method",
          "access-control-request-headers",
          "expect-ct",
          "te",
          "__proto__",
        ],
      ),
      fc.oneof(
        fc.constantFrom(
          "http://127.0.0.1:1/",
          "evil.example.com",
          "bytes=0-0",
          "gzip",
          "*",
          "",
          "DELETE",
          "https",
        ),
        anyValue,
      ),
    ),
  ),
  { maxLength: 3 },
);

const METHODS = "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE QUERY PROPFIND FOO get".split(" ");
const BODYLESS = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/**
 * Any request; most are to a route of the app, by its method, from a user who may, and nearly right.
 * @param routes of the app, `:id` where an id belongs
 */
export function fuzzRequest(
  routes: { method: string; path: string }[],
  keys: FuzzKeys,
): fc.Arbitrary<FuzzRequest> {
  const target = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.constantFrom(...routes).chain((route) =>
        fc.record({
          route: fc.constant(`${route.method} ${route.path}`),
          method: fc.oneof(
            { weight: 9, arbitrary: fc.constant(route.method) },
            { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
          ),
          path: pathOf(route.path),
          query,
          body: fc.option(fuzzBody(route.path.replace("/api", "")), { freq: 12 }),
        })
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        route: fc.constant("none"),
        method: fc.constantFrom(...METHODS),
        path: oddPart.map((part) => `/${part}`),
        query,
        body: fc.option(fuzzBody("")),
      }),
    },
  );
  return fc.record({
    target,
    authorization: fc.option(authorization(keys), { freq: 20 }),
    apikey: fc.oneof({ weight: 8, arbitrary: fc.constant(keys.secretKey) }, {
      weight: 1,
      arbitrary: anyValue,
    }, { weight: 1, arbitrary: fc.constant(null) }),
    origin: fc.option(fc.constantFrom(APP_ORIGIN, `${APP_ORIGIN}.evil.com`, "null", "http://127.0.0.1:1"), {
      freq: 2,
    }),
    requestId: fc.option(
      fc.oneof(fc.stringMatching(/^[\w=-]{1,20}$/), anyValue, fc.constant("f".repeat(129))),
      {
        freq: 3,
      },
    ),
    contentType: fc.option(
      fc.constantFrom(
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/xml",
        ";",
      ),
      { freq: 2 },
    ),
    host: fc.oneof(
      { weight: 20, arbitrary: fc.constant("127.0.0.1") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("evil.example.com", "[::1]:9", "a/api/health?", "", "a@b", "[::", "ü"),
      },
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
  const framing = body === null
    ? []
    : [body.chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.bytes.length}`];
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${fill(value)}`),
    ...framing,
  ];
  const head = latin(`${lines.join("\r\n")}\r\n\r\n`);
  if (body === null) return head;
  const parts = [head, body.bytes];
  if (body.chunked) {
    const size = latin(`${body.bytes.length.toString(16)}\r\n`);
    parts.splice(
      1,
      1,
      ...(body.bytes.length > 0 ? [size, body.bytes, latin("\r\n")] : []),
      latin("0\r\n\r\n"),
    );
  }
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
