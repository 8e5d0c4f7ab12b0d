import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Bytes } from "../../supabase/functions/_shared/bytes.ts";
import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";

/** A listening server. */
export interface Listener {
  /** Its origin, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Breaks every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves a fetch handler on a loopback host. A handler that rejects, or whose body fails, ends in a destroyed socket:
 * the client sees a connection error and not an HTTP answer, which `Deno.serve` has no way to do.
 * A client that goes away does not stop its handler. The URL of a request begins with the listener's own origin,
 * whatever its Host header says. Throws when the host is not loopback or the port is taken.
 */
export async function listen(options: {
  hostname: string;
  /** 0 takes any free one. */
  port: number;
  fetch: (request: Request) => Promise<Response>;
}): Promise<Listener> {
  const { hostname, port } = options;
  if (!isLoopbackHost(hostname)) {
    throw new Error(`The DashScope simulator listens on loopback only, not on "${hostname}".`);
  }
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing, { url, fetch: options.fetch }).catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname.replace(/^\[(.*)\]$/, "$1"), resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The simulator has no port.");
  const url = `http://${
    address.family === "IPv6" ? `[${address.address}]` : address.address
  }:${address.port}`;
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  own: { url: string; fetch: (request: Request) => Promise<Response> },
): Promise<void> {
  const chunks: Bytes[] = [];
  for await (const chunk of incoming) chunks.push(new Uint8Array(chunk));
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headersDistinct)) {
    for (const one of value ?? []) headers.append(name, one);
  }
  const method = incoming.method ?? "GET";
  const body = ["GET", "HEAD"].includes(method) ? null : new Blob(chunks);
  const { pathname, search } = new URL(incoming.url ?? "/", own.url);
  const response = await own.fetch(new Request(own.url + pathname + search, { method, headers, body }));

  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  for await (const chunk of response.body ?? []) {
    // A body that fails must fail after what came before it was sent.
    await new Promise((resolve) => outgoing.write(chunk, resolve));
  }
  outgoing.end();
}
