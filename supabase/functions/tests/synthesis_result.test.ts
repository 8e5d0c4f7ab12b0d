// From which hosts a result is fetched, how much of it is read, and how a fetch fails.
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { serveLocally } from "../../../tools/testkit/harness/api.ts";
import { RESULT_URL, SIGNATURE, SPEECH } from "../../../tools/testkit/harness/dashscope.ts";
import {
  failed,
  LOOPBACK_URL,
  speakFrom,
  startProvider,
} from "../../../tools/testkit/harness/synthesizing.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const BUCKET = "https://bucket.oss-cn-beijing.aliyuncs.com";
const PERMITTED: [given: string, fetched: string][] = [
  [RESULT_URL, RESULT_URL.replace("http:", "https:")],
  [`${BUCKET}/a.wav?x=1`, `${BUCKET}/a.wav?x=1`],
  ["http://bucket.oss-cn-beijing.aliyuncs.com:80/a.wav", `${BUCKET}/a.wav`],
  [`${BUCKET}:443/a.wav`, `${BUCKET}/a.wav`],
  ["HTTP://BUCKET.OSS-CN-BEIJING.ALIYUNCS.COM/A.wav", `${BUCKET}/A.wav`],
  ["https://aliyuncs.com/a.wav", "https://aliyuncs.com/a.wav"],
];

for (const [given, wanted] of PERMITTED) {
  Deno.test(`${given.replace(/\?.*/, "")} is fetched over TLS, without the key, following no redirect`, async () => {
    const { fetched, outcome } = await speakFrom(given);
    assert.deepEqual(outcome, { bytes: SPEECH });
    const [only, ...others] = fetched;
    assert.deepEqual([only?.url, others], [wanted, []]);
    assert.deepEqual([only?.init.method ?? "GET", only?.init.redirect], ["GET", "manual"]);
    assert.deepEqual([...new Headers(only?.init.headers)], [["connection", "close"]]);
  });
}

const HOSTILE = `
  https://x.aliyuncs.com.evil.com/a.wav https://bucket.oss-ap-southeast-1-internal.aliyuncs.com/a.wav
  https://aliyuncs.com@evil.com/a.wav https://aliyuncs.com@evil/a.wav https://evil.com?.aliyuncs.com
  https://evil.com/x.aliyuncs.com/a.wav https://evil.com#.aliyuncs.com https://evil.com\\.aliyuncs.com/a.wav
  https://evilaliyuncs.com/a.wav https://x.aliyuncs.com./a.wav https://.aliyuncs.com/a.wav
  https://x.aliyuncs.co/a.wav https://x-aliyuncs.com/a.wav https://x.aliyuncsxcom/a.wav
  https://x.aliyuncs.com:8443/a.wav https://x.aliyuncs.com:80/a.wav http://x.aliyuncs.com:443/a.wav
  https://somebody@x.aliyuncs.com/a.wav https://:password@x.aliyuncs.com/a.wav
  https://x.\u0430liyuncs.com/a.wav https://x.xn--liyuncs-5fg.com/a.wav https://127.0.0.1/a.wav
  http://127.0.0.1:4010/a.wav http://localhost/a.wav http://result.localhost:4010/a.wav http://[::1]/a.wav
  http://2130706433/a.wav http://0x7f.1/a.wav http://10.0.0.1/a.wav http://169.254.169.254/latest/meta-data/
  http://100.100.100.200/latest/meta-data/ http://[::ffff:10.0.0.1]/a.wav https://project.supabase.co/a.wav
  file:///etc/passwd file://x.aliyuncs.com/a.wav ftp://x.aliyuncs.com/a.wav wss://x.aliyuncs.com/a.wav
  blob:https://x.aliyuncs.com/a.wav data:audio/wav,RIFF javascript:0//x.aliyuncs.com //x.aliyuncs.com/a.wav
  x.aliyuncs.com/a.wav /a.wav https://
`.trim().split(/\s+/).concat("not a URL");

for (const url of HOSTILE) {
  Deno.test(`${url} is not fetched: unreadable_answer`, async () => {
    const { fetched, outcome } = await speakFrom(url);
    assert.deepEqual(fetched, []);
    assert.equal(failed(outcome, url), "unreadable_answer");
  });
}

Deno.test("a result on loopback is fetched as it is told, when DashScope itself is on loopback", async () => {
  for (const baseUrl of [LOOPBACK_URL, "http://localhost:4010", "http://[::1]:4010", "https://127.0.0.1"]) {
    const here = `
      http://127.0.0.1:4011/a.wav?x=1 https://127.0.0.1/a.wav http://localhost:4010/a.wav
    `.trim().split(/\s+/);
    for (const url of [...here, "http://[::1]:4010/a.wav"]) {
      const { fetched, outcome } = await speakFrom(url, { baseUrl });
      assert.deepEqual([fetched.map((one) => one.url), outcome], [[url], { bytes: SPEECH }]);
    }
  }
});

