// From which hosts speech is fetched, whatever the provider's answer says.
import assert from "node:assert/strict";
import * as fc from "fast-check";
import { RESULT_URL, SPEECH } from "../../../tools/testkit/harness/dashscope.ts";
import { failed, LOOPBACK_URL, speakFrom } from "../../../tools/testkit/harness/synthesizing.ts";

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

const HOSTILE = [
  ...[
    "https://x.aliyuncs.com.evil.com/a.wav",
    "https://bucket.oss-ap-southeast-1-internal.aliyuncs.com/a.wav",
  ],
  ...[
    "https://aliyuncs.com@evil.com/a.wav",
    "https://aliyuncs.com@evil/a.wav",
    "https://evil.com?.aliyuncs.com",
  ],
  ...["https://evil.com/x.aliyuncs.com/a.wav", "https://evil.com#.aliyuncs.com"],
  ...[
    "https://evil.com\\.aliyuncs.com/a.wav",
    "https://evilaliyuncs.com/a.wav",
    "https://x.aliyuncs.com./a.wav",
  ],
  ...["https://.aliyuncs.com/a.wav", "https://x.aliyuncs.co/a.wav", "https://x-aliyuncs.com/a.wav"],
  ...["https://x.aliyuncsxcom/a.wav", "https://x.aliyuncs.com:8443/a.wav", "https://x.aliyuncs.com:80/a.wav"],
  ...["http://x.aliyuncs.com:443/a.wav", "https://somebody@x.aliyuncs.com/a.wav"],
  ...["https://:password@x.aliyuncs.com/a.wav", "https://x.\u0430liyuncs.com/a.wav"],
  ...["https://x.xn--liyuncs-5fg.com/a.wav", "https://127.0.0.1/a.wav", "http://127.0.0.1:4010/a.wav"],
  ...["http://localhost/a.wav", "http://result.localhost:4010/a.wav", "http://[::1]/a.wav"],
  ...["http://2130706433/a.wav", "http://0x7f.1/a.wav", "http://10.0.0.1/a.wav"],
  ...["http://169.254.169.254/latest/meta-data/", "http://100.100.100.200/latest/meta-data/"],
  ...["http://[::ffff:10.0.0.1]/a.wav", "https://project.supabase.co/a.wav", "file:///etc/passwd"],
  ...["file://x.aliyuncs.com/a.wav", "ftp://x.aliyuncs.com/a.wav", "wss://x.aliyuncs.com/a.wav"],
  ...["blob:https://x.aliyuncs.com/a.wav", "data:audio/wav,RIFF", "javascript:0//x.aliyuncs.com"],
  ...["//x.aliyuncs.com/a.wav", "x.aliyuncs.com/a.wav", "/a.wav", "https://", "not a URL"],
];

for (const url of HOSTILE) {
  Deno.test(`${url} is not fetched: unreadable_answer`, async () => {
    const { fetched, outcome } = await speakFrom(url);
    assert.deepEqual(fetched, []);
    assert.equal(failed(outcome, url), "unreadable_answer");
  });
}

Deno.test("a result on loopback is fetched as it is told, when DashScope itself is on loopback", async () => {
  for (const baseUrl of [LOOPBACK_URL, "http://localhost:4010", "http://[::1]:4010", "https://127.0.0.1"]) {
    const here = [
      "http://127.0.0.1:4011/a.wav?x=1",
      "https://127.0.0.1/a.wav",
      "http://localhost:4010/a.wav",
    ];
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
    ...[
      "aliyuncs.com",
      "localhost",
      "127.0.0.1",
      "127.1",
      "0x7f000001",
      "ＡＬＩＹＵＮＣＳ.com",
      "x。aliyuncs。com",
    ],
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
