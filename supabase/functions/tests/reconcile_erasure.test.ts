// What a deleted account leaves behind goes with the next repair, and nothing of anybody else.
import assert from "node:assert/strict";
import { LEDGER_DETAILS } from "../../../tools/testkit/harness/claims.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";
import { addGeneration } from "../../../tools/testkit/harness/user_things.ts";
import { store, stored } from "../../../tools/testkit/harness/reconciling.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";
import { deleteAccount, query } from "../../../tools/testkit/harness/setups.ts";

/** The whole ledger of a user, as text. */
const ledgerOf = async (userId: string) =>
  JSON.stringify([
    await query`select * from private.voice_enrollments where user_id = ${userId} order by voice_id`,
    await query`select * from private.clone_sendings where user_id = ${userId}`,
  ]);

const addSending = (userId: string) =>
  query`insert into private.clone_sendings (attempt_id, user_id) values (gen_random_uuid(), ${userId})`;

Deno.test("a deleted account: rows go at once, objects and ledger details with the next repair, the provider voice with the purge", async () => {
  const ready = await readyToReconcile();
  await ready.reconcile({ repair: true });
  const leaver = await signUp();
  const saved = await ready.enter({ userId: leaver.id, state: "finalized", leased: true });
  const providerVoiceId = await ready.seed(saved.name, "2025-01-01T00:00:00.000Z");
  await ready.addRow({ userId: leaver.id, voiceId: saved.voiceId, providerVoiceId });
  const lost = await ready.enter({ userId: leaver.id, state: "sending", unresolved: true });
  await addSending(leaver.id);
  await addSending(ready.userId);
  const stayer = await ready.enter({ state: "sending", unresolved: true });
  const others = [await store(ready, "references", ready.references.key(ready.userId, stayer.voiceId))];
  const ledgerOfOthers = await ledgerOf(ready.userId);
  const objects = [
    await store(ready, "references", ready.references.key(leaver.id, saved.voiceId)),
    await store(ready, "references", ready.references.key(leaver.id, lost.voiceId)),
    await store(ready, "generations", await addGeneration(leaver.id, saved.voiceId, "completed")),
  ];
  await ready.reconcile({ repair: true });
  assert.deepEqual(await stored(ready, objects), objects, "while there is an account, nothing goes");
  const before = await ledgerOf(leaver.id);
  assert(before.includes(LEDGER_DETAILS.transcript));
  const hashes = [...before.matchAll(/[0-9a-f]{64}/g)].map(([hash]) => hash);
  assert.equal(hashes.length, 2);

  await deleteAccount(leaver.id);
  const rows = await query`select id from public.voices where user_id = ${leaver.id}
      union all select id from public.generations where user_id = ${leaver.id}
      union all select id from public.tasks where user_id = ${leaver.id}`;
  assert.equal(rows.length, 0);

  const report = await ready.reconcile();
  assert.deepEqual([report.details_erased, report.objects_erased], [2, objects.length]);
  assert.deepEqual(await stored(ready, objects), objects, "a report removes nothing");

  const done = await ready.reconcile({ repair: true });
  assert.deepEqual([done.details_erased, done.objects_erased], [2, objects.length]);
  assert.deepEqual(await stored(ready, objects), []);
  const ledger = await ledgerOf(leaver.id);
  for (const words of Object.values(LEDGER_DETAILS)) {
    if (words !== null && words !== "Auto") assert(!ledger.includes(words), words);
  }
  for (const hash of hashes) assert(!ledger.includes(hash), "nor can words be tried against a hash");
  assert(ledger.endsWith(",[]]"), "no sending is left");
  assert.deepEqual(await ready.orphans(), [[providerVoiceId, "listed", ""]]);
  assert.equal(await ledgerOf(ready.userId), ledgerOfOthers);
  assert.deepEqual(await stored(ready, others), others);

  const again = await ready.reconcile({ repair: true });
  assert.deepEqual([again.details_erased, again.objects_erased], [0, 0]);
  await ready.age(8 * 86_400);
  await ready.reconcile({ purge_older_than_days: 7 });
  assert.deepEqual(ready.atProvider(), []);
});

Deno.test("a lost voice of a deleted user that is found after its details were erased becomes an orphan, not a row", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  const { voiceId, name } = await ready.enter({ userId: leaver.id, state: "sending", unresolved: true });
  await deleteAccount(leaver.id);
  assert.equal((await ready.reconcile({ repair: true })).details_erased, 1);

  const found = await ready.seed(name);
  const report = await ready.reconcile({ repair: true });
  assert(!report.unresolved.some((entry) => entry.voice_id === voiceId));
  assert.deepEqual(await ready.orphans(), [[found, "user_deleted", ""]]);
  const rows = await query`select from public.voices where id = ${voiceId}`;
  assert.equal(rows.length, 0);
});

Deno.test("what a running finalize of a deleted user holds is erased once its lease is over", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  await ready.enter({ userId: leaver.id, state: "sending", leased: true });
  const refused = await ready.enter({ userId: leaver.id, state: "rejected", leased: true });
  await deleteAccount(leaver.id);
  assert.equal((await ready.reconcile()).details_erased, 1, `of ${refused.voiceId}, which is over`);
  assert.equal((await ready.reconcile({ repair: true })).details_erased, 1);
  await query`update private.voice_enrollments set lease_expires_at = clock_timestamp() where user_id = ${leaver.id}`;
  assert.equal((await ready.reconcile({ repair: true })).details_erased, 1);
});

Deno.test("a provider that is not well keeps nobody's data from being erased", async () => {
  const ready = await readyToReconcile();
  const leaver = await signUp();
  const { voiceId } = await ready.enter({ userId: leaver.id, state: "sending", unresolved: true });
  const clip = await store(ready, "references", ready.references.key(leaver.id, voiceId));
  await deleteAccount(leaver.id);
  await ready.control("POST", "/faults", {
    action: "list",
    times: 2,
    answer: { kind: "error", code: "InvalidApiKey" },
  });
  await assert.rejects(ready.reconcile(), { code: "provider_misconfigured" });
  assert.deepEqual(await stored(ready, [clip]), [clip], "a report removes nothing");
  await assert.rejects(ready.reconcile({ repair: true }), { code: "provider_misconfigured" });
  assert.deepEqual(await stored(ready, [clip]), []);
  assert(!(await ledgerOf(leaver.id)).includes(LEDGER_DETAILS.transcript));
});
