import type { Bytes } from "../../../../supabase/functions/_shared/bytes.ts";
import { z } from "zod";
import { mendError } from "./errors.ts";
import { type ObjectRow, parseRow } from "./object_rows.ts";
import { inEmbeddedUrl, type StoragePath } from "./paths.ts";

/** The embedded Storage, asked in its own words. */
export type Embedded = ReturnType<typeof createEmbedded>;

/** Puts the questions of the wire adapter to the embedded Storage. */
export function createEmbedded(
  { send, secretKey }: { send: (request: Request) => Promise<Response>; secretKey: string },
) {
  const at = (request: Request, path: string) => new URL(`/storage/v1${path}`, request.url);

  /** Asks with the caller's credentials. */
  function ask(request: Request, path: string, method: string, body?: unknown): Promise<Response> {
    const headers = new Headers({ "content-type": "application/json" });
    for (const name of ["apikey", "authorization", "x-upsert"]) {
      const value = request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return send(new Request(at(request, path), { method, headers, ...json }));
  }

  /** Asks with the secret key, where a signed URL has already proved the right. */
  function askAsService(request: Request, path: string): Promise<Response> {
    const headers = { apikey: secretKey, "content-type": "application/json" };
    return send(new Request(at(request, path), { headers }));
  }

  return {
    ask,
    askAsService,
    /** Hands a request on as it is. */
    pass: send,

    /** Sends bytes to a path, with the caller's headers but for these. */
    put(
      request: Request,
      path: string,
      { headers: own, bytes }: { headers: Record<string, string>; bytes: Bytes },
    ): Promise<Response> {
      const headers = new Headers(request.headers);
      for (const [name, value] of Object.entries(own)) headers.set(name, value);
      return send(new Request(at(request, path), { method: request.method, headers, body: bytes }));
    },

    /** An object's row, or why there is none, in hosted Storage's words. */
    async rowOf(
      request: Request,
      { bucket, key }: StoragePath,
      as: "caller" | "service",
    ): Promise<ObjectRow | Response> {
      const path = `/object/info/${bucket}/${inEmbeddedUrl(key)}`;
      const response = as === "service" ? await askAsService(request, path) : await ask(request, path, "GET");
      return response.ok ? parseRow(await response.json()) : await mendError(response, false);
    },

    /** The parsed answer to a question, or why there is none, in hosted Storage's words. */
    async answerTo<T extends object>(response: Response, schema: z.ZodType<T>): Promise<T | Response> {
      return response.ok ? schema.parse(await response.json()) : await mendError(response, false);
    },
  };
}
