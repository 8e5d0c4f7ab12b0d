// Over real sockets: which connection the runtime sends a request on is not ours, and no stub shows it.
import assert from "node:assert/strict";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { createVirtualClock } from "../../testkit/harness/virtual_clocks.ts";

const ANSWER = new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");

/**
 * A server that answers the first request of each connection and none after it, as where something between has forgotten
 * the connection. The first `together` requests are answered once all of them are there.
 */
function startForgetful(together: number) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connections: Deno.Conn[] = [];
  const [all, ignored] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let ignoredRequests = 0;

  const serve = async (connection: Deno.Conn) => {
    const chunk = new Uint8Array(65_536);
    for (let requests = 0; await connection.read(chunk) !== null; requests++) {
      if (requests > 0) {
        ignored.resolve();
        // The first is left to wait; a second one would wait forever.
        if (++ignoredRequests > 1) return connection.close();
        continue;
      }
      if (connections.length >= together) all.resolve();
      await all.promise;
      await connection.write(ANSWER);
    }
  };
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      serve(connection).catch(() => {});
    }
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    connections,
    ignored: ignored.promise,
    ignoredRequests: () => ignoredRequests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting.catch(() => {});
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // Its other end was faster.
        }
      }
    },
  };
}

Deno.test("a question that got no answer is asked again on a connection of its own, not on another that was left open", async () => {
  await using server = startForgetful(2);
  const clock = createVirtualClock();
  const { storage } = createSupabase({ url: server.url, secretKey: "sb_secret_test", clock });
  const ask = () =>
    storage.ask({ method: "GET", of: "references", key: "a/b/reference.wav" }, (response) => response.text());
  assert.deepEqual(await Promise.all([ask(), ask()]), ["ok", "ok"]);
  assert.equal(server.connections.length, 2);
  const asking = ask();
  await server.ignored;
  clock.expire(5_000);
  assert.equal(await asking, "ok");
  assert.deepEqual([server.connections.length, server.ignoredRequests()], [3, 1]);
});
