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
  const answer = (url: string) => new Response(url, { headers: { "content-length": String(url.length) } });
  const listener = listen({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => Promise.resolve(answer(url)),
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

function* failing() {
  yield new TextEncoder().encode("hello");
  throw new Error("the body fails");
}

Deno.test("a handler that rejects breaks the connection, and a body that fails breaks off after what was sent", async () => {
  const listener = listen({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/reject") throw new Error("no answer");
      if (pathname === "/chunked") return new Response(ReadableStream.from(failing()));
      if (pathname === "/sized") {
        return new Response(ReadableStream.from(failing()), { headers: { "content-length": "100" } });
      }
      return new Response(`${await request.text()}!`);
    },
  });
  try {
    for (const init of [{}, { method: "POST", body: "hello" }]) {
      await assert.rejects(fetch(`${listener.url}/reject`, init), TypeError);
    }
    for (const path of ["/chunked", "/sized"]) {
      const { body } = await fetch(listener.url + path);
      const reader = body?.getReader();
      assert.equal(new TextDecoder().decode((await reader?.read())?.value), "hello");
      await assert.rejects(async () => await reader?.read());
    }
    const echo = await fetch(`${listener.url}/echo`, { method: "POST", body: "hello" });
    assert.equal(await echo.text(), "hello!");
  } finally {
    await listener.close();
  }
});
