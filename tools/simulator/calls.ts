export type Call = {
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly method: string;
  readonly path: string;
  readonly action: string | null;
  /** Without `authorization`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Audio data and URL queries shortened; null when it is not JSON. */
  readonly body: unknown;
  /** Null while the call is under way. */
  outcome: { readonly status: number } | "cut" | null;
};

const kept = 1_000;

/** The newest 1,000 calls. Ids go on counting after a reset. */
export function createCalls(options: { now: () => Date }) {
  let calls: Call[] = [];
  let lastId = 0;
  return {
    /** Records a request; the caller fills in the outcome. */
    record(request: Request, body: unknown, action: string | undefined): Call {
      const headers = Object.fromEntries(request.headers);
      delete headers["authorization"];
      const call: Call = {
        id: ++lastId,
        at: options.now().toISOString(),
        method: request.method,
        path: new URL(request.url).pathname,
        action: action ?? null,
        headers,
        body: shorten(body) ?? null,
        outcome: null,
      };
      calls = [...calls.slice(1 - kept), call];
      return call;
    },
    /** Oldest first. */
    all: () => structuredClone(calls),
    reset(): void {
      calls = [];
    },
  };
}

/** Leaves type and length of a data URL, and all but the query of another URL. */
function shorten(value: unknown): unknown {
  if (typeof value === "string") {
    if (/^data:/i.test(value)) {
      return `${value.slice(0, value.indexOf(",") + 1)}… (${value.length} characters)`;
    }
    return /^https?:\/\//i.test(value) ? value.replace(/\?.*$/s, "?…") : value;
  }
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
}
