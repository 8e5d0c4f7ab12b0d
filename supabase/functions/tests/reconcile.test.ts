// What reconcile makes of each kind of provider voice, row and enrollment, and what it leaves alone.
import assert from "node:assert/strict";
import {
  everything,
  readyToReconcile,
  type Reconciling,
} from "../../../tools/testkit/harness/reconciling.ts";
import { enrollmentOf, voiceRowOf } from "../../../tools/testkit/harness/finalizing.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { assertFields } from "../../../tools/testkit/harness/setups.ts";

/** One of every kind. */
async function oneOfEach(ready: Reconciling) {
  const finalized = await ready.enter({ state: "finalized" });
  const ours = await ready.seed(finalized.name, "2026-03-01T00:00:00.000Z");
  await ready.addRow({ voiceId: finalized.voiceId, providerVoiceId: ours });
  const second = await ready.seed(finalized.name, "2026-03-02T00:00:00.000Z");

  const deletedRow = await ready.enter({ state: "finalized" });
  const softDeleted = await ready.seed(deletedRow.name);
  await ready.addRow({ voiceId: deletedRow.voiceId, providerVoiceId: softDeleted, deleted: true });

  const live = await ready.enter({ state: "sending", leased: true });
  const underWay = await ready.seed(live.name);

  const lost = await ready.enter({ state: "sending" });
  const lostVoice = await ready.seed(lost.name, "2026-03-01T00:00:00.000Z");
  const lostTwin = await ready.seed(lost.name, "2026-03-02T00:00:00.000Z");
  const missing = await ready.enter({ state: "claimed", unresolved: true });

  const created = await ready.enter({ state: "created", providerVoiceId: `created-${crypto.randomUUID()}` });
  const expired = await ready.enter({ state: "claimed" });
  const rejected = await ready.enter({ state: "rejected" });
  const afterRejection = await ready.seed(rejected.name);

  const foreign = [await ready.seed("else_abcdefghij"), await ready.seed("handmade")].sort();
  const goneVoice = `gone-${crypto.randomUUID()}`;
  const goneRow = await ready.addRow({ providerVoiceId: goneVoice });
  return {
    ours: [ours, softDeleted, underWay],
    orphans: { second, lostTwin, afterRejection },
    foreign,
    gone: { voice_id: goneRow, provider_voice_id: goneVoice },
    finalized,
    lost,
    lostVoice,
    missing,
    created,
    expired,
    rejected,
    live,
  };
}

type Each = Awaited<ReturnType<typeof oneOfEach>>;
type Report = Awaited<ReturnType<Reconciling["reconcile"]>>;

/** What a report says of one test's own. The ledger holds what other tests left, too. */
function told(report: Report, each: Each) {
  const own = new Set<string>(
    [each.lost, each.missing, each.created, each.live, each.expired].map(({ voiceId }) => voiceId),
  );
  return {
    provider_voices: report.provider_voices,
    ours: report.ours,
    orphans: Object.fromEntries(report.orphans.map((one) => [one.provider_voice_id, one.voice_id])),
    foreign: [...report.foreign].sort(),
    gone: report.gone,
    unresolved: Object.fromEntries(
      report.unresolved.filter((one) => own.has(one.voice_id)).map((one) => [one.voice_id, one.found]),
    ),
    more: report.more,
  };
}

Deno.test("a report sorts every voice, row and enrollment, and changes nothing at all", async () => {
  const ready = await readyToReconcile();
  const each = await oneOfEach(ready);
  const before = [await everything(), ready.atProvider()];
  const report = await ready.reconcile();
  assert.deepEqual([await everything(), ready.atProvider()], before);
  assert.equal(report.region, ready.region);
  assert.deepEqual([report.completed, report.purged, report.purge_failed], [0, [], []]);
  assert(report.released >= 1);
  assert.deepEqual(told(report, each), {
    provider_voices: 9,
    // Those of the lost enrollment are open: which one becomes the row is not decided before it is repaired.
    ours: 5,
    orphans: {
      [each.orphans.second]: each.finalized.voiceId,
      [each.orphans.afterRejection]: each.rejected.voiceId,
    },
    foreign: each.foreign,
    gone: [each.gone],
    unresolved: { [each.lost.voiceId]: true, [each.missing.voiceId]: false, [each.created.voiceId]: true },
    more: false,
  });
  assert.deepEqual(ready.calls.filter((call) => call.startsWith("provider")), ["provider.list"]);
  assert.equal(ready.calls[0], "provider.list", "the provider is read first, the database second");
});

