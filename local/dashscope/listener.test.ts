import assert from "node:assert/strict";
import { listen } from "./listener.ts";

/** Sends a request's head as it stands; returns the body of the answer. */
async function sendRaw(url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
  const answer = await new Response(connection.readable).text();
  return answer.split("\r\n\r\n")[1] ?? "";
}

Deno.test("a request's URL begins with the listener's own origin, whatever the client calls it", async () => {
  const listener = await listen({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) =>
      Promise.resolve(new Response(url, { headers: { "content-length": String(url.length) } })),
  });
  try {
    for (const target of ["/a/b?c=d", "http://example.com/a/b?c=d", "//example.com/a/b?c=d"]) {
      const seen = await sendRaw(listener.url, `GET ${target} HTTP/1.1\r\nHost: example.com`);
      assert.equal(seen, `${listener.url}/a/b?c=d`, target);
    }
  } finally {
    await listener.close();
  }
});
