import type { Clock } from "./clock.ts";

/** Where the auth server publishes its keys (Supabase Auth, "JWT Signing Keys"). */
const KEY_SET_PATH = "/auth/v1/.well-known/jwks.json";

/**
 * How long a key set is reused, in milliseconds. supabase-js fetches it for every token with an unknown key, and anyone
 * can send such tokens.
 */
const COOL_DOWN_MS = 60_000;

type KeptAnswer = { status: number; headers: Headers; body: string };

/**
 * A `fetch` that requests the key set of `origin` at most once per cool-down and shares the response. Failures, 429 and
 * 5xx are not kept. Other requests pass through.
 */
export function createKeySetFetch(
  options: { origin: string; fetch: typeof fetch; clock: Pick<Clock, "now"> },
): typeof fetch {
  const { fetch: send, clock } = options;
  const url = options.origin + KEY_SET_PATH;
  let last: { askedAt: number; answer: Promise<KeptAnswer> } | undefined;

  const ask = async (...request: Parameters<typeof fetch>): Promise<KeptAnswer> => {
    const response = await send(...request);
    return { status: response.status, headers: response.headers, body: await response.text() };
  };

  return async function fetchKeySet(input, init) {
    if (input !== url) return await send(input, init);
    if (last === undefined || clock.now() - last.askedAt >= COOL_DOWN_MS) {
      const asking = { askedAt: clock.now(), answer: ask(input, init) };
      last = asking;
      const forget = () => {
        if (last === asking) last = undefined;
      };
      asking.answer.then(({ status }) => {
        if (status === 429 || status >= 500) forget();
      }, forget);
    }
    const { status, headers, body } = await last.answer;
    return new Response(body, { status, headers });
  };
}