Deno.test("repairing completes and releases what was left behind, records orphans, and deletes no voice", async () => {
  const ready = await readyToReconcile();
  const each = await oneOfEach(ready);
  const voices = ready.atProvider();
  const report = await ready.reconcile({ repair: true });
  assert.deepEqual(ready.atProvider(), voices);
  assert(report.completed >= 2);
  assert.deepEqual(told(report, each), {
    provider_voices: 9,
    ours: 4,
    orphans: {
      [each.orphans.second]: each.finalized.voiceId,
      [each.orphans.lostTwin]: each.lost.voiceId,
      [each.orphans.afterRejection]: each.rejected.voiceId,
    },
    foreign: each.foreign,
    // The created voice's row is new, and its made-up voice is not listed: a row this young is not called gone.
    gone: [each.gone],
    unresolved: { [each.missing.voiceId]: false },
    more: false,
  });
  assert.deepEqual(
    await ready.orphans(),
    Object.values(each.orphans).sort().map((voice) => [voice, "listed", ""]),
  );
  const row = await voiceRowOf(each.lost.voiceId);
  assertFields(row, { provider_voice_id: each.lostVoice, name: "Grace" });
  assert.deepEqual(row?.provider_metadata, {
    recovered: true,
    language: { requested: "English", sent: "en", why: "requested" },
    reference: null,
  });
  assert.equal((await enrollmentOf(each.lost.voiceId))?.state, "finalized");
  assert.equal((await enrollmentOf(each.lost.voiceId))?.details, null);
  assert((await voiceRowOf(each.created.voiceId))?.provider_voice_id?.startsWith("created-"));
  assert.equal(await enrollmentOf(each.expired.voiceId), undefined);
  assertFields(await enrollmentOf(each.live.voiceId), { state: "sending", unresolved: false });
  assert.equal((await enrollmentOf(each.missing.voiceId))?.unresolved, true);
  assert.equal((await enrollmentOf(each.rejected.voiceId))?.state, "rejected");
});

Deno.test("repairing twice, and twice at once, is the same as once", async () => {
  const ready = await readyToReconcile();
  const each = await oneOfEach(ready);
  const [one, other] = await Promise.all([
    ready.reconcile({ repair: true }),
    ready.reconcile({ repair: true }),
  ]);
  const after = await everything();
  assert.equal((await ready.orphans()).length, 3);
  assert.equal((await voiceRowOf(each.lost.voiceId))?.provider_voice_id, each.lostVoice);
  for (const report of [one, other]) {
    const { ours, orphans, foreign } = report;
    assert.equal(ours + orphans.length + foreign.length, 9);
  }
  await ready.reconcile({ repair: true });
  assert.equal(await everything(), after);
});

Deno.test("a voice of a deleted user becomes an orphan, whether its enrollment was over or not", async () => {
  const ready = await readyToReconcile();
  const { id: userId } = await signUp();
  const lost = await ready.enter({ userId, state: "sending" });
  const lostVoice = await ready.seed(lost.name);
  const done = await ready.enter({ userId, state: "finalized" });
  const doneVoice = await ready.seed(done.name);
  await ready.addRow({ userId, voiceId: done.voiceId, providerVoiceId: doneVoice });
  await withDatabase((sql) => sql`delete from auth.users where id = ${userId}`);
  const report = await ready.reconcile({ repair: true });
  assert.deepEqual(
    report.orphans.map((one) => one.provider_voice_id).sort(),
    [lostVoice, doneVoice].sort(),
  );
  const reasons = new Map((await ready.orphans()).map(([voice, reason]) => [voice, reason]));
  assert.deepEqual([reasons.get(lostVoice), reasons.get(doneVoice)], ["user_deleted", "listed"]);
  assert.equal(await voiceRowOf(lost.voiceId), undefined);
  assert.equal(ready.events("clone.orphaned").length, 1);
});

