import { z } from "zod";
import { DashScopeError, invalid } from "./dashscope_errors.ts";

/** A 2xx answer without its request id. */
export type Success = { output: Record<string, unknown>; usage: Record<string, number> };

/** One path of the provider's API that takes a POST. */
export type Endpoint = {
  path: string;
  /** The action of a body: calls are recorded and faults matched by it. */
  actionOf(body: unknown): string | undefined;
  /** Throws DashScopeError. `origin` is the simulator's own. */
  answer(body: unknown, origin: string): Promise<Success>;
};

const newestTargetModel = "qwen3-tts-vc-2026-01-22";
const requestSchema = z.object({ model: z.string(), input: z.unknown().optional() });

/** A value of this schema. Throws `InvalidParameter`, which names the wrong field, never its value. */
export function parseParameters<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join(".") || "body";
  throw invalid(`Required parameter missing or invalid: ${field}.`);
}

/** Model and input of a request. Throws `InvalidParameter`, `ModelNotFound` or `BadRequest.EmptyInput`. */
export function parseRequest(body: unknown, isModel: (model: string) => boolean) {
  const { model, input } = parseParameters(requestSchema, body);
  if (!isModel(model)) throw new DashScopeError("ModelNotFound");
  if (input === undefined || input === null) throw new DashScopeError("BadRequest.EmptyInput");
  return { model, input };
}

/** Whether cloned voices can speak with a model: a pinned one, up to the newest known. */
export function isTargetModel(model: string): boolean {
  return /^qwen3-tts-vc-\d{4}-\d{2}-\d{2}$/.test(model) && model <= newestTargetModel;
}
