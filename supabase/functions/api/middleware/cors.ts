import { cors } from "hono/cors";

/** CORS for the browser app: `["*"]`, or only the origins of the list. */
export function createCors(allowedOrigins: string[]) {
  return cors({
    origin: allowedOrigins.includes("*") ? "*" : allowedOrigins,
    allowMethods: ["GET", "POST", "DELETE", "OPTIONS"],
    allowHeaders: ["authorization", "x-client-info", "apikey", "content-type", "x-request-id"],
    exposeHeaders: ["x-request-id", "retry-after"],
    maxAge: 86_400,
  });
}
