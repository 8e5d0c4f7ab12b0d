import { z } from "zod";
import type { Bytes } from "../../../../supabase/functions/_shared/bytes.ts";
import { inEmbeddedUrl, type StoragePath } from "./object_keys.ts";
import { hostedError, saysNoBucket } from "./storage_errors.ts";
import { type ObjectRow, parseRow } from "./storage_rows.ts";

/** The embedded Storage. Its failures are thrown as hosted Storage's `StorageError`. */
export type EmbeddedStorage = ReturnType<typeof createEmbeddedStorage>;

/** Puts the questions of the wire adapter to the embedded Storage. */
export function createEmbeddedStorage(
  { send, secretKey }: { send: (request: Request) => Promise<Response>; secretKey: string },
) {
  const at = (request: Request, path: string) => new URL(`/storage/v1${path}`, request.url);

  async function succeeded(answer: Response): Promise<Response> {
    if (!answer.ok) throw await hostedError(answer);
    return answer;
  }

  /** Asks with the caller's credentials; the answer may be a failure. */
  function tryAsk(request: Request, path: string, method: string, body?: unknown): Promise<Response> {
    const headers = new Headers({ "content-type": "application/json" });
    for (const name of ["apikey", "authorization", "x-upsert"]) {
      const value = request.headers.get(name);
      if (value !== null) headers.set(name, value);
    }
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    return send(new Request(at(request, path), { method, headers, ...json }));
  }

  /** Asks with the caller's credentials. */
  const ask = async (...question: Parameters<typeof tryAsk>) => await succeeded(await tryAsk(...question));

  /** Asks with the secret key, where a signed URL has already proved the right. */
  async function askAsService(request: Request, path: string): Promise<Response> {
    const headers = { apikey: secretKey, "content-type": "application/json" };
    return await succeeded(await send(new Request(at(request, path), { headers })));
  }

  return {
    tryAsk,
    ask,
    askAsService,
    /** Hands a request on as it is; the answer may be a failure. */
    pass: send,

    /** The items of a list; none from a bucket that is not there. */
    async askForList(...question: Parameters<typeof tryAsk>): Promise<unknown[]> {
      const answer = await tryAsk(...question);
      if (!answer.ok && await saysNoBucket(answer)) return [];
      return z.array(z.unknown()).parse(await (await succeeded(answer)).json());
    },

    /** Sends bytes to a path, with the caller's headers but for these. */
    async put(
      request: Request,
      path: string,
      { headers: own, bytes }: { headers: Record<string, string>; bytes: Bytes },
    ): Promise<Response> {
      const headers = new Headers(request.headers);
      for (const [name, value] of Object.entries(own)) headers.set(name, value);
      const { method } = request;
      return await succeeded(await send(new Request(at(request, path), { method, headers, body: bytes })));
    },

    async rowOf(
      request: Request,
      { bucket, key }: StoragePath,
      as: "caller" | "service",
    ): Promise<ObjectRow> {
      const path = `/object/info/${bucket}/${inEmbeddedUrl(key)}`;
      const answer = as === "service" ? await askAsService(request, path) : await ask(request, path, "GET");
      return parseRow(await answer.json());
    },
  };
}
