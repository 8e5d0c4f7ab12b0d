import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { Readable } from "node:stream";

/** How often a refused connection is tried again, in milliseconds. */
const retryMs = 50;

const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
];

function headersOf(incoming: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming)) {
    if (value === undefined || hopByHop.includes(name)) continue;
    for (const item of Array.isArray(value) ? value : [value]) headers.append(name, item);
  }
  return headers;
}

/** Whether somebody listens there; refused is the only answer that proves that nothing was sent. */
async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

// The function's own path has its name in it and nothing before: https://supabase.com/docs/guides/functions/routing.
function pathFor(url: URL): string {
  return url.pathname.replace(/^\/functions\/v1\/api/, "/api") + url.search;
}

function forward(request: Request, port: number): Promise<Response> {
  const answer = Promise.withResolvers<Response>();
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) if (!hopByHop.includes(name)) headers[name] = value;
  // A connection of its own for each request: a kept one may have died with the function, and nobody could tell
  // whether it had read the request.
  const outgoing = httpRequest({
    agent: false,
    host: "127.0.0.1",
    port,
    method: request.method,
    path: pathFor(new URL(request.url)),
    headers: { ...headers, connection: "close" },
  });
  outgoing.on("response", (incoming) => {
    const status = incoming.statusCode ?? 502;
    const bodyless = request.method === "HEAD" || status === 204 || status === 304;
    if (bodyless) incoming.resume();
    answer.resolve(
      new Response(bodyless ? null : ReadableStream.from(incoming), {
        status,
        headers: headersOf(incoming.headers),
      }),
    );
  });
  outgoing.on("error", (error) => answer.reject(error));
  request.signal.addEventListener("abort", () => outgoing.destroy(), { once: true });
  if (request.body) {
    Readable.from(request.body).on("error", (error) => outgoing.destroy(error)).pipe(outgoing);
  } else outgoing.end();
  return answer.promise;
}

// What the platform answers: https://supabase.com/docs/guides/functions/status-codes.
const refusal = (status: number, code: string, message: string) =>
  Response.json({ code, message }, { status });
const bootError = () => refusal(503, "BOOT_ERROR", "Function failed to start (please check logs)");

/**
 * Forwards requests to the function's process. While it restarts, a request waits up to `patienceMs` for somebody to listen,
 * then gets 503 `BOOT_ERROR` as on the platform. A request that may have reached the function is never sent again: when the
 * function dies on it the answer is 502.
 */
export function createFunctionProxy(
  { port, patienceMs }: { port: () => number | null; patienceMs: number },
): (request: Request) => Promise<Response> {
  async function listeningPort(): Promise<number | null> {
    const deadline = performance.now() + patienceMs;
    while (true) {
      const candidate = port();
      if (candidate !== null && await accepts(candidate)) return candidate;
      if (performance.now() > deadline) return null;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  return async (request) => {
    const target = await listeningPort();
    if (target === null) return bootError();
    try {
      return await forward(request, target);
    } catch (error) {
      // It went away between the look and the call: nothing was sent, but the body may be partly read.
      if (error instanceof Error && "code" in error && error.code === "ECONNREFUSED") return bootError();
      return refusal(502, "WORKER_ERROR", "The function ended before it answered");
    }
  };
}
