/** The most one try may take, in milliseconds. */
const TRY_MS = 5_000;

/** Deno's own kinds of connections; not every runtime has them (docs/decisions/0007-connection-close.md). */
type HttpClients = { createHttpClient?: (options: { poolMaxIdlePerHost: number }) => { close(): void } };

/** A request without a body that could be read once only. */
type RepeatableInit = Omit<RequestInit, "headers" | "body"> & {
  headers: Record<string, string>;
  body?: string;
};

type Take<Taken> = (response: Response) => Promise<Taken>;

/** A client that shares no connection with anybody; undefined where the runtime has none. */
function ownConnection(): { close(): void } | undefined {
  const runtime: HttpClients = Deno;
  try {
    return runtime.createHttpClient?.({ poolMaxIdlePerHost: 0 });
  } catch {
    return undefined;
  }
}

/** Gives work up once a signal is aborted, whether it looks at the signal or not, and does not begin with it after. */
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
 * Sends requests that may be repeated since they change nothing: each has 5 s with its answer's body, and one more try on a
 * connection of its own when none came, for what hung or broke may be the connection. An answer, whatever it says, is not
 * asked for again, and nothing is once the caller's signal is aborted.
 * @param options.timeout gives a signal that aborts after so many milliseconds
 */
export function createRepeatable(options: { send: typeof fetch; timeout: (ms: number) => AbortSignal }) {
  const attempt = <Taken>(url: string, init: RequestInit, take: Take<Taken>): Promise<Taken> => {
    const timeout = options.timeout(TRY_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    return until(signal, async () => await take(await options.send(url, { ...init, signal })));
  };

  /**
   * @param take reads the answer, within the time of the try
   * @throws what the last try failed with
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
