// Objects that nobody can ask for any more: which of them a repair removes, and how it goes on when that fails.
import assert from "node:assert/strict";
import { readyToReconcile, type Reconciling } from "../../../tools/testkit/harness/reconciling.ts";
import { addGeneration } from "../../../tools/testkit/harness/user_things.ts";
import { forget, store, stored, storeMany } from "../../../tools/testkit/harness/reconciling.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";
import { deleteAccount, query } from "../../../tools/testkit/harness/setups.ts";

const DAY_AND_HOUR = 25;

/** Ready, with nothing forgotten that other tests have left. */
async function readyToForget(options: Parameters<typeof readyToReconcile>[0] = {}) {
  await (await readyToReconcile()).reconcile({ repair: true });
  return await readyToReconcile(options);
}

/** Stores audio that is older than a day, unless it says otherwise. */
const audio = (ready: Reconciling, key: string, hours = DAY_AND_HOUR) =>
  store(ready, "generations", key, hours);

Deno.test("audio that no generation has goes after a day; audio that is heard, or still worked on, stays", async () => {
  const ready = await readyToForget();
  const voiceId = await ready.addRow({ provider: "modal" });
  const key = () => `${ready.userId}/${crypto.randomUUID()}.wav`;
  const withoutTask = await addGeneration(ready.userId, voiceId, "completed");
  await query`delete from public.tasks t using public.generations g
      where g.id = t.generation_id and g.audio_object_key = ${withoutTask}`;
  const kept = [
    await audio(ready, await addGeneration(ready.userId, voiceId, "completed")),
    await audio(ready, await addGeneration(ready.userId, voiceId, "pending")),
    await audio(ready, await addGeneration(ready.userId, voiceId, "processing")),
    await audio(ready, withoutTask),
    await audio(ready, await addGeneration(ready.userId, voiceId, "failed"), 23),
    await audio(ready, key(), 23),
    await audio(ready, `samples/${crypto.randomUUID()}.wav`),
    await audio(ready, `${ready.userId}/exports/album.wav`),
    await store(ready, "references", key(), DAY_AND_HOUR),
  ];
  const forgotten = [
    await audio(ready, await addGeneration(ready.userId, voiceId, "failed")),
    await audio(ready, key()),
  ];
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, forgotten.length);
  assert.deepEqual(await stored(ready, [...kept, ...forgotten]), kept);
});

Deno.test("a clip that a row names stays, whoever the row belongs to", async () => {
  const ready = await readyToForget();
  // As in a table of the older flow, whose foreign key did not judge the rows that were there.
  const key = `${crypto.randomUUID()}/${crypto.randomUUID()}/reference.wav`;
  const object = await store(ready, "references", key);
  const voiceId = await ready.addRow({ provider: "modal" });
  await query`update public.voices set reference_object_key = ${key} where id = ${voiceId}`;
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, 0);
  assert.deepEqual(await stored(ready, [object]), [object]);
});

Deno.test("below a folder of nobody's, only what this project makes goes, and not within ten minutes", async () => {
  const ready = await readyToForget();
  const [nobody, voiceId] = [crypto.randomUUID(), crypto.randomUUID()];
  const kept = [
    await store(ready, "references", `${nobody}/team/logo.wav`),
    await store(ready, "references", `${nobody}/${voiceId}/another.wav`),
    await store(ready, "references", `samples/${nobody}/${voiceId}/reference.wav`),
    await store(ready, "references", `${nobody}/${crypto.randomUUID()}/reference.wav`, 0.1),
    await store(ready, "generations", `${nobody}/${voiceId}/reference.wav`),
    await store(ready, "generations", `${nobody}/${crypto.randomUUID()}.wav`, 0.1),
  ];
  const forgotten = [
    await store(ready, "references", `${nobody}/${voiceId}/reference.wav`),
    await store(ready, "generations", `${nobody}/${voiceId}.wav`),
  ];
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, forgotten.length);
  assert.deepEqual(await stored(ready, [...kept, ...forgotten]), kept);
});

Deno.test("more objects than a page go in one batch, and a removal that failed is made up for", async () => {
  let refuse = true;
  const ready = await readyToForget({
    intercept: (call) =>
      refuse && call === "storage.delete" ? Response.json({ message: "down" }, { status: 503 }) : undefined,
  });
  const names = await storeMany(ready, 520);
  assert.equal((await ready.reconcile()).objects_erased, 500, "a report looks at one page");
  await assert.rejects(ready.reconcile({ repair: true }), { code: "storage_unavailable" });
  refuse = false;
  assert.equal((await ready.reconcile({ repair: true })).objects_erased, names.length);
  assert.deepEqual(await stored(ready, names.slice(0, 1).map((name) => `references/${name}`)), []);
});

Deno.test("a Storage that removes nothing is not asked without end, and nothing counts as erased", async () => {
  let asked = 0;
  const ready = await readyToForget({
    intercept(call) {
      if (call !== "storage.delete") return undefined;
      return ++asked > 5 ? Response.json({ message: "without end" }, { status: 503 }) : Response.json([]);
    },
  });
  const names = await storeMany(ready, 500, DAY_AND_HOUR);
  try {
    const report = await ready.reconcile({ repair: true });
    assert.deepEqual([report.objects_erased, report.uploads_swept], [0, 0]);
    assert.equal(asked, 2);
  } finally {
    await forget(names);
  }
});

Deno.test("a batch whose time is over begins no other page, and says that there is more", async () => {
  const ready = await readyToForget({
    intercept(call) {
      if (call === "forgotten_objects") ready.clock.advance(91_000);
      return undefined;
    },
  });
  const names = await storeMany(ready, 520);
  const report = await ready.reconcile({ repair: true });
  assert.deepEqual([report.objects_erased, report.more], [500, true]);
  assert.equal(ready.calls.includes("unclaimed_uploads"), false);
  const next = await readyToReconcile();
  assert.equal((await next.reconcile({ repair: true })).objects_erased, names.length - 500);
});

Deno.test("a report counts an abandoned clip of a user who is gone once, and no mark of what was swept", async () => {
  const ready = await readyToForget();
  const leaver = await signUp();
  await store(ready, "references", ready.references.key(leaver.id, crypto.randomUUID()), DAY_AND_HOUR);
  await deleteAccount(leaver.id);
  const report = await ready.reconcile();
  assert.deepEqual([report.details_erased, report.objects_erased, report.uploads_swept], [0, 1, 0]);

  const swept = await signUp();
  await store(ready, "references", ready.references.key(swept.id, crypto.randomUUID()), DAY_AND_HOUR);
  assert.equal((await ready.reconcile({ repair: true })).uploads_swept, 1);
  await deleteAccount(swept.id);
  assert.equal((await ready.reconcile()).details_erased, 0);
});
