// Deleting orphans at the provider: only those, only old ones, and nothing lost when it fails.
import assert from "node:assert/strict";
import { LEDGER_DETAILS } from "../../../tools/testkit/harness/claims.ts";
import { voiceRowOf } from "../../../tools/testkit/harness/finalizing.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { readyToReconcile, type Reconciling } from "../../../tools/testkit/harness/reconciling.ts";

const DAY = 86_400;
const WEEKLY = { purge_older_than_days: 7 };

/** A provider voice that nothing has. */
async function orphan(ready: Reconciling): Promise<string> {
  const { name } = await ready.enter({ state: "finalized" });
  return await ready.seed(name, new Date().toISOString());
}

/** Orphans that reconcile recorded so many days ago. */
async function recorded(ready: Reconciling, count: number, days = 8): Promise<string[]> {
  const voices: string[] = [];
  for (let made = 0; made < count; made++) voices.push(await orphan(ready));
  await ready.reconcile({ repair: true });
  if (days > 0) await ready.age(days * DAY);
  return voices;
}

/** Lets the provider refuse the next deletion. */
const refuseDeletion = (ready: Reconciling, code: string) =>
  ready.control("POST", "/faults", { action: "delete", times: 1, answer: { kind: "error", code } });

Deno.test("only orphans older than the age are deleted, never a voice with a row, nor a foreign one", async () => {
  const ready = await readyToReconcile();
  const [young = "", old = ""] = await recorded(ready, 2, 0);
  await ready.age(8 * DAY, old);
  await ready.age(7 * DAY - 60, young);
  const withRow = async (deleted: boolean) => {
    const { voiceId, name } = await ready.enter({ state: "finalized" });
    const providerVoiceId = await ready.seed(name, "2025-01-01T00:00:00.000Z");
    await ready.addRow({ voiceId, providerVoiceId, deleted });
    return providerVoiceId;
  };
  const foreign = await ready.seed("else_abcdefghij", "2025-01-01T00:00:00.000Z");
  const kept = [young, await withRow(false), await withRow(true), foreign].sort();

  const report = await ready.reconcile(WEEKLY);
  assert.deepEqual([report.purged, report.purge_failed, report.more], [[old], [], false]);
  assert.deepEqual(ready.atProvider(), kept);
  const states = new Map((await ready.orphans()).map(([voice, , state]) => [voice, state]));
  assert.deepEqual([states.get(old), states.get(young)], ["purged", ""]);

  await ready.reconcile(WEEKLY);
  assert.deepEqual(ready.atProvider(), kept);
});

Deno.test("an orphan's age is that of its making, not of the day it was seen", async () => {
  const ready = await readyToReconcile();
  const { name } = await ready.enter({ state: "finalized" });
  const voice = await ready.seed(name, new Date(Date.now() - 8 * DAY * 1000).toISOString());
  assert.deepEqual((await ready.reconcile(WEEKLY)).purged, [voice]);
});

Deno.test("the voice of a row is kept even where it is recorded as an orphan, deleted rows included", async () => {
  const ready = await readyToReconcile();
  const voices = await recorded(ready, 2);
  // As a finalize would that found its voice after reconcile had called it an orphan.
  await ready.addRow({ providerVoiceId: voices[0] });
  await ready.addRow({ providerVoiceId: voices[1], deleted: true });
  const report = await ready.reconcile(WEEKLY);
  assert.deepEqual([report.purged, ready.atProvider()], [[], voices.sort()]);
  assert.deepEqual(await ready.orphans(), []);
});

Deno.test("a row that was made after the list was read is found by the check before the deletion", async () => {
  let voice = "";
  let read = false;
  const ready = await readyToReconcile({
    intercept: (call, send) => {
      if (call !== "purge_next" || read) return undefined;
      read = true;
      return ready.addRow({ providerVoiceId: voice }).then(send);
    },
  });
  [voice = ""] = await recorded(ready, 1);
  assert.deepEqual((await ready.reconcile(WEEKLY)).purged, []);
  assert.deepEqual([read, ready.atProvider()], [true, [voice]]);
});

