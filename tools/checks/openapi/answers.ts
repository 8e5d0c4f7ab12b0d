import { ERROR_STATUS, type ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import { ERROR_TEXTS } from "./error_codes.ts";
import type { JsonObject } from "./json.ts";
import type { Operation } from "./operation.ts";

const CODES = Object.keys(ERROR_STATUS).filter((code): code is ErrorCode => code in ERROR_TEXTS);

/** What every answer carries. */
export const REQUEST_ID_HEADER: JsonObject = {
  "x-request-id": { $ref: "#/components/headers/RequestId" },
};

/** The headers of the document, by name. */
export const HEADERS: JsonObject = {
  RequestId: {
    description: "Every log line of the request holds it. Give it when you report a problem.",
    required: true,
    schema: { type: "string", minLength: 1, maxLength: 128 },
  },
  Location: {
    description: "Where the bytes are.",
    required: true,
    schema: { type: "string", format: "uri" },
  },
  Bearer: {
    description: "How to sign in (RFC 6750).",
    required: true,
    schema: { type: "string", const: "Bearer" },
  },
};

const ALLOW: JsonObject = {
  description: "The methods that the path has.",
  required: true,
  schema: { type: "string" },
};

const retries = (code: ErrorCode) => ERROR_TEXTS[code].retryAfterSeconds !== undefined;

function retryAfter(codes: ErrorCode[]): JsonObject {
  const hopeful = codes.filter(retries);
  if (hopeful.length === 0) return {};
  const always = hopeful.length === codes.length;
  return {
    "Retry-After": {
      description: always
        ? "Seconds until asking again may help."
        : `Seconds until asking again may help; with ${hopeful.map((code) => `\`${code}\``).join(", ")}.`,
      required: always,
      schema: { type: "integer", minimum: 1 },
      "x-with-codes": hopeful,
    },
  };
}

type ErrorFields = NonNullable<Operation["errorFields"]>;

/** How one status answers errors: whichever of these codes, in the envelope. */
function errorAnswer(status: number, codes: ErrorCode[], fields: ErrorFields = {}): JsonObject {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_TEXTS[code].when}.`).join("\n\n"),
    headers: {
      ...REQUEST_ID_HEADER,
      ...retryAfter(codes),
      ...(status === 401 ? { "WWW-Authenticate": { $ref: "#/components/headers/Bearer" } } : {}),
      ...(status === 405 ? { Allow: ALLOW } : {}),
    },
    content: {
      "application/json": {
        schema: {
          allOf: [
            { $ref: "#/components/schemas/Error" },
            { type: "object", properties: { code: { enum: codes } } },
            ...codes.flatMap((code) =>
              fields[code] ? [{ $ref: `#/components/schemas/${fields[code]}` }] : []
            ),
          ],
        },
        examples: Object.fromEntries(codes.map((code) => [code, {
          value: {
            detail: ERROR_TEXTS[code].detail,
            code,
            request_id: "c3f79fd5-d836-49b7-90f1-33677d057b2d",
          },
        }])),
      },
    },
  };
}

/** The codes by status, both in the order of errors.ts. */
function byStatus(codes: Iterable<ErrorCode>): [status: number, codes: ErrorCode[]][] {
  const wanted = new Set(codes);
  const grouped = Map.groupBy(CODES.filter((code) => wanted.has(code)), (code) => ERROR_STATUS[code]);
  return [...grouped];
}

/**
 * The answers with these codes, by status.
 * @param shared codes whose answers are said once, in the components, where they have their status to themselves
 * @param fields what the bodies of some codes hold besides the envelope
 */
export function errorAnswers(
  codes: Iterable<ErrorCode>,
  shared: ReadonlySet<ErrorCode>,
  fields: ErrorFields = {},
): JsonObject {
  return Object.fromEntries(
    byStatus(codes).map(([status, these]) => {
      const [code] = these;
      const alone = these.length === 1 && code !== undefined && shared.has(code) && !fields[code];
      return [
        status,
        alone ? { $ref: `#/components/responses/${code}` } : errorAnswer(status, these, fields),
      ];
    }),
  );
}

/** The codes that have their status to themselves in one of these lists. */
export function codesAlone(lists: Iterable<ErrorCode>[]): Set<ErrorCode> {
  return new Set(
    lists.flatMap((codes) => byStatus(codes).flatMap(([, these]) => these.length === 1 ? these : [])),
  );
}

/** The answers of single codes, by code: what `errorAnswers` refers to. */
export function sharedAnswers(shared: ReadonlySet<ErrorCode>): JsonObject {
  return Object.fromEntries(
    CODES.filter((code) => shared.has(code)).map((code) => [code, errorAnswer(ERROR_STATUS[code], [code])]),
  );
}

/** The answer of an operation when all is well. */
export function goodAnswer(answer: Operation["answer"]): JsonObject {
  if (!("schema" in answer)) {
    return {
      description: answer.description,
      headers: { ...REQUEST_ID_HEADER, Location: { $ref: "#/components/headers/Location" } },
    };
  }
  return {
    description: answer.description,
    headers: REQUEST_ID_HEADER,
    content: {
      "application/json": {
        schema: { $ref: `#/components/schemas/${answer.schema}` },
        example: answer.example,
      },
    },
  };
}
