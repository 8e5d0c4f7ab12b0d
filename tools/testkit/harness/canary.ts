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

export type Canary = ReturnType<typeof startCanary>;
