/** A proxy that leads nowhere. */
export type DeadEnd = {
  /** For `HTTP_PROXY` and `HTTPS_PROXY` of a program that has no business outside this machine. */
  url: string;
  /** The first line of each request it was handed, which names the host that was wanted. */
  asked: string[];
  stop(): Promise<void>;
};

/** Longer than any request's first line. */
const LINE_BYTES = 8_192;

/** Starts it on any free port of 127.0.0.1. It notes who was wanted and hangs up. */
export function startDeadEnd(): DeadEnd {
  const asked: string[] = [];
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  async function note(connection: Deno.Conn): Promise<void> {
    using open = connection;
    const bytes = new Uint8Array(LINE_BYTES);
    const read = await open.read(bytes).catch(() => null);
    const [line = ""] = new TextDecoder().decode(bytes.subarray(0, read ?? 0)).split("\r\n");
    asked.push(line);
  }
  const listening = (async () => {
    for await (const connection of listener) await note(connection);
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    asked,
    async stop() {
      listener.close();
      await listening;
    },
  };
}
