import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { stack } from "./stack.ts";

/** What a browser may send past the function. */
export type BrowserRequest = {
  /** A user's own; without it, the public key alone. */
  token?: string | undefined;
  method?: string;
  /** Sent as JSON, bytes as they stand. */
  body?: Bytes | Record<string, unknown>;
  headers?: Record<string, string>;
};

/** One request to the project itself, as any browser could send it with the public key. The body is parsed if it is JSON. */
export async function askProject(path: string, request: BrowserRequest = {}) {
  const { token, method = "GET", body, headers } = request;
  const isBytes = body instanceof Uint8Array;
  const response = await fetch(stack.supabase_url + path, {
    method,
    headers: {
      apikey: stack.publishable_key,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(body && !isBytes ? { "Content-Type": "application/json" } : {}),
      ...headers,
    },
    ...(body ? { body: isBytes ? body : JSON.stringify(body) } : {}),
  });
  const text = await response.text();
  const isJson = text !== "" && response.headers.get("content-type")?.includes("json");
  const answered: unknown = isJson ? JSON.parse(text) : text;
  return { status: response.status, body: answered };
}
