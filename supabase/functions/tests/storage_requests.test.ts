// What the function asks of Storage: how long it waits, what it asks twice, and whose word it takes for a size.
import assert from "node:assert/strict";
import { readFixture } from "../../../tools/testkit/fixtures.ts";
import { createGenerations } from "../_shared/storage/generations.ts";
import { createReferences } from "../_shared/storage/references.ts";
import { createSupabase } from "../_shared/supabase.ts";
import { assertError, startApi, upload } from "../../../tools/testkit/harness/api.ts";
import { voiceCreated, withDashScope } from "../../../tools/testkit/harness/dashscope.ts";
import { assertSucceeds, readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { keys, newUser } from "../../../tools/testkit/harness/project.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const URL_ = "https://project.supabase.co";
const KEY = "0b0c0d0e-1111-4222-8333-444455556666/0b0c0d0e-1111-4222-8333-444455556667/reference.wav";
const TRY_MS = 5_000;

function range(bytes: string, total: number) {
  const headers = { "content-range": `bytes 0-${bytes.length - 1}/${total}`, "content-type": "audio/wav" };
  return new Response(bytes, { status: 206, headers: { ...headers, etag: '"1"' } });
}

/** A clock, and a way to let the time of a try run out once Storage says nothing. */
function createSilence() {
  const clock = createVirtualClock();
  let silent = Promise.withResolvers<void>();
  return {
    clock,
    isThere: () => silent.resolve(),
    async runOut(): Promise<void> {
      await silent.promise;
      silent = Promise.withResolvers();
      clock.expire(TRY_MS);
    },
  };
}

/** How Storage takes a request: it answers, says nothing, breaks the connection, or stops in the middle of its answer. */
type Taken = Response | "silence" | "break" | "half";

/** The function's own storage code, on a Storage that takes one request after another so. */
function storageThat(...taken: Taken[]) {
  const { clock, isThere, runOut } = createSilence();
  const asked: Request[] = [];
  const supabase = createSupabase({
    url: URL_,
    secretKey: "sb_secret_test",
    clock,
    fetch: (input, init) => {
      asked.push(new Request(input, init));
      const next = taken[asked.length - 1];
      if (next === undefined) throw new Error("asked more often than was foreseen");
      if (next === "break") return Promise.reject(new TypeError("connection error"));
      if (next instanceof Response) return Promise.resolve(next);
      isThere();
      return next === "silence"
        ? new Promise(() => {})
        : Promise.resolve(new Response(new ReadableStream(), { status: 206 }));
    },
  });
  return {
    asked,
    references: createReferences({ storage: supabase.storage, publicUrl: URL_ }),
    generations: createGenerations({ storage: supabase.storage, publicUrl: URL_ }),
    runOut,
  };
}

const never = () => new AbortController().signal;
const away = { code: "storage_unavailable", status: 503 };
const known = { contentType: "audio/wav", sizeBytes: 4 };

/** Every question that may be repeated: how it is put, what answers it, and what comes of that. */
type Ask = (storage: ReturnType<typeof storageThat>, signal?: AbortSignal) => Promise<unknown>;
const QUESTIONS: Record<string, [ask: Ask, answer: () => Response, outcome: unknown]> = {
  "the look at a clip": [
    async ({ references }, signal) => (await references.inspect(KEY, signal)).sizeBytes,
    () => range("RIFF", 60_000),
    60_000,
  ],
  "a part of a clip": [
    ({ references }, signal = never()) => references.readRange(KEY, 0, 4, signal),
    () => range("RIFF", 60_000),
    new TextEncoder().encode("RIFF"),
  ],
  "a whole clip": [
    ({ references }) => references.open(KEY, known, never()).read(),
    () => new Response("RIFF"),
    new TextEncoder().encode("RIFF"),
  ],
  "signing a clip": [
    ({ references }, signal = never()) => references.open(KEY, known, signal).sign(60),
    () => Response.json({ signedURL: `/object/sign/references/${KEY}?token=t` }),
    `${URL_}/storage/v1/object/sign/references/${KEY}?token=t`,
  ],
  "signing an upload": [
    ({ references }) => references.createUploadUrl(KEY),
    () => Response.json({ url: `/object/upload/sign/references/${KEY}?token=t`, token: "t" }),
    `${URL_}/storage/v1/object/upload/sign/references/${KEY}?token=t`,
  ],
  "the look at audio": [
    async ({ generations }) => (await generations.inspect(KEY, never()))?.sizeBytes,
    () => range("RIFF", 60_000),
    60_000,
  ],
  "signing audio": [
    ({ generations }) => generations.signedUrl(KEY, 60),
    () => Response.json({ signedURL: `/object/sign/generations/${KEY}?token=t` }),
    `${URL_}/storage/v1/object/sign/generations/${KEY}?token=t`,
  ],
};

for (const [what, [ask, answer, outcome]] of Object.entries(QUESTIONS)) {
  Deno.test(`${what}: one request where Storage answers`, async () => {
    const storage = storageThat(answer());
    assert.deepEqual(await ask(storage), outcome);
    assert.equal(storage.asked.length, 1);
  });

  for (const first of ["silence", "half", "break"] as const) {
    Deno.test(`${what}: asked once more after ${first}, with the same words`, async () => {
      const storage = storageThat(first, answer());
      const asking = ask(storage);
      if (first !== "break") await storage.runOut();
      assert.deepEqual(await asking, outcome);
      const [one, other] = storage.asked;
      assert.deepEqual([other?.method, other?.url], [one?.method, one?.url]);
      assert.equal(await other?.text(), await one?.text());
      for (const name of ["apikey", "authorization", "content-type", "range"]) {
        assert.equal(other?.headers.get(name), one?.headers.get(name));
      }
      assert.equal(other?.headers.get("connection"), "close");
    });
  }

  Deno.test(`${what}: 503 after twice five seconds of silence`, async () => {
    const storage = storageThat("silence", "silence");
    const asking = assert.rejects(ask(storage), away);
    await storage.runOut();
    await storage.runOut();
    await asking;
    assert.equal(storage.asked.length, 2);
  });

  Deno.test(`${what}: an answer is not asked for again, whatever it says`, async () => {
    const storage = storageThat(Response.json({ message: "away" }, { status: 502 }));
    await assert.rejects(ask(storage), away);
    assert.equal(storage.asked.length, 1);
  });
}

/** The questions of a finalize, which has a deadline. */
for (const what of ["the look at a clip", "a part of a clip", "signing a clip"]) {
  Deno.test(`${what} ends with the deadline of its finalize, in the first try as in the second`, async () => {
    const [ask] = QUESTIONS[what] ?? [];
    assert(ask);
    for (const tries of [1, 2]) {
      const storage = storageThat("silence", "silence");
      const deadline = new AbortController();
      const asking = assert.rejects(ask(storage, deadline.signal), away);
      if (tries === 2) await storage.runOut();
      while (storage.asked.length < tries) await Promise.resolve();
      deadline.abort();
      await asking;
      assert.equal(storage.asked.length, tries);
    }
  });
}

Deno.test("what changes something is sent once, and an upload leaves no connection open", async () => {
  const upload = storageThat("break");
  await assert.rejects(upload.generations.store(KEY, new Uint8Array(4)), away);
  assert.equal(upload.asked.length, 1);
  assert.equal(upload.asked[0]?.headers.get("connection"), "close");
  const removal = storageThat("break");
  await assert.rejects(removal.references.remove([KEY]), away);
  assert.equal(removal.asked.length, 1);
});

Deno.test("a finalize whose Storage says nothing answers 503 storage_unavailable, and can be repeated", async () => {
  const { clock, isThere, runOut } = createSilence();
  let isSilent = true;
  await using ready = await readyToFinalize({
    clock,
    intercept(path) {
      if (!isSilent || !path.startsWith("/storage/v1/object/references/")) return;
      isThere();
      return new Promise(() => {});
    },
  });
  await withDashScope([], async () => {
    const finalizing = ready.finalize();
    await runOut();
    await runOut();
    assertError(await finalizing, 503, "storage_unavailable");
  });
  isSilent = false;
  await assertSucceeds(ready, [["create", voiceCreated()]]);
});

Deno.test("a clip that was declared with parameters is finalized as any other", async () => {
  await using api = await startApi({ keys });
  const { token } = await newUser();
  const clip = { clip: readFixture("speech-24k-mono.m4a"), type: "audio/mp4;codecs=mp4a.40.2" };
  const { body } = await upload(api, token, clip);
  await withDashScope([voiceCreated()], async () => {
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
});

Deno.test("a whole answer is counted, whatever its header says of the size", async () => {
  const bytes = new Uint8Array(100_000);
  const { references } = storageThat(new Response(bytes, { headers: { "content-length": "12" } }));
  const { sizeBytes, firstBytes } = await references.inspect(KEY);
  assert.deepEqual([sizeBytes, firstBytes.length], [100_000, 65_536]);
});

Deno.test("a range is cut to what was asked for", async () => {
  const { references } = storageThat(range("x".repeat(100_000), 200_000));
  const { sizeBytes, firstBytes } = await references.inspect(KEY);
  assert.deepEqual([sizeBytes, firstBytes.length], [200_000, 65_536]);
});

Deno.test("a clip that grew since it was looked at is not read to its end", async () => {
  let given = 0;
  const grown = new ReadableStream({
    pull(controller) {
      if (++given === 100) controller.close();
      else controller.enqueue(new Uint8Array(1_000));
    },
  });
  const { references } = storageThat(new Response(grown));
  await assert.rejects(references.open(KEY, known, never()).read(), away);
  assert(given < 10, `${given}`);
});

Deno.test("a clip over the limit is refused, though the bucket took it", async () => {
  await using ready = await readyToFinalize({
    intercept: (path) =>
      path.startsWith("/storage/v1/object/references/")
        ? new Response(new Uint8Array(10_000_000), { headers: { "content-type": "audio/wav" } })
        : undefined,
  });
  await withDashScope([], async () => assertError(await ready.finalize(), 400, "reference_too_large"));
});
