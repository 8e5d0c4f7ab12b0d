import { cors } from "hono/cors";

/**
 * CORS for the browser app: any origin when `*` is among them, else only those of the list, compared as they stand.
 * Credentials are never allowed. `null`, the origin of sandboxed documents, is nobody's even when it is listed: a list that
 * is not valid is used for the answers that say so.
 */
export function createCors(allowedOrigins: readonly string[]) {
  return cors({
    origin: allowedOrigins.includes("*") ? "*" : allowedOrigins.filter((origin) => origin !== "null"),
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    allowHeaders: ["authorization", "x-client-info", "apikey", "content-type", "x-request-id"],
    exposeHeaders: ["x-request-id", "retry-after"],
    maxAge: 86_400,
  });
}
