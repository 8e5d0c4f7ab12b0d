import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";

/** A listening server. */
export interface Listener {
  /** Its origin, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Breaks every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves a fetch handler on a loopback host. A handler that rejects, or whose body fails, ends in a broken connection: the
 * client sees a connection error and not an HTTP answer. `Deno.serve` has no way to do that, and in Deno 2.1 neither has
 * `node:http`, so connections are relayed to it here, where they can be closed.
 * A client that goes away does not stop its handler. The URL of a request begins with the listener's own origin,
 * whatever its Host header says. Throws when the host is not loopback or the port is taken.
 */
export function listen(options: {
  hostname: string;
  /** 0 takes any free one. */
  port: number;
  fetch: (request: Request) => Promise<Response>;
}): Listener {
  const { hostname, port } = options;
  if (!isLoopbackHost(hostname)) {
    throw new Error(`The DashScope simulator listens on loopback only, not on "${hostname}".`);
  }
  /** By the port that the server behind sees. */
  const clients = new Map<number, Client>();
  const front = Deno.listen({ hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port });
  const address = front.addr;
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
  const url = `http://${host}:${address.port}`;

  const closed = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: closed.signal, onListen() {} },
    async (request, { remoteAddr }) => {
      const client = clients.get(remoteAddr.port);
      try {
        const { body, status, headers } = await options.fetch(await asOwn(request, url));
        return new Response(body && client ? breakingOff(body, client) : body, { status, headers });
      } catch {
        client?.connection.close();
        return new Response();
      }
    },
  );
  const accepting = accept(front, server.addr.port, clients);
  return {
    url,
    async close() {
      front.close();
      for (const { connection } of clients.values()) connection.close();
      await accepting;
      // A handler that never ends is not waited for.
      closed.abort();
    },
  };
}

/** A connection of a client. */
type Client = {
  connection: Deno.TcpConn;
  /** How many bytes it was sent so far. */
  sentBytes: number;
  /** Called whenever it was sent some. */
  sent: () => void;
};

/** Relays each connection, until the listener is closed and all of them have ended. */
async function accept(
  front: Deno.TcpListener,
  port: number,
  clients: Map<number, Client>,
): Promise<void> {
  const relays = new Set<Promise<void>>();
  for await (const client of front) {
    const relaying = relay(client, port, clients).finally(() => relays.delete(relaying));
    relays.add(relaying);
  }
  await Promise.all(relays);
}

/** Hands bytes on in both directions until either side is done. A connection that breaks ends the other one. */
async function relay(connection: Deno.TcpConn, port: number, clients: Map<number, Client>): Promise<void> {
  const behind = await Deno.connect({ hostname: "127.0.0.1", port });
  const ownPort = behind.localAddr.port;
  const client: Client = { connection, sentBytes: 0, sent: () => {} };
  clients.set(ownPort, client);
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      controller.enqueue(bytes);
      client.sentBytes += bytes.byteLength;
      client.sent();
    },
  });
  await Promise.allSettled([
    connection.readable.pipeTo(behind.writable),
    behind.readable.pipeThrough(counted).pipeTo(connection.writable),
  ]);
  clients.delete(ownPort);
  // Whoever waits for more to be sent waits no longer.
  client.sentBytes = Infinity;
  client.sent();
}

/** A body that fails only after what came before was sent: `Deno.serve` drops what it has not sent yet. */
function breakingOff(body: ReadableStream<Uint8Array>, client: Client): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const before = client.sentBytes;
  let given = 0;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        given += value.byteLength;
        controller.enqueue(value);
      } catch {
        while (given > 0 && client.sentBytes <= before + given) {
          await new Promise<void>((resolve) => client.sent = resolve);
        }
        client.connection.close();
      }
    },
  });
}

/** The request with its whole body, which goes on being there when the client has gone, and with a URL of our own. */
async function asOwn(request: Request, origin: string): Promise<Request> {
  const asked = new URL(request.url);
  const { pathname, search } = new URL(asked.pathname + asked.search, origin);
  const { method, headers } = request;
  const body = method === "GET" || method === "HEAD" ? null : await request.blob();
  return new Request(origin + pathname + search, { method, headers, body });
}
