import assert from "node:assert/strict";
import { freePort } from "../process/ports.ts";
import { createFunctionProxy } from "./function_proxy.ts";

/** A function behind a gateway, as the stack has it: two listeners and the proxy between them. */
async function behindGateway(
  handler: Deno.ServeHandler,
  test: (gateway: string) => Promise<void>,
): Promise<void> {
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  const edge = Deno.serve(quiet, handler);
  const gateway = Deno.serve(quiet, createFunctionProxy({ port: () => edge.addr.port, patienceMs: 0 }));
  try {
    await test(`http://127.0.0.1:${gateway.addr.port}`);
  } finally {
    await gateway.shutdown();
    await edge.shutdown();
  }
}

/** Listens without HTTP: reads something of each connection, then does to it what `act` does. */
function rawServer(act: (connection: Deno.TcpConn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let seen = 0;
  const running = (async () => {
    for await (const connection of listener) {
      const read = await connection.read(new Uint8Array(65_536));
      if (read !== null) {
        seen++;
        await act(connection);
      }
      try {
        connection.close();
      } catch {
        // Closed by the act.
      }
    }
  })();
  return {
    port: listener.addr.port,
    seen: () => seen,
    async stop() {
      listener.close();
      await running;
    },
  };
}

Deno.test("both paths lead to the function's own, with method, query, headers and body", async () => {
  await behindGateway(async (request) => {
    const { pathname, search } = new URL(request.url);
    return Response.json({
      asked: `${request.method} ${pathname}${search}`,
      header: request.headers.get("x-request-id"),
      authorization: request.headers.get("authorization"),
      body: await request.text(),
    });
  }, async (gateway) => {
    for (const prefix of ["/functions/v1/api", "/api"]) {
      const response = await fetch(`${gateway}${prefix}/clone/finalize?a=1&b=%20`, {
        method: "POST",
        headers: { "x-request-id": "r-1", authorization: "Bearer t" },
        body: "ä body",
      });
      assert.deepEqual(await response.json(), {
        asked: "POST /api/clone/finalize?a=1&b=%20",
        header: "r-1",
        authorization: "Bearer t",
        body: "ä body",
      });
    }
  });
});

Deno.test("status and headers pass through, redirects and empty answers too", async () => {
  await behindGateway((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/api/preview") {
      return new Response(null, { status: 302, headers: { location: "https://example.com/x?token=1" } });
    }
    return new Response(null, { status: 204, headers: { "x-request-id": "r-2", vary: "Origin" } });
  }, async (gateway) => {
    const redirect = await fetch(`${gateway}/api/preview`, { redirect: "manual" });
    assert.equal(redirect.status, 302);
    assert.equal(redirect.headers.get("location"), "https://example.com/x?token=1");
    await redirect.body?.cancel();
    const empty = await fetch(`${gateway}/api/x`, { method: "OPTIONS" });
    const { status, headers } = empty;
    assert.deepEqual([status, headers.get("x-request-id"), headers.get("vary")], [204, "r-2", "Origin"]);
    const head = await fetch(`${gateway}/api/x`, { method: "HEAD" });
    assert.equal(head.status, 204);
  });
});

Deno.test("bodies stream: the first part of an answer arrives before the last is made", async () => {
  const rest = Promise.withResolvers<void>();
  const encoder = new TextEncoder();
  await behindGateway(() =>
    new Response(
      new ReadableStream({
        async start(controller) {
          controller.enqueue(encoder.encode("first,"));
          await rest.promise;
          controller.enqueue(encoder.encode("last"));
          controller.close();
        },
      }),
    ), async (gateway) => {
    const response = await fetch(`${gateway}/api/stream`);
    assert.ok(response.body);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, "first,");
    rest.resolve();
    assert.equal((await reader.read()).value, "last");
    assert.equal((await reader.read()).done, true);
  });
});

Deno.test("a large body arrives whole in both directions", async () => {
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 249);
  await behindGateway(async (request) => new Response(await request.bytes()), async (gateway) => {
    const response = await fetch(`${gateway}/api/echo`, { method: "POST", body: bytes });
    assert.deepEqual(await response.bytes(), bytes);
  });
});

Deno.test("a request waits for a function that is not there yet", async () => {
  const port = freePort();
  let looks = 0;
  let edge: Deno.HttpServer | null = null;
  const proxy = createFunctionProxy({
    patienceMs: 10_000,
    port: () => {
      if (++looks === 3) {
        edge = Deno.serve(
          { hostname: "127.0.0.1", port, onListen: () => {} },
          () => Response.json({ ok: true }),
        );
      }
      return looks < 2 ? null : port;
    },
  });
  const response = await proxy(new Request("http://gateway/api/health"));
  assert.deepEqual(await response.json(), { ok: true });
  assert.ok(looks >= 3);
  await (edge as Deno.HttpServer | null)?.shutdown();
});

Deno.test("a function that never comes answers 503 BOOT_ERROR", async () => {
  const port = freePort();
  const response = await createFunctionProxy({ port: () => port, patienceMs: 0 })(
    new Request("http://g/api/health"),
  );
  assert.deepEqual([response.status, await response.json()], [
    503,
    { code: "BOOT_ERROR", message: "Function failed to start (please check logs)" },
  ]);
});

const deaths: [how: string, act: (connection: Deno.TcpConn) => Promise<void>][] = [
  ["closes the connection", () => Promise.resolve()],
  ["breaks off inside the headers", async (connection) => {
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-le"));
  }],
];
for (const [how, act] of deaths) {
  Deno.test(`a function that ${how} after it read a request is not asked again`, async () => {
    const server = rawServer(act);
    const proxy = createFunctionProxy({ port: () => server.port, patienceMs: 5_000 });
    const request = new Request("http://gateway/api/clone/finalize", { method: "POST", body: "{}" });
    const response = await proxy(request);
    assert.deepEqual([response.status, await response.json()], [
      502,
      { code: "WORKER_ERROR", message: "The function ended before it answered" },
    ]);
    await server.stop();
    assert.equal(server.seen(), 1);
  });
}
