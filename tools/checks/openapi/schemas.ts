import { z } from "zod";
import type { Contract } from "../../../supabase/functions/_shared/contract/route_contract.ts";
import { type JsonObject, jsonObject } from "./json_object.ts";

/** The highest `QWEN_MAX_TEXT_CHARS`. */
export const LIMITS = { maxTextChars: 10_000 };

/** The rule of an id without its flag, which JSON Schema lacks; the same as the format `uuid`. */
const UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/** Removes what zod adds: the bounds of a safe integer, and patterns that repeat a format. */
function tidy({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.pattern === UUID_PATTERN) {
    jsonSchema.format = "uuid";
    delete jsonSchema.minLength;
  }
  if (jsonSchema.format === "uuid") delete jsonSchema.pattern;
  delete jsonSchema.propertyNames;
  delete jsonSchema.id;
}

/** The JSON Schema of a zod schema's input or output, with named schemas in `$defs`. */
export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _, ...converted } = z.toJSONSchema(schema, { io, override: tidy });
  const text = JSON.stringify(converted).replaceAll('"#/$defs/', '"#/components/schemas/');
  return jsonObject.parse(JSON.parse(text));
}

export function createSchemas(contracts: readonly Contract[]): JsonObject {
  const schemas: JsonObject = {};
  const add = (name: string, schema: z.ZodType, io: "input" | "output") => {
    const { $defs, ...rest } = jsonSchemaOf(schema, io);
    Object.assign(schemas, $defs);
    schemas[name] = rest;
  };
  for (const { body, answer, errorFields } of contracts) {
    if (body) add(body.name, body.schema(LIMITS), "input");
    if ("schema" in answer) add(answer.name, answer.schema(), "output");
    // As `input`, because the envelope's fields stand beside them.
    for (const { name, schema } of Object.values(errorFields ?? {})) add(name, schema(), "input");
  }
  return schemas;
}
