import type { Keys } from "../keys.ts";
import { type Log, messageOf } from "../log.ts";

/**
 * Answers a request, or gives null to let it through; `next` lets it through by hand. A hook for tests that hold or cut
 * calls before or after they take effect.
 */
export type Intercept = (
  request: Request,
  next: (request: Request) => Promise<Response>,
) => Promise<Response | null>;

/** A listening gateway. */
export type Gateway = {
  port: number;
  /** Ends the listener; requests under way get `graceMs` to end. */
  stop(graceMs: number): Promise<void>;
};

type Handler = (request: Request) => Promise<Response>;

/** What stands behind the gateway. */
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

/** What Storage itself answers where a request has no right of its own, and no key for the gateway to make one of. */
function missingAuthorization(): Response {
  const message = "headers must have required property 'authorization'";
  return Response.json({ statusCode: "400", error: "Error", message, code: "InvalidRequest" }, {
    status: 400,
  });
}

function missingKey(): Response {
  return Response.json({
    message: "No API key found in request",
    hint: "No `apikey` request header or url param was found.",
  }, { status: 401 });
}

function invalidKey(): Response {
  return Response.json({ message: "Invalid API key", hint: "Double check your Supabase `apikey`" }, {
    status: 401,
  });
}

/**
 * Listens on 127.0.0.1 and hands requests on by their path, as a hosted project's gateway does: `/auth/v1`, `/rest/v1`,
 * `/storage/v1`, `/functions/v1/api`, and `/api` for short. Port 0 takes any free port.
 * Throws `Deno.errors.AddrInUse` when the port is taken.
 */
export function startGateway(
  { port, keys, services, intercept, log }: {
    port: number;
    keys: Keys;
    /** Told the port; services are asked for at each request, since they are made after the port is known. */
    services: () => Services | null;
    intercept?: Intercept | undefined;
    log: Log;
  },
): Gateway {
  async function storage(request: Request, url: URL, handler: Handler): Promise<Response> {
    if (!isKeyless(request.method, url.pathname)) {
      const key = request.headers.get("apikey") ?? url.searchParams.get("apikey");
      if (key === null && request.headers.has("authorization")) return missingKey();
      if (key === null && !mayBePublic(request.method, url.pathname)) return missingAuthorization();
      if (key !== null && key !== keys.publishableKey && key !== keys.secretKey) return invalidKey();
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
    const isPreflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
    if (under("/auth/v1")) return withCors(isPreflight ? preflight(request) : await current.auth(request));
    if (under("/rest/v1")) return withCors(isPreflight ? preflight(request) : await current.rest(request));
    if (under("/storage/v1")) {
      return withCors(isPreflight ? preflight(request) : await storage(request, url, current.storage));
    }
    return Response.json({ message: "no Route matched with those values" }, { status: 404 });
  }

  const hangUp = new AbortController();
  let underWay = 0;
  let onQuiet: () => void = () => {};
  const server = Deno.serve({
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
      if (--underWay === 0) onQuiet();
    });
    return (await intercept?.(request, route)) ?? await route(request);
  });

  return {
    port: server.addr.port,
    async stop(graceMs) {
      // Not by the server's own graceful shutdown, which cannot be cut short.
      const quiet = new Promise<void>((resolve) => onQuiet = resolve);
      let timer: ReturnType<typeof setTimeout> | undefined;
      const grace = new Promise<void>((resolve) => timer = setTimeout(resolve, graceMs));
      if (underWay > 0) await Promise.race([quiet, grace]);
      clearTimeout(timer);
      hangUp.abort();
      await Promise.race([server.finished, grace]);
    },
  };
}