Deno.test("a finalize cannot take a voice that is being purged", async () => {
  const ready = await readyToReconcile();
  const lost = await ready.enter({ state: "finalized" });
  const voice = await ready.seed(lost.name);
  await ready.reconcile({ repair: true });
  await ready.age(8 * DAY);
  await refuseDeletion(ready, "InternalError");
  const failed = await ready.reconcile(WEEKLY);
  assert.deepEqual([failed.purge_failed, await ready.orphans()], [[voice], [[voice, "listed", "purging"]]]);
  // The same token, open again: its voice is found, and refused.
  await withDatabase((sql) =>
    sql`
      update private.voice_enrollments set state = 'sending', details = ${sql.json(LEDGER_DETAILS)}
      where voice_id = ${lost.voiceId}`
  );
  const { unresolved } = await ready.reconcile({ repair: true });
  assert.deepEqual(unresolved.find((one) => one.voice_id === lost.voiceId)?.found, true);
  assert.equal(await voiceRowOf(lost.voiceId), undefined);
});

Deno.test("one that is gone already counts as deleted", async () => {
  const ready = await readyToReconcile();
  const [voice] = await recorded(ready, 1);
  await ready.control("DELETE", "?voices=true");
  const report = await ready.reconcile(WEEKLY);
  assert.deepEqual([report.purged, report.purge_failed], [[voice], []]);
  assert.deepEqual(await ready.orphans(), [[voice, "listed", "purged"]]);
});

Deno.test("a provider that throttles is left alone: the batch ends, and the next one begins where it stood", async () => {
  const ready = await readyToReconcile();
  await recorded(ready, 3);
  await refuseDeletion(ready, "Throttling.RateQuota");
  const first = await ready.reconcile(WEEKLY);
  assert.deepEqual([first.more, first.purged, first.purge_failed.length], [true, [], 1]);
  assert.equal(ready.calls.filter((call) => call === "provider.delete").length, 1);
  const second = await ready.reconcile(WEEKLY);
  assert.deepEqual([second.more, second.purged.length, second.purged[0]], [false, 3, first.purge_failed[0]]);
  assert.deepEqual(ready.atProvider(), []);
});

Deno.test("one that cannot be deleted keeps no other from it, is reported, and comes first the next time", async () => {
  const ready = await readyToReconcile();
  await recorded(ready, 3);
  await refuseDeletion(ready, "InternalError");
  const { more, purged, purge_failed } = await ready.reconcile(WEEKLY);
  assert.deepEqual([more, purged.length, purge_failed.length], [false, 2, 1]);
  assert.deepEqual(ready.atProvider(), purge_failed);
  assert.equal(ready.events("voice.purge_failed")[0]?.provider_voice_id, purge_failed[0]);
  const young = await orphan(ready);
  await ready.reconcile({ repair: true });
  await ready.age(9 * DAY, young);
  assert.deepEqual((await ready.reconcile(WEEKLY)).purged, [purge_failed[0], young]);
});

Deno.test("a purge leaves half a second between two deletions", async () => {
  const ready = await readyToReconcile();
  for (let made = 0; made < 3; made++) await orphan(ready);
  const { purged } = await ready.reconcile({ purge_older_than_days: 0 });
  assert.deepEqual([purged.length, ready.clock.slept], [3, [500, 500, 500]]);
});

Deno.test("without being asked to purge nothing is deleted, however old", async () => {
  const ready = await readyToReconcile();
  const voices = await recorded(ready, 1, 400);
  await ready.reconcile({ repair: true });
  assert.deepEqual([ready.atProvider(), ready.calls.includes("purge_next")], [voices, false]);
});

Deno.test("a purge that did not finish is taken up by the next one, whatever its age", async () => {
  const ready = await readyToReconcile();
  const voices = await recorded(ready, 1, 0);
  await refuseDeletion(ready, "InternalError");
  assert.deepEqual((await ready.reconcile({ purge_older_than_days: 0 })).purge_failed, voices);
  assert.deepEqual((await ready.reconcile(WEEKLY)).purged, voices);
});