Deno.test("a voice that turns up after its user took a modal one becomes an orphan, and the row stays", async () => {
  const ready = await readyToReconcile();
  const lost = await ready.enter({ state: "claimed", unresolved: true });
  await ready.addRow({ voiceId: lost.voiceId, provider: "modal" });
  await ready.reconcile({ repair: true });
  assert.equal((await enrollmentOf(lost.voiceId))?.unresolved, true, "it may still land");
  const voice = await ready.seed(lost.name);
  await ready.reconcile({ repair: true });
  assert.deepEqual(await ready.orphans(), [[voice, "superseded", ""]]);
  assert.equal((await voiceRowOf(lost.voiceId))?.tts_provider, "modal");
  assert.equal((await enrollmentOf(lost.voiceId))?.state, "finalized");
});

Deno.test("an enrollment of another region waits for its own, whatever this region's list holds", async () => {
  const ready = await readyToReconcile();
  const elsewhere = await ready.enter({ state: "sending", region: "elsewhere" });
  await ready.seed(elsewhere.name);
  const report = await ready.reconcile({ repair: true });
  assert.deepEqual(report.unresolved.filter((one) => one.voice_id === elsewhere.voiceId), [
    { voice_id: elsewhere.voiceId, found: false },
  ]);
  assert.equal(await voiceRowOf(elsewhere.voiceId), undefined);
  assert.deepEqual(await ready.orphans(), []);
});

Deno.test("a row younger than a minute is not called gone, and a deleted one never", async () => {
  const ready = await readyToReconcile();
  await ready.addRow({ providerVoiceId: "young", ageSeconds: 30 });
  await ready.addRow({ providerVoiceId: "deleted", deleted: true });
  await ready.addRow({ provider: "modal" });
  const old = await ready.addRow({ providerVoiceId: "old", ageSeconds: 120 });
  assert.deepEqual((await ready.reconcile()).gone, [{ voice_id: old, provider_voice_id: "old" }]);
});

Deno.test("an enrollment that the database refuses is told and keeps no other from being completed", async () => {
  let refused = false;
  const ready = await readyToReconcile({
    intercept: (call) => {
      if (call !== "clone_complete" || refused) return undefined;
      refused = true;
      return Response.json({ code: "P0001", message: "refused" }, { status: 400 });
    },
  });
  const entries = [await ready.enter({ state: "sending" }), await ready.enter({ state: "sending" })];
  for (const { name } of entries) await ready.seed(name);
  const report = await ready.reconcile({ repair: true });
  assert.equal(report.unresolved.filter((one) => one.found).length, 1);
  const saved = await Promise.all(entries.map(({ voiceId }) => voiceRowOf(voiceId)));
  assert.equal(saved.filter(Boolean).length, 1);
  assert.equal(ready.events("clone.unfinished").length, 1);
});

Deno.test("a batch ends when its time is over, says so, and the next one goes on", async () => {
  let late = false;
  const ready = await readyToReconcile({
    intercept: (call) => {
      // While the first enrollment is completed, 90 s pass.
      if (call === "clone_complete" && !late) {
        late = true;
        ready.clock.advance(90_001);
      }
      return undefined;
    },
  });
  const entries = [await ready.enter({ state: "sending" }), await ready.enter({ state: "sending" })];
  for (const { name } of entries) await ready.seed(name);
  const orphaned = await ready.enter({ state: "finalized" });
  await ready.seed(orphaned.name);
  const first = await ready.reconcile({ purge_older_than_days: 0 });
  assert.deepEqual([first.more, first.purged, first.orphans.length], [true, [], 1]);
  assert.equal(first.unresolved.filter((one) => one.found).length, 1);
  assert.deepEqual(await ready.orphans(), []);
  const second = await ready.reconcile({ purge_older_than_days: 0 });
  assert.deepEqual([second.more, second.purged.length], [false, 1]);
  for (const { voiceId } of entries) assert(await voiceRowOf(voiceId));
});
