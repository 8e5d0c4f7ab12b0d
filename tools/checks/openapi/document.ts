import type { Contract } from "../../../supabase/functions/_shared/contract/route_contract.ts";
import { ALL_CODES, createAnswers, HEADERS } from "./answers.ts";
import { isObject, type JsonObject, jsonObject } from "./json_object.ts";
import { createSchemas, jsonSchemaOf } from "./schemas.ts";

/** From the repository's folder. */
export const openApiPath = "docs/openapi.json";

const DESCRIPTION =
  `Turns an uploaded voice sample into a cloned voice, and generates speech with it. Requests and
answers are JSON.

Unknown fields of a request are ignored. Text is trimmed and normalized (NFC) before it is checked, lengths are counted
in Unicode code points, and NUL and unpaired surrogates are refused. A JSON body can be up to 64 KiB.

Errors are \`{ "detail", "code", "request_id" }\`. \`detail\` is a sentence for a person and may change. \`code\` is from
a closed list: branch on it. Error bodies may get more fields.

Every GET route also answers HEAD, and every path a preflight. \`x-other-answers\` describes what other addresses,
methods that a path does not have, and an invalid Host are answered.`;

const TAGS: { name: Contract["tag"]; description: string }[] = [
  { name: "Service", description: "The function itself." },
  { name: "Cloning", description: "Turn a clip into a voice." },
  { name: "Voices", description: "Manage the user's voices." },
  { name: "Speaking", description: "Turn text into speech." },
  {
    name: "Internal",
    description: "For the operator. Without the secret key, every request is answered 404.",
  },
];

const SECURITY: Record<Contract["access"], JsonObject[]> = {
  anyone: [],
  user: [{ userToken: [] }],
  operator: [{ secretKey: [] }],
};

const REQUEST_ID_PARAMETER: JsonObject = {
  name: "x-request-id",
  in: "header",
  description:
    "Used as the request's id if it is 1–128 characters of `A-Z a-z 0-9 _ - =`; otherwise one is generated.",
  schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_=-]+$" },
  example: "c3f79fd5-d836-49b7-90f1-33677d057b2d",
};

const ERROR_SCHEMA: JsonObject = {
  type: "object",
  properties: {
    detail: { type: "string", minLength: 1, description: "A sentence for a person." },
    code: { type: "string", enum: ALL_CODES, description: "The error code to branch on." },
    request_id: { type: "string", description: "The request's id, as in `x-request-id`." },
  },
  required: ["detail", "code", "request_id"],
};

function parametersOf({ id, query }: Contract): JsonObject[] {
  const { properties } = query ? jsonSchemaOf(query(), "output") : {};
  return [
    { $ref: "#/components/parameters/RequestId" },
    ...(id
      ? [{
        name: "id",
        in: "path",
        required: true,
        description: id.description,
        schema: jsonSchemaOf(id.schema(), "input"),
        example: id.example,
      }]
      : []),
    ...Object.entries(isObject(properties) ? properties : {}).map(([name, property]) => {
      const { description = "", ...schema } = isObject(property) ? property : {};
      return { name, in: "query", description, allowEmptyValue: true, schema };
    }),
  ];
}

function requestOf({ body }: Contract): JsonObject {
  if (!body) return {};
  const schema = { $ref: `#/components/schemas/${body.name}` };
  const examples = Object.fromEntries(
    Object.entries(body.examples).map(([name, value]) => [name, { value: jsonObject.parse(value) }]),
  );
  const content = { "application/json": { schema, examples } };
  return { requestBody: { required: body.absent === undefined, content } };
}

/** The OpenAPI document of the function, in the project's version. */
export function createOpenApiDocument(contracts: readonly Contract[], version: string): JsonObject {
  const { responses, otherAnswers, sharedAnswers } = createAnswers(contracts);
  const paths: Record<string, JsonObject> = {};
  for (const contract of contracts) {
    const { path, method, operationId, tag, summary, description, access } = contract;
    const operations = paths[path.replace(/:(\w+)/g, "{$1}")] ??= {};
    operations[method.toLowerCase()] = {
      operationId,
      tags: [tag],
      summary,
      ...(description === undefined ? {} : { description }),
      security: SECURITY[access],
      parameters: parametersOf(contract),
      ...requestOf(contract),
      responses: responses(contract),
    };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "voice-clone-api",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{
      url: "{origin}/functions/v1/api",
      description: "A Supabase project, or the local stack.",
      variables: {
        origin: {
          default: "http://127.0.0.1:54321",
          description: "The project's origin. The default is the local stack.",
        },
      },
    }],
    tags: TAGS,
    paths,
    "x-other-answers": otherAnswers,
    components: {
      securitySchemes: {
        userToken: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "The access token of a signed-in user of this project who is not anonymous.",
        },
        secretKey: { type: "apiKey", in: "header", name: "apikey", description: "The project's secret key." },
      },
      parameters: { RequestId: REQUEST_ID_PARAMETER },
      headers: HEADERS,
      responses: sharedAnswers,
      schemas: { ...createSchemas(contracts), Error: ERROR_SCHEMA },
    },
  };
}
