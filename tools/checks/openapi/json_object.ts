import { z } from "zod";

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

export type JsonObject = { [name: string]: JsonValue };

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json());
