import assert from "node:assert/strict";
import { listen } from "./listener.ts";
import { createTestApp, refusal, wav } from "./test_client.ts";

/** A storage server on loopback with one answer, and a simulator asked to fetch from it. */
async function enrollFrom(
  handler: (request: Request) => Response | Promise<Response>,
  options: { downloadTimeoutMs?: number } = {},
) {
  const server = listen({ hostname: "127.0.0.1", port: 0, fetch: async (request) => await handler(request) });
  try {
    const { app, client } = createTestApp(options);
    const data = `${server.url}/clip.wav?token=secret`;
    return { app, answer: await client.create({ audio: { data } }) };
  } finally {
    await server.close();
  }
}

const clip = wav({ seconds: 3 });

Deno.test("a URL is really fetched, query and all", async () => {
  const seen: string[] = [];
  const { app, answer } = await enrollFrom((request) => {
    seen.push(`${request.method} ${new URL(request.url).pathname}${new URL(request.url).search}`);
    return new Response(clip);
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(seen, ["GET /clip.wav?token=secret"]);
  assert.deepEqual(app.voices()[0]?.audio?.bytes, clip.length);
  assert.deepEqual(app.voices()[0]?.audio?.delivery, "signed_url");
});

Deno.test("a URL of exactly 10,000,000 bytes is fetched, one more is not", async () => {
  const mp3 = (length: number) => new Response("ID3".padEnd(length));
  assert.equal((await enrollFrom(() => mp3(10_000_000))).answer.status, 200);
  const { app, answer } = await enrollFrom(() => mp3(10_000_001));
  assert.equal(refusal(answer), "400 BadRequest.InputDownloadFailed");
  assert.deepEqual(app.voices(), []);
});

function* broken() {
  yield clip.slice(0, 100);
  throw new Error("broken off");
}
const failed = "BadRequest.InputDownloadFailed";
const answers: [what: string, handler: () => Response, code: string][] = [
  ["an expired link (400)", () => Response.json({ error: "InvalidJWT" }, { status: 400 }), failed],
  ["403", () => new Response(clip, { status: 403 }), failed],
  ["404", () => new Response(null, { status: 404 }), failed],
  ["500", () => new Response(null, { status: 500 }), failed],
  ["a redirect", () => Response.redirect("http://192.0.2.1/clip.wav"), failed],
  ["a body that breaks off", () => new Response(ReadableStream.from(broken())), failed],
  ["no bytes", () => new Response(""), "Audio.DecoderError"],
  ["a web page", () => new Response("<html></html>"), "Audio.DecoderError"],
];
for (const [what, handler, code] of answers) {
  Deno.test(`a URL that answers ${what} is 400 ${code}`, async () => {
    const { app, answer } = await enrollFrom(handler);
    assert.equal(refusal(answer), `400 ${code}`);
    assert.deepEqual(app.voices(), []);
  });
}

Deno.test("a URL that never answers is 400 InvalidURL.Timeout", async () => {
  const { promise } = Promise.withResolvers<Response>();
  const { answer } = await enrollFrom(() => promise, { downloadTimeoutMs: 50 });
  assert.equal(refusal(answer), "400 InvalidURL.Timeout");
});

Deno.test("a URL nobody listens on is 400 InvalidURL.ConnectionRefused", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { client } = createTestApp();
  const answer = await client.create({ audio: { data: `http://127.0.0.1:${port}/clip.wav` } });
  assert.equal(refusal(answer), "400 InvalidURL.ConnectionRefused");
});

Deno.test("nothing but loopback is ever contacted", async () => {
  const { client } = createTestApp();
  const contacted: unknown[] = [];
  const realFetch = globalThis.fetch;
  globalThis.fetch = (input) => {
    contacted.push(input);
    return Promise.reject(new TypeError("no network in this test"));
  };
  try {
    const hosts = ["example.com", "192.0.2.1", "10.0.0.1", "[2001:db8::1]", "0.0.0.0"];
    for (const host of [...hosts, "127.0.0.1.example.com", "localhost.example"]) {
      const answer = await client.create({ audio: { data: `http://${host}/clip.wav` } });
      assert.equal(refusal(answer), "400 InvalidURL.ConnectionRefused", host);
    }
    assert.deepEqual(contacted, []);
  } finally {
    globalThis.fetch = realFetch;
  }
});

Deno.test("what is no http URL is 400 InvalidURL", async () => {
  const { client } = createTestApp();
  const others = ["ftp://127.0.0.1/clip.wav", "file:///etc/hostname", "oss://bucket/clip.wav"];
  for (const data of ["clip.wav", "http://", ...others]) {
    assert.equal(refusal(await client.create({ audio: { data } })), "400 InvalidURL", data);
  }
});
