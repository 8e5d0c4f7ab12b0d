// How much of a result is read, and what becomes of the speech when that fails.
import assert from "node:assert/strict";
import { serveLocally } from "../../../tools/testkit/harness/api.ts";
import { RESULT_URL, SIGNATURE, SPEECH } from "../../../tools/testkit/harness/dashscope.ts";
import {
  failed,
  failureOf,
  LOOPBACK_URL,
  speakFrom,
  startProvider,
} from "../../../tools/testkit/harness/synthesizing.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const LIMIT_BYTES = 16 * 1024 * 1024;

for (const status of [301, 302, 303, 307, 308, 400, 403, 404, 416, 500, 503]) {
  const what = status < 400
    ? "a redirect to a host that is permitted, which is not followed"
    : "a result that answers";
  Deno.test(`${what} (${status}): server_error`, async () => {
    await using provider = startProvider(({ url }) =>
      new URL(url).pathname === "/elsewhere"
        ? new Response(SPEECH)
        : new Response("<Error>AccessDenied</Error>", { status, headers: { Location: "/elsewhere" } })
    );
    const error = await failureOf(provider.speak());
    assert.deepEqual([failed({ error }, provider.url), error.status], ["server_error", status]);
    assert.equal(provider.asked.length, 1);
  });
}

/** A body of so many bytes in pieces of 1 MiB, and how much of it was asked for. Cancelling it takes for ever. */
function bodyOf(bytes: number) {
  const piece = 1024 * 1024;
  const state = { given: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = Math.min(piece, bytes - state.given);
      if (size === 0) return controller.close();
      state.given += size;
      controller.enqueue(new Uint8Array(size).fill(state.given / piece));
    },
    cancel() {
      state.cancelled = true;
      return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  return { state, stream };
}

Deno.test("16 MiB are taken whole, with and without a content-length", async () => {
  const declared = { "Content-Length": String(LIMIT_BYTES) };
  for (const headers of [undefined, declared]) {
    const { stream } = bodyOf(LIMIT_BYTES);
    const { outcome } = await speakFrom(RESULT_URL, { result: () => new Response(stream, { headers }) });
    assert("bytes" in outcome);
    assert.equal(outcome.bytes.length, LIMIT_BYTES);
    assert.deepEqual([outcome.bytes.at(0), outcome.bytes.at(2 ** 20), outcome.bytes.at(-1)], [1, 2, 16]);
  }
});

Deno.test("a content-length over 16 MiB is refused, and nothing of it is read", async () => {
  const { state, stream } = bodyOf(LIMIT_BYTES + 1);
  const headers = { "Content-Length": String(LIMIT_BYTES + 1) };
  const { outcome } = await speakFrom(RESULT_URL, { result: () => new Response(stream, { headers }) });
  assert.equal(failed(outcome, RESULT_URL), "unreadable_answer");
  assert.deepEqual(state, { given: 0, cancelled: true });
});

const LENGTHS = [
  ["without a content-length", undefined],
  ["whose content-length lies", { "Content-Length": "27" }],
  ["whose content-length is no number", { "Content-Length": "many" }],
] as const;

for (const [what, headers] of LENGTHS) {
  Deno.test(`a result ${what} is read no further than 16 MiB: unreadable_answer`, async () => {
    const { state, stream } = bodyOf(2 * LIMIT_BYTES);
    const { outcome } = await speakFrom(RESULT_URL, { result: () => new Response(stream, { headers }) });
    assert.equal(failed(outcome, RESULT_URL), "unreadable_answer");
    assert.deepEqual(state, { given: LIMIT_BYTES + 1024 * 1024, cancelled: true });
  });
}

Deno.test("a packed result is measured unpacked", async () => {
  const zeros = new Blob([new Uint8Array(LIMIT_BYTES + 1)]);
  const packed = await new Response(zeros.stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  assert(packed.byteLength < LIMIT_BYTES);
  const headers = { "Content-Encoding": "gzip", "Content-Type": "audio/wav" };
  await using provider = startProvider(() => new Response(packed, { headers }));
  const error = await failureOf(provider.speak());
  assert.equal(failed({ error }, provider.url), "unreadable_answer");
});

Deno.test("a result that is not answered in time is given up: no_answer", async () => {
  const clock = createVirtualClock();
  const { outcome } = await speakFrom(RESULT_URL, {
    clock,
    result: ({ signal }) => {
      clock.expire(45_000);
      return signal?.aborted ? Promise.reject(signal.reason) : new Response(SPEECH);
    },
  });
  assert.equal(failed(outcome, RESULT_URL), "no_answer");
});

for (const who of ["the time", "the caller"]) {
  Deno.test(`a result is given up in the middle when ${who} ends it: no_answer`, async () => {
    const clock = createVirtualClock();
    const caller = new AbortController();
    let finish = () => {};
    const start = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      controller.enqueue(SPEECH);
      finish = () => controller.close();
    };
    const halfway = () => new ReadableStream<Uint8Array>({ start });
    await using provider = startProvider(() => new Response(halfway()));
    const { outcome } = await speakFrom(`${provider.url}?Signature=${SIGNATURE}`, {
      baseUrl: LOOPBACK_URL,
      clock,
      signal: caller.signal,
      result: async (init) => {
        const response = await fetch(provider.url, init);
        if (who === "the time") clock.expire(45_000);
        else caller.abort();
        finish();
        return response;
      },
    });
    assert.equal(failed(outcome, provider.url), "no_answer");
  });
}

Deno.test("a result whose host cannot be reached: no_answer, and the error does not quote the URL", async () => {
  const closed = serveLocally(() => new Response());
  await closed.stop();
  const url = `${closed.url}/results/speech.wav?Signature=${SIGNATURE}`;
  const quoting = () => Promise.reject(new TypeError(`error sending request for url (${url})`));
  for (const result of [(init: RequestInit) => fetch(url, init), quoting]) {
    const { outcome } = await speakFrom(url, { baseUrl: LOOPBACK_URL, result });
    assert.equal(failed(outcome, url), "no_answer");
  }
});

Deno.test("a result that breaks off is not taken for a whole one: no_answer", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/results/speech.wav?Signature=${SIGNATURE}`;
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    const begun = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this";
    await connection.write(new TextEncoder().encode(begun));
  })().catch(() => {});
  const { outcome } = await speakFrom(url, { baseUrl: LOOPBACK_URL, result: (init) => fetch(url, init) });
  listener.close();
  await serving;
  assert.equal(failed(outcome, url), "no_answer");
});
