// Uploads that nobody ever finalized.
import assert from "node:assert/strict";
import { createAttempt } from "../../../tools/testkit/harness/claims.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { readyToReconcile, type Reconciling } from "../../../tools/testkit/harness/reconciling.ts";
import { store, stored } from "../../../tools/testkit/harness/reconciling.ts";
import { query } from "../../../tools/testkit/harness/setups.ts";

/** Stores a clip under this key, uploaded so many hours ago. */
const upload = (ready: Reconciling, key: string, hours: number) => store(ready, "references", key, hours);

Deno.test("an upload is removed after a day, and only when no enrollment, row or other use of the bucket knows it", async () => {
  const ready = await readyToReconcile();
  const keyOf = (voiceId: string) => ready.references.key(ready.userId, voiceId);
  const abandoned = await upload(ready, keyOf(crypto.randomUUID()), 25);
  const enrollments = [
    await ready.enter({ state: "claimed", unresolved: true }),
    await ready.enter({ state: "rejected" }),
    await ready.enter({ state: "finalized" }),
  ];
  const kept = [
    await upload(ready, keyOf(crypto.randomUUID()), 23),
    ...await Promise.all(enrollments.map(({ voiceId }) => upload(ready, keyOf(voiceId), 48))),
    await upload(ready, keyOf(await ready.addRow({ provider: "modal" })), 48),
    await upload(ready, keyOf(await ready.addRow({ provider: "modal", deleted: true })), 48),
    await upload(ready, `${ready.userId}/notes/reference.wav`, 48),
    await upload(ready, `${ready.userId}/${crypto.randomUUID()}/another.wav`, 48),
    await upload(ready, `${crypto.randomUUID()}.wav`, 48),
    await upload(ready, `samples/${ready.userId}/${crypto.randomUUID()}/reference.wav`, 48),
  ];
  const all = [abandoned, ...kept];

  assert.equal((await ready.reconcile()).uploads_swept, 1);
  assert.deepEqual(await stored(ready, all), all, "a report removes nothing");
  assert.equal((await ready.reconcile({ repair: true })).uploads_swept, 1);
  assert.deepEqual(await stored(ready, all), kept);
  assert.equal((await ready.reconcile({ repair: true })).uploads_swept, 0);
  assert.deepEqual(await stored(ready, kept), kept);
});

Deno.test("more uploads than a page are removed in one batch", async () => {
  const ready = await readyToReconcile();
  const keys = Array.from({ length: 103 }, () => ready.references.key(ready.userId, crypto.randomUUID()));
  const [first = "", ...others] = keys;
  await upload(ready, first, 25);
  // The other rows are enough: what is counted and asked for is what the bucket lists.
  await query`
    insert into storage.objects (bucket_id, name, metadata, created_at)
    select bucket_id, unnest(${others}::text[]), metadata, created_at from storage.objects where name = ${first}`;
  assert.equal((await ready.reconcile({ repair: true })).uploads_swept, 103);
  const name = `${ready.userId}/%`;
  assert.deepEqual(await query`select from storage.objects where name like ${name}`, []);
});

Deno.test("what is being swept can no longer be claimed, and a removal that failed is made up for", async () => {
  const ready = await readyToReconcile();
  const voiceId = crypto.randomUUID();
  const key = ready.references.key(ready.userId, voiceId);
  const object = await upload(ready, key, 25);
  const marked = await query`select public.unclaimed_uploads(86400, 100, true) as name`;
  assert.deepEqual(marked.map(({ name }) => name), [key]);
  await withDatabase(async (sql) => {
    const attempt = createAttempt(sql, ready.userId, { voiceId });
    for (const provider of ["qwen", "modal"]) {
      assert.equal((await attempt.claim({ provider })).outcome, "deleted");
    }
    // Claimed in modal mode before the mark, where a claim leaves nothing behind, and completed after it.
    assert.equal((await attempt.complete({ tts_provider: "modal" })).outcome, "deleted");
  });
  // Marked, and its removal never came.
  assert.deepEqual(await stored(ready, [object]), [object]);
  assert.equal((await ready.reconcile({ repair: true })).uploads_swept, 1);
  assert.deepEqual(await stored(ready, [object]), []);
});
