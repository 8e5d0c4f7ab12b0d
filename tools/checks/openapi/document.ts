import { ERROR_STATUS, type ErrorCode } from "../../../supabase/functions/_shared/errors.ts";
import { codesAlone, errorAnswers, goodAnswer, HEADERS, sharedAnswers } from "./answers.ts";
import type { JsonObject } from "./json.ts";
import type { Operation } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";
import { REQUEST_ID_PARAMETER } from "./parameters.ts";
import { createSchemas } from "./schemas.ts";

/** Where the document is kept, from the repository's folder. */
export const openApiPath = "docs/openapi.json";

const DESCRIPTION = `Turns an uploaded voice sample into a cloned voice, and has it speak. JSON in, JSON out.

Unknown fields of a request are ignored. Text is trimmed and composed (NFC) before it is looked at, lengths are counted
in Unicode code points, and NUL or half a surrogate pair is refused. A JSON body may have 64 KiB.

An error is \`{ "detail", "code", "request_id" }\`: \`detail\` is a sentence for a person and may change, \`code\` is from
a closed list; branch on it. Error bodies may get more fields.

A GET answers HEAD as well, without a body, and every path a preflight. What any address may answer besides, those that
are not here, methods that a path does not have and a Host that is no host, is in \`x-other-answers\`.`;

const TAGS: { name: Operation["tag"]; description: string }[] = [
  { name: "Service", description: "What is there." },
  { name: "Cloning", description: "From a clip to a voice." },
  { name: "Voices", description: "The voices of the caller." },
  { name: "Speaking", description: "From a text to audio." },
  {
    name: "Internal",
    description: "For the operator; without the secret key they answer 404, whatever is asked.",
  },
];

/** What a request may be answered before a route sees it, by who may ask. */
const BY_ACCESS: Record<Operation["access"], ErrorCode[]> = {
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

const SECURITY: Record<Operation["access"], JsonObject[]> = {
  anyone: [],
  user: [{ userToken: [] }],
  operator: [{ secretKey: [] }],
};

/** What an address answers that no operation has: sign-in is asked for first, where the path begins as a user's does. */
const ELSEWHERE: ErrorCode[] = [
  "invalid_request",
  "unauthorized",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "internal",
  "auth_unavailable",
  "config_invalid",
];

const codesOf = (operation: Operation) => [...operation.errors, ...BY_ACCESS[operation.access]];

function createOperation(operation: Operation, shared: ReadonlySet<ErrorCode>): JsonObject {
  const { request } = operation;
  return {
    operationId: operation.operationId,
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    security: SECURITY[operation.access],
    parameters: [{ $ref: "#/components/parameters/RequestId" }, ...operation.parameters ?? []],
    ...(request
      ? {
        requestBody: {
          required: request.required,
          content: {
            "application/json": {
              schema: { $ref: `#/components/schemas/${request.schema}` },
              examples: Object.fromEntries(
                Object.entries(request.examples).map(([name, value]) => [name, { value }]),
              ),
            },
          },
        },
      }
      : {}),
    responses: {
      [operation.answer.status]: goodAnswer(operation.answer),
      ...errorAnswers(codesOf(operation), shared, operation.errorFields),
    },
  };
}

function createPaths(shared: ReadonlySet<ErrorCode>): JsonObject {
  const byPath = Map.groupBy(OPERATIONS, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, operations]) => [
      path,
      Object.fromEntries(
        operations.map((operation) => [operation.method, createOperation(operation, shared)]),
      ),
    ]),
  );
}

/** The envelope of every error. */
const ERROR_SCHEMA: JsonObject = {
  type: "object",
  properties: {
    detail: { type: "string", minLength: 1, description: "A sentence for a person." },
    code: { type: "string", enum: Object.keys(ERROR_STATUS), description: "Branch on it." },
    request_id: { type: "string", description: "As in `x-request-id`." },
  },
  required: ["detail", "code", "request_id"],
};

/**
 * The OpenAPI document of the function.
 * @param options.version of the project
 */
export function createOpenApiDocument(options: { version: string }): JsonObject {
  const shared = codesAlone(OPERATIONS.map(codesOf));
  return {
    openapi: "3.1.1",
    info: {
      title: "voice-clone-api",
      version: options.version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{
      url: "{origin}/functions/v1/api",
      description: "A Supabase project, or the local stack.",
      variables: {
        origin: {
          default: "http://127.0.0.1:54321",
          description: "Of the project; the local stack's by default.",
        },
      },
    }],
    tags: TAGS,
    paths: createPaths(shared),
    "x-other-answers": errorAnswers(ELSEWHERE, shared),
    components: {
      securitySchemes: {
        userToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "The access token of a signed-in user of this project who is not anonymous.",
        },
        secretKey: {
          type: "apiKey",
          in: "header",
          name: "apikey",
          description: "The project's secret key.",
        },
      },
      parameters: { RequestId: REQUEST_ID_PARAMETER },
      headers: HEADERS,
      responses: sharedAnswers(shared),
      schemas: { ...createSchemas(), Error: ERROR_SCHEMA },
    },
  };
}

/** The document as it is kept. */
export function renderOpenApi(document: JsonObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
