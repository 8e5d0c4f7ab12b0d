import { z } from "zod";
import {
  cancelTaskResponse,
  deleteVoiceResponse,
  finalizeRequest,
  finalizeResponse,
  generateRequest,
  generateResponse,
  healthResponse,
  languagesResponse,
  listVoicesResponse,
  reconcileReport,
  reconcileRequest,
  taskResponse,
  uploadUrlRequest,
  uploadUrlResponse,
  voice,
  workReport,
} from "../../../supabase/functions/_shared/contract.ts";
import { checkReport, configInvalidError } from "../../../supabase/functions/_shared/contract_check.ts";
import { annotate } from "./annotate.ts";
import { FIELD_NOTES } from "./field_notes.ts";
import { type JsonObject, jsonObject } from "./json.ts";

/** The longest text that can be configured: the upper bound of `QWEN_MAX_TEXT_CHARS`. */
const MOST_TEXT_CHARS = 10_000;

const REQUESTS = {
  UploadUrlRequest: uploadUrlRequest,
  FinalizeRequest: finalizeRequest,
  GenerateRequest: generateRequest(MOST_TEXT_CHARS),
  ReconcileRequest: reconcileRequest,
};

const ANSWERS = {
  Health: healthResponse,
  Languages: languagesResponse,
  UploadUrl: uploadUrlResponse,
  FinalizedVoice: finalizeResponse,
  Voice: voice,
  VoiceList: listVoicesResponse,
  VoiceDeleted: deleteVoiceResponse,
  GenerationStarted: generateResponse,
  Task: taskResponse,
  TaskCancelled: cancelTaskResponse,
  WorkReport: workReport,
  ReconcileReport: reconcileReport,
  CheckReport: checkReport,
};

/** What some errors hold besides the envelope. */
const ERROR_FIELDS = {
  ConfigProblems: configInvalidError.pick({ problems: true }).partial(),
};

/** The schemas of the document, by name. */
export type SchemaName = keyof typeof REQUESTS | keyof typeof ANSWERS | keyof typeof ERROR_FIELDS;

/** The contract's rule of an id, without its flag: JSON Schema has none, so the format `uuid` says it. */
const UUID_PATTERN = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

/** What zod writes and nobody needs: the bounds of a safe integer, and a pattern that says what the format says. */
function tidy({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.pattern === UUID_PATTERN) {
    jsonSchema.format = "uuid";
    delete jsonSchema.minLength;
  }
  if (jsonSchema.format === "uuid") delete jsonSchema.pattern;
  delete jsonSchema.propertyNames;
}

function convert(schemas: Record<string, z.ZodType>, io: "input" | "output"): [string, JsonObject][] {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const converted = z.toJSONSchema(registry, {
    io,
    target: "draft-2020-12",
    uri: (id) => `#/components/schemas/${id}`,
    override: tidy,
  });
  return Object.entries(converted.schemas).map(([name, schema]) => {
    const { $schema: _, $id: __, ...rest } = jsonObject.parse(JSON.parse(JSON.stringify(schema)));
    return [name, rest];
  });
}

/**
 * The schemas of the contract as the document has them: by zod, with what JSON Schema cannot tell in words.
 * @throws {Error} when a field has no words, or words have no field
 */
export function createSchemas(): JsonObject {
  const schemas = [
    ...convert(REQUESTS, "input"),
    ...convert(ANSWERS, "output"),
    // As `input`, for what stands beside them is the envelope's.
    ...convert(ERROR_FIELDS, "input"),
  ];
  for (const [name, schema] of schemas) annotate(name, schema, FIELD_NOTES[name] ?? {});
  return Object.fromEntries(schemas);
}
