import { isLoopbackHost } from "../../supabase/functions/_shared/hosts.ts";

/**
 * Serves a fetch handler on a loopback host; throws for another host or a taken port. A handler that rejects, or whose body
 * fails, breaks the connection. `Deno.serve` cannot do that, nor can `node:http` on Deno 2.1, so connections are relayed. A
 * client that goes away does not stop its handler. The request's URL has the listener's origin, whatever Host says.
 */
export function listen(options: {
  hostname: string;
  port: number;
  fetch: (request: Request) => Promise<Response>;
}) {
  const { hostname, port } = options;
  if (!isLoopbackHost(hostname)) {
    throw new Error(`The DashScope simulator listens on loopback only, not on "${hostname}".`);
  }
  const listener = Deno.listen({ hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port });
  const { addr } = listener;
  const url = `http://${addr.hostname.includes(":") ? `[${addr.hostname}]` : addr.hostname}:${addr.port}`;
  const relays = new Map<number, Relay>();

  const stopping = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: stopping.signal, onListen() {} },
    async (incoming, { remoteAddr }) => {
      const relay = relays.get(remoteAddr.port);
      try {
        const { method, headers } = incoming;
        const body = ["GET", "HEAD"].includes(method) ? null : await incoming.blob();
        const target = incoming.url.slice(new URL(incoming.url).origin.length);
        const { pathname, search } = new URL(target, url);
        const response = await options.fetch(new Request(url + pathname + search, { method, headers, body }));
        return relay ? breakingOff(response, relay) : response;
      } catch {
        relay?.cut();
        return new Response(null, { status: 500 });
      }
    },
  );

  const accepting = (async () => {
    for await (const client of listener) {
      const inner = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      const key = inner.localAddr.port;
      const relay = startRelay(client, inner);
      relays.set(key, relay);
      void relay.ended.then(() => relays.delete(key));
    }
  })();
  return {
    url,
    async close(): Promise<void> {
      listener.close();
      await accepting;
      const open = [...relays.values()];
      for (const relay of open) relay.cut();
      await Promise.all(open.map(({ ended }) => ended));
      // Not `shutdown()`, which waits for handlers that may never answer.
      stopping.abort();
      await server.finished;
    },
  };
}

/** A client's connection and the one behind it, to the server. */
type Relay = {
  cut(): void;
  /** Resolves when something more has reached the client, or nothing can any more. */
  forwarded(): Promise<void>;
  ended: Promise<void>;
};

const BUFFER_BYTES = 64 * 1024;

function startRelay(client: Deno.Conn, inner: Deno.Conn): Relay {
  let moved = Promise.withResolvers<void>();
  let open = true;
  const cut = () => {
    if (!open) return;
    open = false;
    client.close();
    inner.close();
    moved.resolve();
  };
  const pump = async (from: Deno.Conn, to: Deno.Conn, onMoved: () => void) => {
    try {
      const buffer = new Uint8Array(BUFFER_BYTES);
      // Not `readable`, which closes the connection at the end of one direction.
      for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
        for (let at = 0; at < read;) at += await to.write(buffer.subarray(at, read));
        onMoved();
      }
    } catch {
      // One side is gone, and so goes the other.
    }
  };
  const answers = pump(inner, client, () => {
    moved.resolve();
    moved = Promise.withResolvers();
  }).finally(cut);
  // A client that sends no more still waits for its answer.
  const requests = pump(client, inner, () => {}).then(() => open ? inner.closeWrite().catch(cut) : undefined);
  return {
    cut,
    forwarded: () => open ? moved.promise : Promise.resolve(),
    ended: Promise.all([answers, requests]).then(() => {}),
  };
}

/** The answer, whose connection breaks when its body fails, after what came before has been sent. */
function breakingOff(response: Response, relay: Relay): Response {
  if (response.body === null) return response;
  async function* sent(body: ReadableStream<Uint8Array>) {
    let forwarded: Promise<void> | undefined;
    try {
      for await (const chunk of body) {
        forwarded = relay.forwarded();
        yield chunk;
      }
    } catch {
      // No handler is left to report it to: Deno would only log it.
      await forwarded;
      relay.cut();
    }
  }
  const { status, headers } = response;
  return new Response(ReadableStream.from(sent(response.body)), { status, headers });
}
