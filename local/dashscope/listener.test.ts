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

/** A listener that answers `/whole`, breaks `/cut` before an answer and `/half` in it, and never answers `/hangs`. */
function breaking() {
  const half = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
      pull: (controller) => controller.error(new Error("broken off")),
    });
  return listen({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      const { pathname } = new URL(url);
      if (pathname === "/cut") return Promise.reject(new Error("cut"));
      if (pathname === "/hangs") return new Promise(() => {});
      return Promise.resolve(new Response(pathname === "/half" ? half() : "whole"));
    },
  });
}

Deno.test("a handler that rejects, or whose body fails, breaks the connection of its request alone", async () => {
  const listener = await breaking();
  try {
    assert.equal(await (await fetch(`${listener.url}/whole`)).text(), "whole");
    // A POST with a streamed body is never sent again.
    const body = () => new Blob(["x"]).stream();
    await assert.rejects(fetch(`${listener.url}/cut`, { method: "POST", body: body() }), TypeError);
    const answer = await fetch(`${listener.url}/half`);
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text());
    assert.equal(await (await fetch(`${listener.url}/whole`)).text(), "whole");
  } finally {
    await listener.close();
  }
});

Deno.test("it closes although a handler hangs, and its client sees the connection break", async () => {
  const listener = await breaking();
  const hanging = assert.rejects(fetch(`${listener.url}/hangs`), TypeError);
  assert.equal(await (await fetch(`${listener.url}/whole`)).text(), "whole");
  await listener.close();
  await hanging;
});