Deno.test("DashScope on loopback opens no other host", async () => {
  const others = HOSTILE.filter((url) => !/127\.0\.0\.1|localhost|\[::1\]|2130706433|0x7f/.test(url));
  assert(others.length > 30);
  const alike = [
    ...["http://somebody@127.0.0.1:4010/a.wav", "http://127.0.0.1.evil.com/a.wav", "ftp://127.0.0.1/a.wav"],
    ...["http://127.0.0.1@evil.com/a.wav", "http://0.0.0.0:4010/a.wav"],
  ];
  for (const url of [...others, ...alike]) {
    const { fetched, outcome } = await speakFrom(url, { baseUrl: LOOPBACK_URL });
    assert.deepEqual([fetched, failed(outcome, url)], [[], "unreadable_answer"], url);
  }
});

const labels = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
const hosts = fc.oneof(
  labels.map((label) => `${label}.aliyuncs.com`),
  fc.tuple(labels, labels).map(([one, two]) => `${one}.aliyuncs.com.${two}`),
  labels.map((label) => `${label}aliyuncs.com`),
  fc.ipV4(),
  fc.ipV6().map((ip) => `[${ip}]`),
  fc.domain(),
  fc.constantFrom(
    ..."aliyuncs.com localhost 127.0.0.1 127.1 0x7f000001 ＡＬＩＹＵＮＣＳ.com x。aliyuncs。com".split(" "),
    ...["x.aliyuncs%2ecom", "evil.com%2f.aliyuncs.com", "\u0430liyuncs.com", "aliyuncs.com."],
  ),
);
const glue = fc.constantFrom(
  ...["", "@", ":", ":@", "\\", "/", "#", "?", "%00", "\t", "\n", " ", ".", "%40", "//"],
);
/** Where results may lie, with something pushed in somewhere: what that does to the host, a reader hardly sees. */
const damaged = fc.tuple(
  fc.constantFrom(RESULT_URL, "https://x.aliyuncs.com/a.wav", "http://127.0.0.1:4010/a.wav"),
  fc.nat(40),
  fc.nat(2),
  fc.oneof(glue, hosts, fc.string({ maxLength: 2 })),
).map(([url, at, dropped, pushed]) => url.slice(0, at) + pushed + url.slice(at + dropped));
const addresses = fc.oneof(
  damaged,
  fc.webUrl(),
  fc.string({ unit: "binary" }),
  fc.tuple(
    fc.constantFrom(
      ...["https://", "http://", "HTTPS:", "http:/\\", "ftp://", "file://", "blob:https://", "//", ""],
    ),
    fc.oneof({ weight: 3, arbitrary: fc.constant("") }, fc.tuple(hosts, glue).map((parts) => parts.join(""))),
    hosts,
    fc.oneof(fc.constantFrom("", ":443", ":80", ":8443", ":0"), glue),
    fc.oneof(fc.constantFrom("/a.wav", ".evil.com/a.wav", "@evil.com", ""), hosts),
  ).map((parts) => parts.join("")),
);

const PERMITTED_HOSTS = [
  [undefined, /^https:\/\/(?:[^/?#@:\\]+\.)?aliyuncs\.com\//],
  [
    LOOPBACK_URL,
    /^(?:https:\/\/(?:[^/?#@:\\]+\.)?aliyuncs\.com|https?:\/\/(?:(?:[^/?#@:\\]+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?)\//,
  ],
] as const;

for (const [baseUrl, permitted] of PERMITTED_HOSTS) {
  Deno.test(`whatever the URL, only permitted hosts are fetched from (${baseUrl ?? "hosted"})`, async () => {
    let fetches = 0;
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(addresses, async (url) => {
        const { fetched, outcome } = await speakFrom(url, { baseUrl });
        if ("bytes" in outcome) {
          fetches++;
          assert.equal(fetched.length, 1);
          assert.match(fetched[0]?.url ?? "", permitted);
        } else {
          refusals++;
          assert.deepEqual([fetched, outcome.error.category], [[], "unreadable_answer"]);
        }
      }),
      { numRuns: 3000, seed: 20261122 },
    );
    assert(fetches > 100 && refusals > 100, `${fetches} fetched, ${refusals} refused`);
  });
}

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
    const error = await provider.failure();
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
  const error = await provider.failure();
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
