import assert from "node:assert/strict";
import { createResults } from "./results.ts";

const origin = "http://127.0.0.1:4000";
const MISMATCH = "403 SignatureDoesNotMatch application/xml";
const fixedNow = () => new Date("2026-03-04T05:06:07.089Z");

async function summary(response: Response): Promise<string> {
  const code = /^<\?xml [^]*<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? "no code";
  return `${response.status} ${code} ${response.headers.get("content-type")}`;
}

Deno.test("a URL gives its audio for 24 hours, then 403 in XML", async () => {
  let time = fixedNow().getTime();
  const results = createResults({ now: () => new Date(time) });
  const { url, expiresAt } = results.keep(new Uint8Array([1, 2, 3]), origin);
  assert.equal(expiresAt, Date.UTC(2026, 2, 5, 5, 6, 7) / 1_000);
  time = expiresAt * 1_000 - 1;
  const response = results.answer(new URL(url));
  assert.equal(response.headers.get("content-type"), "audio/wav");
  assert.equal(response.headers.get("content-length"), "3");
  assert.deepEqual(await response.bytes(), new Uint8Array([1, 2, 3]));
  time = expiresAt * 1_000;
  assert.equal(await summary(results.answer(new URL(url))), "403 AccessDenied application/xml");
});

Deno.test("a URL that was changed anywhere is 403 in XML", async () => {
  const results = createResults({ now: fixedNow });
  const { url, id, expiresAt } = results.keep(new Uint8Array([1]), origin);
  const other = results.keep(new Uint8Array([2]), origin);
  const changed = [
    url.replace(id, other.id),
    url.replace(String(expiresAt), String(expiresAt + 1)),
    url.replace(/Signature=./, (start) => start.endsWith("A") ? "Signature=B" : "Signature=A"),
    url.replace(/&Signature=.*$/, ""),
    url.replace(/\?.*$/, ""),
  ];
  for (const one of changed) {
    assert.notEqual(one, url);
    assert.equal(await summary(results.answer(new URL(one))), MISMATCH, one);
  }
  assert.equal(await summary(createResults({ now: fixedNow }).answer(new URL(url))), MISMATCH);
});

const bounds: [string, number, number][] = [["200 files", 1, 200], ["100 MB", 30_000_000, 3]];
for (const [bound, size, kept] of bounds) {
  Deno.test(`the newest audio is kept, up to ${bound}; older audio is 404`, async () => {
    const results = createResults({ now: fixedNow });
    const audio = new Uint8Array(size);
    const urls = Array.from({ length: kept + 2 }, () => results.keep(audio, origin).url);
    const statuses = urls.map((url) => results.answer(new URL(url)).status);
    assert.deepEqual(statuses, [404, 404, ...Array.from({ length: kept }, () => 200)]);
    assert.equal(await summary(results.answer(new URL(urls[0] ?? ""))), "404 NoSuchKey application/xml");
  });
}
