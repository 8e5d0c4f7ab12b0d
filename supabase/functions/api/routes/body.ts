import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { z } from "zod";
import { ERROR_CODES } from "../../_shared/contract/error_codes.ts";
import type { FieldIssueParams } from "../../_shared/contract/fields.ts";
import { ApiError, type ErrorCode } from "../../_shared/errors.ts";

const BODY_LIMIT_BYTES = 64 * 1024;

const notJson = (cause?: unknown) => new ApiError("invalid_json", "Invalid JSON body", { cause });

/**
 * A handler that refuses longer bodies than any route needs: 413 `payload_too_large`. One without a length is counted as
 * it comes; what was compressed is not unpacked, so its bytes count as they came.
 * @throws {ApiError} invalid_json when the body breaks off while it is counted
 */
export function createBodyLimit(): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: BODY_LIMIT_BYTES,
    onError: () => {
      throw new ApiError("payload_too_large", "The request body must be at most 64 KiB.");
    },
  });
  return async function limitBody(c, next) {
    await limit(c, () => Promise.resolve()).catch((error) => {
      throw error instanceof ApiError ? error : notJson(error);
    });
    await next();
  };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && code in ERROR_CODES;
}

/**
 * Checks outside data by a schema of the contract.
 * @throws {ApiError} with the first broken rule's sentence and its code, `invalid_request` by default
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
 * The JSON body of a request; `absent` stands for an empty one, where that is allowed.
 * @throws {ApiError} invalid_json
 */
export async function readJson(c: Context, absent?: unknown): Promise<unknown> {
  // A client that hangs up before its body is there has made no request.
  const bytes = await c.req.arrayBuffer().catch((cause) => {
    throw notJson(cause);
  });
  if (bytes.byteLength === 0 && absent !== undefined) return absent;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw notJson(cause);
  }
}
