import type { Keys } from "../keys.ts";
import { StackError } from "../data_folder.ts";
import { type Log, messageOf } from "../terminal.ts";
import { invalidRequest } from "./storage/storage_errors.ts";

/**
 * Answers a request, or gives null to let it through; `next` lets it through by hand. A hook for tests that hold or cut
 * calls before or after they take effect.
 */
export type Intercept = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Promise<Response | null>;

type Handler = (request: Request) => Promise<Response>;

export type Services = {
  auth: Handler;
  rest: Handler;
  storage: Handler;
  /** Null where the stack runs without the function. */
  functions: Handler | null;
};

const exposedHeaders =
  "content-range, content-location, content-profile, preference-applied, x-total-count, etag";

function preflight(request: Request): Response {
  return new Response(null, {
    status: 200,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT",
      "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "*",
      "access-control-max-age": "3600",
    },
  });
}

function withCors(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", exposedHeaders);
  headers.delete("access-control-allow-credentials");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

// Signed and public URLs carry their own right or need none; the rest of Storage wants a key as auth and REST do.
function isKeyless(method: string, pathname: string): boolean {
  if (method === "PUT") return pathname.startsWith("/storage/v1/object/upload/sign/");
  if (method !== "GET" && method !== "HEAD") return false;
  return pathname.startsWith("/storage/v1/object/sign/") ||
    pathname.startsWith("/storage/v1/object/public/") ||
    pathname === "/storage/v1/status";
}

/** Whether Storage looks for the object of a request that nobody stands behind: it may lie in a public bucket. */
const mayBePublic = (method: string, pathname: string) =>
  (method === "GET" || method === "HEAD") &&
  /^\/storage\/v1\/object\/(?!authenticated\/|info\/authenticated\/)[^/]+\/./.test(pathname);

function keyError(message: string, hint: string): Response {
  return Response.json({ message, hint }, { status: 401 });
}

/** How long requests under way may take to end when the gateway stops, in milliseconds. */
const defaultGraceMs = 500;

/**
 * Listens on 127.0.0.1 and hands requests on by their path, as a hosted project's gateway does: `/auth/v1`, `/rest/v1`,
 * `/storage/v1`, `/functions/v1/api`, and `/api` for short. Port 0 takes any free port. Throws a `StackError` when the
 * port is taken.
 */
export function startGateway(
  { port, keys, services, intercept, log }: {
    port: number;
    keys: Keys;
    /** Called for each request: services are created after the port is known. */
    services: () => Services | null;
    intercept?: Intercept | undefined;
    log: Log;
  },
) {
  async function storage(request: Request, url: URL, handler: Handler): Promise<Response> {
    if (!isKeyless(request.method, url.pathname)) {
      const key = request.headers.get("apikey") ?? url.searchParams.get("apikey");
      if (key === null && request.headers.has("authorization")) {
        return keyError("No API key found in request", "No `apikey` request header or url param was found.");
      }
      if (key === null && !mayBePublic(request.method, url.pathname)) {
        // A request without a right of its own, and without a key for the gateway to make one of.
        return invalidRequest("headers must have required property 'authorization'").response();
      }
      if (key !== null && key !== keys.publishableKey && key !== keys.secretKey) {
        return keyError("Invalid API key", "Double check your Supabase `apikey`");
      }
    }
    return await handler(request);
  }

  async function route(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const under = (prefix: string) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`);
    const current = services();
    if (!current) return Response.json({ message: "The stack is starting or stopping." }, { status: 503 });

    if (under("/functions/v1/api") || under("/api")) {
      if (current.functions) return await current.functions(request);
      return Response.json({ message: "This stack runs without the function." }, { status: 503 });
    }
    const handlers: [prefix: string, handler: Handler][] = [
      ["/auth/v1", current.auth],
      ["/rest/v1", current.rest],
      ["/storage/v1", (request) => storage(request, url, current.storage)],
    ];
    const [, handler] = handlers.find(([prefix]) => under(prefix)) ?? [];
    if (handler) {
      const isPreflight = request.method === "OPTIONS" &&
        request.headers.has("access-control-request-method");
      return withCors(isPreflight ? preflight(request) : await handler(request));
    }
    return Response.json({ message: "no Route matched with those values" }, { status: 404 });
  }

  const hangUp = new AbortController();
  let underWay = 0;
  const quiet = Promise.withResolvers<void>();
  let isStopping = false;
  const serve = () =>
    Deno.serve({
      hostname: "127.0.0.1",
      port,
      signal: hangUp.signal,
      onListen: () => {},
      onError: (error) => {
        log(`The gateway failed: ${messageOf(error)}`);
        return Response.json({ message: "Internal Server Error" }, { status: 500 });
      },
    }, async (request, info) => {
      underWay++;
      void info.completed.catch(() => {}).then(() => {
        if (--underWay === 0 && isStopping) quiet.resolve();
      });
      return (await intercept?.(request, route)) ?? await route(request);
    });
  const server = listening(serve, port);

  let stopped: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    // Not by the server's own graceful shutdown, which cannot be cut short.
    isStopping = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
    if (underWay > 0) await Promise.race([quiet.promise, grace]);
    clearTimeout(timer);
    hangUp.abort();
    await Promise.race([server.finished, grace]);
  }

  return {
    port: server.addr.port,
    /** Ends the listener; requests under way get `graceMs` to end. */
    stop: (graceMs = defaultGraceMs): Promise<void> => stopped ??= stop(graceMs),
  };
}

function listening<Server>(serve: () => Server, port: number): Server {
  try {
    return serve();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new StackError(
      `Port ${port} is taken by another program. Set PORT to another one, for example PORT=54421.`,
    );
  }
}
