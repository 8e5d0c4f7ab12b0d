import assert from "node:assert/strict";
import { z } from "zod";
import { ERROR_CODES } from "../../../supabase/functions/_shared/contract/error_codes.ts";
import type { WireAnswer } from "./connections.ts";

export const PUBLIC_URL = "https://voices.example.com";
export const APP_ORIGIN = "https://app.example.com";

/** The headers that stand on every answer, whatever it is. */
export const SECURE_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "cross-origin",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

const MADE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const envelope = z.strictObject({ detail: z.string().min(1), code: z.string(), request_id: z.string() });

/** What was asked, as far as the answer depends on it. */
export type Asked = { method: string; requestId: string | null; origin: string | null };

function assertHeaders({ status, headers }: WireAnswer, asked: Asked): void {
  for (const [name, value] of Object.entries(SECURE_HEADERS)) assert.equal(headers.get(name), value, name);
  const requestId = headers.get("x-request-id") ?? "";
  const isSane = asked.requestId !== null && /^[\w=-]{1,128}$/.test(asked.requestId);
  if (isSane) assert.equal(requestId, asked.requestId);
  else assert.match(requestId, MADE_ID, "a request id that is not sane was taken over");
  const allowed = asked.origin === APP_ORIGIN ? APP_ORIGIN : null;
  assert.equal(headers.get("access-control-allow-origin"), allowed);
  assert.equal(headers.get("access-control-allow-credentials"), null);
  assert.match(headers.get("vary") ?? "", /\bOrigin\b/);
  if (status === 405) assert.match(headers.get("allow") ?? "", /^([A-Z]+, )+OPTIONS$/);
  if (status === 401) assert.equal(headers.get("www-authenticate"), "Bearer");
  if (status === 302) assert(headers.get("location")?.startsWith(`${PUBLIC_URL}/storage/v1/object/sign/`));
}

function assertBody({ status, headers, body }: WireAnswer, asked: Asked): void {
  if (asked.method === "HEAD" || status === 204 || status === 302) {
    assert.equal(body, "");
    return;
  }
  assert.equal(headers.get("content-type"), "application/json");
  const told: unknown = JSON.parse(body);
  if (status < 400) {
    assert.equal(status, 200, `status ${status}`);
    return;
  }
  const { code, request_id } = envelope.parse(told);
  assert.equal(Object.entries(ERROR_CODES).find(([known]) => known === code)?.[1].status, status, code);
  assert.equal(request_id, headers.get("x-request-id"));
}

/**
 * What holds for every answer, whatever was asked: its headers, and a body of JSON, for an error the whole envelope with a
 * code of the list and its status.
 */
export function assertAnswer(answer: WireAnswer, asked: Asked): void {
  assertHeaders(answer, asked);
  assertBody(answer, asked);
}
