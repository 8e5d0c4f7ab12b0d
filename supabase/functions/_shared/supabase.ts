import { createClient, isAuthRetryableFetchError } from "@supabase/supabase-js";
import { type Clock, createClock } from "./clock.ts";
import type { Database } from "./database.types.ts";
import { createKeySetFetch } from "./key_set.ts";
import { createRepeatable } from "./repeatable.ts";

/** The timeout of a call to Supabase, in milliseconds, except those of repeatable.ts. */
const CALL_TIMEOUT_MS = 15_000;

export type SupabaseOptions = {
  /** The project's internal origin. */
  url: string;
  secretKey: string;
  /** The project's public signing keys, to verify tokens without a request. */
  jwks?: { keys: { kty: "RSA" | "EC" | "oct"; key_ops: string[]; kid?: string }[] };
  fetch?: typeof fetch;
  clock?: Pick<Clock, "now" | "timeout">;
};

/** An idempotent request to Storage. */
export type StorageQuestion = {
  method: "GET" | "POST";
  /** The path below `/storage/v1/object`, such as `sign/references`. */
  of: string;
  key: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
};

/**
 * The clients of one project, with the role `service_role`. They follow no redirect, as every request carries the
 * secret key, and time out after 15 s.
 */
export function createSupabase(options: SupabaseOptions) {
  const send = options.fetch ?? fetch;
  const clock = options.clock ?? createClock();
  const guarded: typeof fetch = (input, init: RequestInit = {}) => {
    const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
    return send(input, {
      ...init,
      redirect: "error",
      signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
    });
  };
  const repeatable = createRepeatable({ send, timeout: clock.timeout });
  const client = createClient<Database>(options.url, options.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: createKeySetFetch({ origin: options.url, fetch: guarded, clock }) },
  });

  return {
    db: client,
    storage: {
      from: (bucket: string) => client.storage.from(bucket),
      /**
       * Sends a request that is repeated if there is no response (repeatable.ts). supabase-js cannot do that, send a
       * `Range`, or take a signal for signing.
       * @param take reads the response
       * @throws what `fetch` throws
       */
      ask<Taken>(question: StorageQuestion, take: (response: Response) => Promise<Taken>): Promise<Taken> {
        const { method, of, key, body, signal } = question;
        const name = key.split("/").map(encodeURIComponent).join("/");
        return repeatable(`${options.url}/storage/v1/object/${of}/${name}`, {
          method,
          headers: {
            ...question.headers,
            ...(body === undefined ? {} : { "Content-Type": "application/json" }),
            apikey: options.secretKey,
            Authorization: `Bearer ${options.secretKey}`,
          },
          redirect: "error",
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          ...(signal === undefined ? {} : { signal }),
        }, take);
      },
    },
    /**
     * The claims of a user token; null if its signature or expiry is invalid. Tokens with a known asymmetric key are
     * verified here, all others by the auth server.
     * @throws if the auth server is unavailable or throttles
     */
    async verifyToken(token: string): Promise<unknown | null> {
      let result;
      try {
        result = await client.auth.getClaims(token, options.jwks);
      } catch {
        // supabase-js throws for an unknown algorithm or a key of another type.
        return null;
      }
      if (result.error && (isAuthRetryableFetchError(result.error) || result.error.status === 429)) {
        throw result.error;
      }
      return result.data?.claims ?? null;
    },
  };
}

export type Supabase = ReturnType<typeof createSupabase>;
