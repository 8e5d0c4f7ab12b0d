import { z } from "zod";

/** A value of JSON, as it may stand in the document. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** An object of JSON. */
export type JsonObject = { [name: string]: JsonValue };

/** Whether a value of JSON is an object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Checks that something is an object of JSON. */
export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());
