import { z } from "zod";
import { DashScopeError } from "./errors.ts";

const newestTargetModel = "qwen3-tts-vc-2026-01-22";
const requestSchema = z.object({ model: z.string(), input: z.unknown().optional() });

/** A value of this schema. Throws `InvalidParameter`, which names the field that is wrong, never its value. */
export function parseParameters<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join(".") || "body";
  throw new DashScopeError("InvalidParameter", {
    message: `Required parameter missing or invalid: ${field}.`,
  });
}

/**
 * Model and input of a request's body. Throws `InvalidParameter` without a model, `ModelNotFound` when `isModel` does
 * not know it, and `BadRequest.EmptyInput` without an input.
 */
export function parseRequest(
  body: unknown,
  isModel: (model: string) => boolean,
): { model: string; input: unknown } {
  const { model, input } = parseParameters(requestSchema, body);
  if (!isModel(model)) throw new DashScopeError("ModelNotFound");
  if (input === undefined || input === null) throw new DashScopeError("BadRequest.EmptyInput");
  return { model, input };
}

/** Whether cloned voices can speak with a model: pinned ones compare by date, the newest known and whatever came before. */
export function isTargetModel(model: string): boolean {
  return /^qwen3-tts-vc-\d{4}-\d{2}-\d{2}$/.test(model) && model <= newestTargetModel;
}
