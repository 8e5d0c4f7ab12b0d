import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { join } from "../clips/binary.ts";

/** An answer as it came over the wire. The names of headers are in lower case. */
export type WireAnswer = { status: number; headers: Headers; body: string };

/** One request as bytes; `bodyless` is its answer (HEAD), and with `ends` the client ends its half of the connection. */
type WireRequest = { bytes: Bytes; bodyless?: boolean | undefined; ends?: boolean | undefined };

const LATIN = new TextDecoder("latin1");

/** Reads a connection as answers of HTTP/1.1 come (RFC 9112), in parts that may end anywhere. */
function createReader(connection: Deno.Conn) {
  let waiting = join();
  const chunk = new Uint8Array(65_536);

  const more = async (): Promise<void> => {
    const count = await connection.read(chunk);
    if (count === null) throw new Error("the server hung up");
    waiting = join(waiting, chunk.subarray(0, count));
  };
  const take = async (count: number): Promise<Uint8Array> => {
    while (waiting.length < count) await more();
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };
  const takeUntil = async (end: string): Promise<string> => {
    for (;;) {
      const at = LATIN.decode(waiting).indexOf(end);
      if (at >= 0) return LATIN.decode(await take(at + end.length)).slice(0, -end.length);
      await more();
    }
  };
  const chunks = async (): Promise<Uint8Array> => {
    for (let body = join();;) {
      const size = parseInt(await takeUntil("\r\n"), 16);
      body = join(body, await take(size));
      await take(2);
      if (size === 0) return body;
    }
  };

  return async (bodyless: boolean): Promise<WireAnswer> => {
    const [start = "", ...lines] = (await takeUntil("\r\n\r\n")).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(start)?.[1]);
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1)];
    }));
    if (bodyless || status === 204) return { status, headers, body: "" };
    const body = headers.get("transfer-encoding") === "chunked"
      ? await chunks()
      : await take(Number(headers.get("content-length") ?? 0));
    return { status, headers, body: new TextDecoder().decode(body) };
  };
}

/**
 * A client of a local server that sends what it is told to, byte for byte, over one connection after another: a server
 * that did not read a whole body closes the one it came on.
 */
export function createHttpConnection(url: string) {
  const { hostname, port } = new URL(url);
  let current: { connection: Deno.TcpConn; read: ReturnType<typeof createReader> } | undefined;

  const open = async () => {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    return { connection, read: createReader(connection) };
  };
  const close = () => {
    current?.connection.close();
    current = undefined;
  };
  const write = async (connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> => {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  };
  const attempt = async ({ bytes, bodyless = false, ends = false }: WireRequest): Promise<WireAnswer> => {
    const { connection, read } = current ??= await open();
    const writing = write(connection, bytes).then(() => ends ? connection.closeWrite() : undefined)
      .then(() => true, () => false);
    const answer = await read(bodyless);
    const isWhole = answer.status !== 413 && answer.headers.get("connection") !== "close" && !ends;
    if (isWhole && await writing) return answer;
    close();
    await writing;
    return answer;
  };

  return {
    /** The answer to one request; asked again when the connection it was to go on was closed meanwhile. */
    async send(request: WireRequest): Promise<WireAnswer> {
      const isFresh = current === undefined;
      try {
        return await attempt(request);
      } catch (error) {
        close();
        if (isFresh) throw error;
        return await this.send(request);
      }
    },
    [Symbol.dispose]: close,
  };
}

/** A listener on loopback that nobody is ever to reach; it hangs up on whoever does. */
export function startCanary() {
  const reached: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for await (const connection of listener) {
      reached.push(connection.remoteAddr.transport);
      connection.close();
    }
  })();
  const { port } = listener.addr;
  return {
    origin: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    /** One entry for each connection that was opened to it. */
    reached,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}

/**
 * Matches the requests, each as `GET /path`, that one user may cause the function to make to the project.
 * @param other one more, as a pattern in which `UUID` stands for an id
 */
export function askedOfProject(other: string): RegExp {
  const known = [
    "GET /auth/v1/(?:user|\\.well-known/jwks\\.json)",
    "POST /rest/v1/rpc/[a-z_]+",
    "(?:GET|HEAD|PATCH) /rest/v1/voices",
    "GET /rest/v1/(?:tasks|generations)",
    "POST /storage/v1/object/(?:upload/)?sign/references/UUID/UUID/reference\\.wav",
    "GET /storage/v1/object/references/UUID/UUID/reference\\.wav",
    "POST /storage/v1/object/sign/generations/UUID/UUID\\.wav",
  ];
  const uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
  return new RegExp(`^(?:${[...known, other].join("|")})$`.replaceAll("UUID", uuid));
}

/**
 * Records every request that this process makes by `fetch`, whoever makes it, but for those of the tests themselves.
 * @param isOwn whether a request is a test's own
 */
export function recordFetches(isOwn: (url: URL, method: string) => boolean) {
  const real = globalThis.fetch;
  const left: { method: string; url: URL }[] = [];
  globalThis.fetch = (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (!isOwn(url, request.method)) left.push({ method: request.method, url });
    return real(input, init);
  };
  return {
    left,
    [Symbol.dispose](): void {
      globalThis.fetch = real;
    },
  };
}
