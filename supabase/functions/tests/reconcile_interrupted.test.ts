// Reconcile that is ended at each of its calls, before or after the call took effect, and run again.
import assert from "node:assert/strict";
import { enrollmentOf, voiceRowOf } from "../../../tools/testkit/harness/finalizing.ts";
import { store, stored } from "../../../tools/testkit/harness/reconciling.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";
import { assertFields, loseAnswer } from "../../../tools/testkit/harness/setups.ts";

/** Every call of a run that repairs and purges, each of which happens at least once. */
const CALLS = [
  ...["provider.list", "reconcile_release", "reconcile_expired", "clone_complete", "reconcile_sort"],
  ...["reconcile_record_orphan", "reconcile_gone", "purge_next", "provider.delete"],
  ...["purge_done", "unclaimed_uploads", "storage.delete"],
];

/** Leaves something to do for every one of the calls. */
async function lotsToDo(interrupted: { call: string; when: "before" | "after" } | null) {
  let pending = interrupted;
  const ready = await readyToReconcile({
    intercept: (call, send) => {
      if (call !== pending?.call) return undefined;
      const { when } = pending;
      pending = null;
      return when === "after" ? loseAnswer(send) : Promise.reject(new TypeError("the process died"));
    },
  });
  const lost = await ready.enter({ state: "sending" });
  const lostVoice = await ready.seed(lost.name, "2026-03-01T00:00:00.000Z");
  const twin = await ready.seed(lost.name, "2026-03-02T00:00:00.000Z");
  const expired = await ready.enter({ state: "claimed" });
  const foreign = await ready.seed("else_abcdefghij");
  const key = ready.references.key(ready.userId, crypto.randomUUID());
  const clip = await store(ready, "references", key, 48);
  return { ready, lost, lostVoice, twin, expired, foreign, clip, interrupted: () => pending === null };
}

for (const call of CALLS) {
  for (const when of ["before", "after"] as const) {
    Deno.test(`ended at ${call}, ${when} it took effect, and run again: the same end`, async () => {
      const work = await lotsToDo({ call, when });
      const { ready } = work;
      await ready.reconcile({ purge_older_than_days: 0 }).catch(() => {});
      assert(work.interrupted(), `${call} was never made`);
      assert(ready.atProvider().includes(work.lostVoice) && ready.atProvider().includes(work.foreign));

      const report = await ready.reconcile({ purge_older_than_days: 0 });
      assert.deepEqual([report.more, report.purge_failed], [false, []]);
      assert.deepEqual(ready.atProvider(), [work.lostVoice, work.foreign].sort());
      assert.deepEqual(await ready.orphans(), [[work.twin, "listed", "purged"]]);
      assert.equal((await voiceRowOf(work.lost.voiceId))?.provider_voice_id, work.lostVoice);
      assertFields(await enrollmentOf(work.lost.voiceId), { state: "finalized", unresolved: false });
      assert.equal(await enrollmentOf(work.expired.voiceId), undefined);
      assert.deepEqual(await stored(ready, [work.clip]), []);
    });
  }
}
