import assert from "node:assert/strict";
import type { Answer } from "./api.ts";

/** The whole error envelope: exactly `{ detail, code, request_id }`, the id as in the header. */
export function assertError(answer: Answer, status: number, code: string, detail?: string): void {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  const requestId = answer.headers.get("x-request-id");
  assert(requestId);
  const body = answer.body;
  assert(typeof body === "object" && body !== null && "detail" in body);
  assert.equal(typeof body.detail, "string");
  assert.deepEqual(body, { detail: detail ?? body.detail, code, request_id: requestId });
}
