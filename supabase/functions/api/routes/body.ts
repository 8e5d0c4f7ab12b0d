import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { ERROR_CODES } from "../../_shared/contract/error_codes.ts";
import type { FieldIssueParams } from "../../_shared/contract/fields.ts";
import { ApiError, type ErrorCode, standardError } from "../../_shared/errors.ts";

const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Limits the body to 64 KiB, counted as sent: compressed bodies are not unpacked.
 * @throws {ApiError} payload_too_large; invalid_json if the body breaks off
 */
export function createBodyLimit(): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: BODY_LIMIT_BYTES,
    onError: () => {
      throw standardError("payload_too_large");
    },
  });
  return async function limitBody(c, next) {
    await limit(c, () => Promise.resolve()).catch((error) => {
      throw error instanceof ApiError ? error : standardError("invalid_json", error);
    });
    await next();
  };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && code in ERROR_CODES;
}

/**
 * Parses input with a schema of the contract.
 * @throws {ApiError} with the sentence of the first broken rule and its code, by default `invalid_request`
 */
export function parseInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const params: FieldIssueParams | undefined = issue?.code === "custom" ? issue.params : undefined;
  const code = isErrorCode(params?.code) ? params.code : "invalid_request";
  throw new ApiError(code, issue?.message ?? "The request is not valid.");
}

/**
 * The JSON body of a request, or `absent` if it is empty.
 * @throws {ApiError} invalid_json
 */
export async function readJson(c: Context, absent?: unknown): Promise<unknown> {
  const bytes = await c.req.arrayBuffer().catch((cause) => {
    throw standardError("invalid_json", cause);
  });
  if (bytes.byteLength === 0 && absent !== undefined) return absent;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw standardError("invalid_json", cause);
  }
}
