import type { CodeEntry, ErrorCode } from "../../../supabase/functions/_shared/contract/error_codes.ts";
import { ERROR_CODES } from "../../../supabase/functions/_shared/contract/error_codes.ts";
import type { Contract } from "../../../supabase/functions/_shared/contract/route_contract.ts";
import { type JsonObject, jsonObject } from "./json_object.ts";

export const CODES: Readonly<Record<ErrorCode, CodeEntry>> = ERROR_CODES;

export const ALL_CODES = Object.keys(CODES).filter((code): code is ErrorCode => code in CODES);

/** Errors before a route is reached, by who may call it. */
const BY_ACCESS: Record<Contract["access"], ErrorCode[]> = {
  anyone: [],
  user: [
    "unauthorized",
    "forbidden",
    "internal",
    "database_unavailable",
    "auth_unavailable",
    "config_invalid",
  ],
  operator: ["not_found", "internal", "config_invalid"],
};

/** Errors at addresses without a route. Below a user's route, sign-in comes first. */
const ELSEWHERE: ErrorCode[] = [
  ...BY_ACCESS.operator,
  ...["invalid_request", "unauthorized", "forbidden", "method_not_allowed", "auth_unavailable"] as const,
];

const REQUEST_ID_HEADER: JsonObject = { "x-request-id": { $ref: "#/components/headers/RequestId" } };

export const HEADERS: JsonObject = {
  RequestId: {
    description: "The request's id, on every log line of the request. Quote it when you report a problem.",
    required: true,
    schema: { type: "string", minLength: 1, maxLength: 128 },
  },
  Location: {
    description: "A signed URL of the audio.",
    required: true,
    schema: { type: "string", format: "uri" },
  },
  Bearer: {
    description: "The authentication scheme (RFC 6750).",
    required: true,
    schema: { type: "string", const: "Bearer" },
  },
};

const ALLOW = { description: "The methods of this path.", required: true, schema: { type: "string" } };

function retryAfter(codes: ErrorCode[]): JsonObject {
  const retried = codes.filter((code) => CODES[code].retryAfterSeconds !== undefined);
  if (retried.length === 0) return {};
  const always = retried.length === codes.length;
  const only = always ? "" : ` Sent with ${retried.map((code) => `\`${code}\``).join(", ")}.`;
  return {
    "Retry-After": {
      description: `Seconds to wait before repeating the request.${only}`,
      required: always,
      schema: { type: "integer", minimum: 1 },
      "x-with-codes": retried,
    },
  };
}

/** The answer of a status: any of these codes. */
function errorAnswer(status: number, codes: ErrorCode[], fields: Contract["errorFields"] = {}): JsonObject {
  return {
    description: codes.map((code) => `\`${code}\`: ${CODES[code].when}`).join("\n\n"),
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
            ...codes.flatMap((code) => {
              const more = fields[code];
              return more ? [{ $ref: `#/components/schemas/${more.name}` }] : [];
            }),
          ],
        },
        examples: Object.fromEntries(codes.map((code) => [code, {
          value: { detail: CODES[code].detail, code, request_id: "c3f79fd5-d836-49b7-90f1-33677d057b2d" },
        }])),
      },
    },
  };
}

function byStatus(codes: Iterable<ErrorCode>): Map<number, ErrorCode[]> {
  const wanted = new Set(codes);
  return Map.groupBy(ALL_CODES.filter((code) => wanted.has(code)), (code) => CODES[code].status);
}

function goodAnswer(answer: Contract["answer"]): [status: number, answer: JsonObject] {
  const { description } = answer;
  if (!("schema" in answer)) {
    const headers = { ...REQUEST_ID_HEADER, Location: { $ref: "#/components/headers/Location" } };
    return [302, { description, headers }];
  }
  const schema = { $ref: `#/components/schemas/${answer.name}` };
  const content = { "application/json": { schema, example: jsonObject.parse(answer.example) } };
  return [200, { description, headers: REQUEST_ID_HEADER, content }];
}

/** Describes answers. A code that is alone in its status somewhere gets a shared description. */
export function createAnswers(contracts: readonly Contract[]) {
  const codesOf = ({ errors, access }: Contract) => [...errors, ...BY_ACCESS[access]];
  const alone = contracts.flatMap((contract) =>
    [...byStatus(codesOf(contract)).values()].filter(({ length }) => length === 1).flat()
  );
  const shared = ALL_CODES.filter((code) => alone.includes(code));

  const errorAnswers = (codes: ErrorCode[], fields: Contract["errorFields"] = {}): JsonObject =>
    Object.fromEntries(
      [...byStatus(codes)].map(([status, these]) => {
        const [code] = these;
        const isShared = these.length === 1 && code && shared.includes(code) && !fields[code];
        const described = isShared
          ? { $ref: `#/components/responses/${code}` }
          : errorAnswer(status, these, fields);
        return [status, described];
      }),
    );

  return {
    responses: (contract: Contract): JsonObject => {
      const [status, good] = goodAnswer(contract.answer);
      return { [status]: good, ...errorAnswers(codesOf(contract), contract.errorFields) };
    },
    otherAnswers: errorAnswers(ELSEWHERE),
    sharedAnswers: Object.fromEntries(shared.map((code) => [code, errorAnswer(CODES[code].status, [code])])),
  };
}
