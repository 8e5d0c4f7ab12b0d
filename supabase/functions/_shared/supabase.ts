import { createClient, isAuthRetryableFetchError } from "@supabase/supabase-js";
import { type Clock, createClock } from "./clock.ts";
import type { Database } from "./database.types.ts";
import { createKeySetFetch } from "./key_set.ts";
import { createRepeatable } from "./repeatable.ts";

/** The most one call to Supabase may take, in milliseconds, but for those that may be repeated. */
const CALL_TIMEOUT_MS = 15_000;

export type SupabaseOptions = {
  /** The project's internal origin. */
  url: string;
  secretKey: string;
  /** The project's public signing keys; tokens they signed are verified without a request. */
  jwks?: { keys: { kty: "RSA" | "EC" | "oct"; key_ops: string[]; kid?: string }[] };
  fetch?: typeof fetch;
  clock?: Pick<Clock, "now" | "timeout">;
};

/** A request to Storage that changes nothing. */
export type StorageQuestion = {
  method: "GET" | "POST";
  /** What is asked for, below `/storage/v1/object`: `sign/references`, for one. */
  of: string;
  key: string;
  headers?: Record<string, string>;
  /** Becomes JSON. */
  body?: unknown;
  signal?: AbortSignal;
};

/**
 * The clients of one project, acting as `service_role`. Redirects are refused, for the secret key travels in every
 * request, and a call that takes longer than 15 s is given up.
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
      /** The bucket's client of supabase-js. */
      from: (bucket: string) => client.storage.from(bucket),
      /**
       * Puts a question that may be put again, and is when no answer came (repeatable.ts). supabase-js would do neither, nor
       * would it send a `Range` or take a signal where a URL is signed.
       * @param take reads the answer
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
     * The claims of a user token whose signature and expiry hold; null when they do not.
     * Tokens of asymmetric keys are verified here, others, and those of keys that nobody knows, by the auth server.
     * @throws when the auth server cannot be reached, or has no time for the question
     */
    async verifyToken(token: string): Promise<unknown | null> {
      let result;
      try {
        result = await client.auth.getClaims(token, options.jwks);
      } catch {
        // A header that names an unknown algorithm or a key of another kind is thrown, not returned.
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
