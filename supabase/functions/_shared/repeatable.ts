/** The timeout of one attempt, in milliseconds. */
const TRY_MS = 5_000;

/** Deno's API for a separate connection pool, which not every runtime has (docs/decisions/0007-connection-close.md). */
type HttpClients = { createHttpClient?: (options: { poolMaxIdlePerHost: number }) => { close(): void } };

/** A request whose body can be sent twice. */
type RepeatableInit = Omit<RequestInit, "headers" | "body"> & {
  headers: Record<string, string>;
  body?: string;
};

type Take<Taken> = (response: Response) => Promise<Taken>;

/** A client with connections of its own; undefined if the runtime has none. */
function ownConnection(): { close(): void } | undefined {
  const runtime: HttpClients = Deno;
  try {
    return runtime.createHttpClient?.({ poolMaxIdlePerHost: 0 });
  } catch {
    return undefined;
  }
}

/** Rejects once `signal` aborts, even if `work` ignores it. Does not start work after that. */
async function until<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Sends idempotent requests: each has 5 s including its body, and a second attempt on a new connection if there is no
 * response, as the connection may have broken. Responses of any status are final. Nothing is sent once the caller's
 * signal is aborted.
 */
export function createRepeatable(options: { send: typeof fetch; timeout: (ms: number) => AbortSignal }) {
  const attempt = <Taken>(url: string, init: RequestInit, take: Take<Taken>): Promise<Taken> => {
    const timeout = options.timeout(TRY_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return until(signal, async () => await take(await options.send(url, { ...init, signal })));
  };

  /**
   * @param take reads the response, within the timeout
   * @throws the error of the last attempt
   */
  return async <Taken>(url: string, init: RepeatableInit, take: Take<Taken>): Promise<Taken> => {
    try {
      return await attempt(url, init, take);
    } catch {
      const client = ownConnection();
      const own = { headers: { ...init.headers, Connection: "close" }, ...(client ? { client } : {}) };
      try {
        return await attempt(url, { ...init, ...own }, take);
      } finally {
        client?.close();
      }
    }
  };
}
