import { listVoicesQuery } from "../../../supabase/functions/_shared/contract.ts";
import type { JsonObject } from "./json.ts";

/** The header that every request may carry. */
export const REQUEST_ID_PARAMETER: JsonObject = {
  name: "x-request-id",
  in: "header",
  description: "Taken over when it is 1–128 characters of `A-Z a-z 0-9 _ - =`, else one is made.",
  schema: { type: "string", minLength: 1, maxLength: 128, pattern: "^[A-Za-z0-9_=-]+$" },
  example: "c3f79fd5-d836-49b7-90f1-33677d057b2d",
};

/** The `{id}` of a path. */
export function idParameter(description: string, example: string): JsonObject {
  return {
    name: "id",
    in: "path",
    required: true,
    description,
    schema: { type: "string", format: "uuid" },
    example,
  };
}

const QUERY: Record<keyof typeof listVoicesQuery.shape, { description: string; schema: JsonObject }> = {
  page: {
    description: "A page behind the last is empty.",
    schema: { type: "integer", minimum: 1, maximum: 1_000_000, default: 1 },
  },
  per_page: {
    description: "How many voices a page holds.",
    schema: { type: "integer", minimum: 1, maximum: 100, default: 20 },
  },
  search: {
    description: "Names that hold this text, in any case.",
    schema: { type: "string", maxLength: 100 },
  },
  source: {
    description: "Only voices of this source.",
    schema: { type: "string", enum: listVoicesQuery.shape.source.unwrap().options },
  },
};

/** The query of `GET /voices`. A parameter without a value counts as absent. */
export const LIST_PARAMETERS: JsonObject[] = Object.entries(QUERY).map(([name, { description, schema }]) => ({
  name,
  in: "query",
  description,
  allowEmptyValue: true,
  schema,
}));
