import fc from "fast-check";
import { anyUnit } from "./fuzz_bodies.ts";

/** Characters that a server takes in a path without escaping (RFC 9112 and what Deno is lenient about). */
const pathCharacter = fc.constantFrom(..."abzAZ019-._~!$&'()*+,;=:@/|[]^\\{}\"");
const escaped = fc.constantFrom(
  ..."%00 %0a %0d%0a %20 %22 %23 %25 %2e%2e %2f %5c %7f %80 %c3%28 %ed%a0%80 %f0%9f%98%80 %ff % %z %zz .."
    .split(" "),
);
/** Part of a path or a query that nobody writes by hand. */
export const oddPart = fc.array(fc.oneof(pathCharacter, escaped), { maxLength: 12 }).map((parts) =>
  parts.join("")
);
const id = fc.oneof(
  { weight: 6, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: oddPart.map((part) => part.replaceAll("/", "%2f") || "-") },
);

/** Paths of the app's own list, with ids filled in; some bent, and some that nobody has. */
export const pathOf = (pattern: string) =>
  fc.tuple(
    id,
    fc.oneof(
      { weight: 20, arbitrary: fc.constant((path: string) => path) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          (path: string) => `${path}/`,
          (path: string) => `/${path}`,
          (path: string) => path.toUpperCase(),
          (path: string) => path.replace("/api/", "/api//"),
          (path: string) => path.replace("/api/", "/api/./"),
          (path: string) => path.replace("/api/", "/api/x/../"),
          (path: string) => path.replace("/api", "/functions/v1/api"),
          (path: string) => path.replace("i/", "i%2f"),
          (path: string) => `${path};a=b`,
          (path: string) => `http://127.0.0.1:1${path}`,
        ),
      },
    ),
  ).map(([filled, bend]) => bend(pattern.replace(/:\w+/, filled)));

const queryValue = fc.oneof(
  fc.constantFrom(
    "",
    "1",
    "2",
    "20",
    "0",
    "-1",
    "1e3",
    "1000000",
    "9".repeat(40),
    "uploaded",
    "designed",
    "*",
  ),
  fc.constantFrom(
    "a,or=(id.gt.0)",
    "x)&or=(user_id.neq.0",
    "eq.1",
    "%",
    "\\",
    "(((((a+)+)+)+)+",
    "[",
    "a".repeat(101),
  ),
  fc.string({ unit: anyUnit, maxLength: 8 }),
).map((value) => encodeURIComponent(value.toWellFormed()));
/** A query, with its `?`; most are such as the list of voices has. */
export const query = fc.oneof(
  fc.constant(""),
  fc.array(
    fc.tuple(
      fc.constantFrom(
        "page",
        "per_page",
        "search",
        "source",
        "user_id",
        "select",
        "or",
        "__proto__",
        "page[]",
      ),
      fc.oneof({ weight: 9, arbitrary: queryValue }, { weight: 1, arbitrary: escaped }),
    ),
    { maxLength: 3 },
  ).map((pairs) => `?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`),
  // Deno 2.1 itself answers 400 to a quotation mark in a query.
  oddPart.map((part) => `?${part.replaceAll('"', "%22")}`),
);
