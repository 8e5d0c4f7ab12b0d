import assert from "node:assert/strict";
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

/** What was asked, as far as the headers depend on it. */
type Asked = { requestId?: string | undefined; origin?: string | undefined };

/** What holds for the headers of every answer. `startApi` holds its body, and what belongs to its status, to the document. */
export function assertHeaders({ status, headers }: WireAnswer, asked: Asked): void {
  for (const [name, value] of Object.entries(SECURE_HEADERS)) assert.equal(headers.get(name), value, name);
  const requestId = headers.get("x-request-id") ?? "";
  const isSane = asked.requestId !== undefined && /^[\w=-]{1,128}$/.test(asked.requestId);
  if (isSane) assert.equal(requestId, asked.requestId);
  else assert.match(requestId, MADE_ID, "a request id that is not sane was taken over");
  const allowed = asked.origin === APP_ORIGIN ? APP_ORIGIN : null;
  assert.equal(headers.get("access-control-allow-origin"), allowed);
  assert.equal(headers.get("access-control-allow-credentials"), null);
  assert.match(headers.get("vary") ?? "", /\bOrigin\b/);
  if (status === 302) assert(headers.get("location")?.startsWith(`${PUBLIC_URL}/storage/v1/object/sign/`));
}
