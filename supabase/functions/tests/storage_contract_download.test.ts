// What a GET or HEAD of an object answers: headers, ranges and signed URLs, as recorded from storage-api.
import assert from "node:assert/strict";
import { z } from "zod";
import {
  clip,
  keyed,
  newKey,
  postJson,
  refusal,
  remove,
  signUpload,
  storage,
  told,
  uploaded,
} from "../../../tools/testkit/harness/storage.ts";

const HEADERS = [
  "content-type",
  "content-length",
  "content-range",
  "accept-ranges",
  "cache-control",
  "x-robots-tag",
] as const;

/** What must be there whatever its value is, and the values of the rest. */
async function headersOf(response: Response) {
  const body = new Uint8Array(await response.arrayBuffer());
  assert.match(response.headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
  assert.match(response.headers.get("last-modified") ?? "", / GMT$/);
  return {
    status: response.status,
    bytes: body.length,
    headers: HEADERS.map((name) => response.headers.get(name)),
  };
}

const signedUrl = z.object({ signedURL: z.string() });
const sign = async (key: string) =>
  signedUrl.parse(await (await postJson(`/object/sign/references/${key}`, { expiresIn: 60 })).json())
    .signedURL;

const whole = ["audio/wav", "60000", null, "bytes"];
const part = (range: string, length: string) => ["audio/wav", length, `bytes ${range}/60000`, "bytes"];
const withKey = ["no-cache", "none"];
const signed = [null, null];

for (const method of ["GET", "HEAD"]) {
  const bytes = (length: number) => method === "HEAD" ? 0 : length;

  Deno.test(`${method} with a key tells how an object may be cached, and that robots keep out`, async () => {
    const key = await uploaded();
    for (const path of [`/object/references/${key}`, `/object/authenticated/references/${key}`]) {
      assert.deepEqual(await headersOf(await keyed(path, { method })), {
        status: 200,
        bytes: bytes(60_000),
        headers: [...whole, ...withKey],
      });
    }
    assert.deepEqual(
      await headersOf(await keyed(`/object/references/${key}`, { method, headers: { range: "bytes=0-99" } })),
      { status: 206, bytes: bytes(100), headers: [...part("0-99", "100"), ...withKey] },
    );
    await remove(key);
  });

  Deno.test(`${method} of a signed URL tells neither`, async () => {
    const key = await uploaded();
    const url = `${storage}${await sign(key)}`;
    for (const download of ["", "&download=", "&download=x%20y.wav"]) {
      assert.deepEqual(await headersOf(await fetch(url + download, { method })), {
        status: 200,
        bytes: bytes(60_000),
        headers: [...whole, ...signed],
      });
    }
    assert.deepEqual(await headersOf(await fetch(url, { method, headers: { range: "bytes=5-9" } })), {
      status: 206,
      bytes: bytes(5),
      headers: [...part("5-9", "5"), ...signed],
    });
    await remove(key);
  });

  Deno.test(`${method} of what is known already answers 304`, async () => {
    const key = await uploaded();
    const first = await keyed(`/object/references/${key}`, { method });
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    await first.body?.cancel();
    const expected = (...caching: (string | null)[]) => ({
      status: 304,
      bytes: 0,
      headers: ["audio/wav", null, "bytes", ...caching],
    });
    // storage-api says that nothing follows, which Deno.serve leaves out.
    const without = async (response: Response) => {
      const { headers: [type, , ...rest], ...answer } = await headersOf(response);
      return { ...answer, headers: [type, ...rest] };
    };
    assert.deepEqual(
      await without(await keyed(`/object/references/${key}`, { method, headers })),
      expected(...withKey),
    );
    assert.deepEqual(
      await without(await fetch(`${storage}${await sign(key)}`, { method, headers })),
      expected(...signed),
    );
    await remove(key);
  });

  Deno.test(`${method} of info tells ETag, date and caching in headers too`, async () => {
    const key = await uploaded();
    for (const between of ["", "/authenticated"]) {
      const response = await keyed(`/object/info${between}/references/${key}`, { method });
      const text = await response.text();
      assert.equal(response.status, 200);
      assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
      assert.equal(response.headers.get("cache-control"), "no-cache");
      assert.match(response.headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
      assert.match(response.headers.get("last-modified") ?? "", / GMT$/);
      if (method === "GET") assert.equal(response.headers.get("content-length"), `${text.length}`);
      else assert(Number(response.headers.get("content-length")) > 300);
    }
    await remove(key);
  });
}

const invalidRange = refusal("416", "invalid_range", "InvalidRange", "invalid range provided", 416);

for (
  const range of [
    "bytes=60000-",
    "bytes=99999-100000",
    "bytes=-0",
    "bytes=5-2",
    "bytes=0-1,5-6",
    "bytes=abc",
    "bytes=-",
    "items=0-1",
  ]
) {
  Deno.test(`the range '${range}' answers 416, with a key and by a signed URL`, async () => {
    const key = await uploaded();
    assert.deepEqual(
      await told(await keyed(`/object/references/${key}`, { headers: { range } })),
      invalidRange,
    );
    assert.deepEqual(
      await told(await fetch(`${storage}${await sign(key)}`, { headers: { range } })),
      invalidRange,
    );
    await remove(key);
  });
}

Deno.test("a range longer than the object is cut to it, from either end", async () => {
  const key = await uploaded();
  for (const range of ["bytes=0-999999", "bytes=-999999"]) {
    const response = await keyed(`/object/references/${key}`, { headers: { range } });
    assert.deepEqual([response.status, response.headers.get("content-range")], [206, "bytes 0-59999/60000"]);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), clip);
  }
  await remove(key);
});

Deno.test("a date and an ETag for the range are not looked at", async () => {
  const key = await uploaded();
  const since = { "if-modified-since": new Date(Date.now() + 60_000).toUTCString() };
  assert.equal((await headersOf(await keyed(`/object/references/${key}`, { headers: since }))).status, 200);
  const other = { range: "bytes=0-9", "if-range": '"other"' };
  assert.equal((await headersOf(await keyed(`/object/references/${key}`, { headers: other }))).status, 206);
  await remove(key);
});

const wrong = (message: string) => refusal("400", "InvalidSignature", "InvalidSignature", message);

Deno.test("a signed URL opens one object for one purpose", async () => {
  const key = await uploaded();
  const [other, free] = [await uploaded(), newKey()];
  const download = new URLSearchParams((await sign(key)).split("?")[1]);
  const { token } = await signUpload(free);
  const at = (path: string, method = "GET") =>
    fetch(
      `${storage}${path}`,
      method === "PUT" ? { method, body: "RIFF", headers: { "content-type": "audio/wav" } } : {},
    );
  assert.deepEqual(
    await told(await at(`/object/sign/references/${other}?${download}`)),
    wrong("Invalid signature"),
  );
  assert.deepEqual(
    await told(await at(`/object/upload/sign/references/${key}?token=${token}`, "PUT")),
    wrong("Invalid signature"),
  );
  assert.deepEqual(
    await told(await at(`/object/upload/sign/references/${key}?${download}`, "PUT")),
    wrong("Token is not scoped for upload"),
  );
  assert.deepEqual(
    await told(await at(`/object/sign/references/${free}?token=${token}`)),
    wrong("Token is not scoped for download"),
  );
  await remove(key);
  await remove(other);
});
