// One voice, one row: clone_complete on the real database, called as service_role.
import assert from "node:assert/strict";
import {
  allAtOnce,
  answeredVoice,
  createAttempt,
  LEDGER_DETAILS,
  ledgerTest,
  madeVoice,
  uniqueVoice,
} from "../../../tools/testkit/harness/claims.ts";
import { enrollmentOf, orphansOf, voiceRowOf } from "../../../tools/testkit/harness/finalizing.ts";
import { assertFields, deleteAccount, query, sentAttempt } from "../../../tools/testkit/harness/setups.ts";
import { signUp } from "../../../tools/testkit/harness/project.ts";

ledgerTest("twenty voices completed at once: one wins, the others are orphans", async (sql, userId) => {
  const first = await sentAttempt(sql, userId);
  const made = Array.from({ length: 20 }, uniqueVoice);
  const completes = made.map((voice) => () => first.next().complete(madeVoice(voice)));
  const answers = await allAtOnce(first.voiceId, completes);
  for (const answer of answers) {
    assert.deepEqual([answer.outcome, answer.voice], ["finalized", answeredVoice(first.voiceId)]);
  }
  assert.equal(answers.filter(({ orphaned }) => orphaned).length, 19);
  const winner = (await voiceRowOf(first.voiceId))?.provider_voice_id;
  assert(winner);
  assert.equal((await enrollmentOf(first.voiceId))?.provider_voice_id, winner);
  const others = made.filter((voice) => voice !== winner).sort();
  assert.deepEqual((await orphansOf(userId)).map(([voice]) => voice), others);
});

ledgerTest("a voice that arrives after the winner is an orphan", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  await first.complete(madeVoice(uniqueVoice()));
  const [late, other] = [uniqueVoice(), uniqueVoice()].sort();
  assert(late && other);
  assert.deepEqual(await first.next().complete(madeVoice(late)), {
    outcome: "finalized",
    voice: answeredVoice(first.voiceId),
    orphaned: true,
  });
  const ada = first.next({ details: { name: "Ada" } });
  assert.deepEqual(await ada.complete(madeVoice(other)), { outcome: "conflict", orphaned: true });
  assert.deepEqual(await orphansOf(userId), [[late, "superseded"], [other, "superseded"]]);
});

ledgerTest("an orphan that gets its row is none any more", async (sql, userId) => {
  const voice = uniqueVoice();
  await query`
    insert into private.orphaned_voices (region, provider_voice_id, user_id, reason)
    values ('intl', ${voice}, ${userId}, 'seen')`;
  assert.equal((await createAttempt(sql, userId).complete(madeVoice(voice))).outcome, "finalized");
  assert.deepEqual(await orphansOf(userId), []);
});

ledgerTest("a voice that is being purged gets no row", async (sql, userId) => {
  const voice = uniqueVoice();
  await query`
    insert into private.orphaned_voices (region, provider_voice_id, user_id, reason, purging_at)
    values ('intl', ${voice}, ${userId}, 'seen', now())`;
  const attempt = await sentAttempt(sql, userId);
  assert.deepEqual(await attempt.complete(madeVoice(voice)), { outcome: "refused" });
  assert.equal(await voiceRowOf(attempt.voiceId), undefined);
  assert.equal((await enrollmentOf(attempt.voiceId))?.state, "sending");
  // The same id in the other region is another voice.
  assert.equal((await attempt.complete(madeVoice(voice, "cn"))).outcome, "finalized");
});

ledgerTest("a voice whose user was deleted half-way is an orphan", async (sql, userId) => {
  const attempt = await sentAttempt(sql, userId);
  await deleteAccount(userId);
  const voice = uniqueVoice();
  assert.deepEqual(await attempt.complete(madeVoice(voice)), { outcome: "user_deleted", orphaned: true });
  assert.deepEqual(await attempt.complete(madeVoice(voice)), { outcome: "user_deleted", orphaned: true });
  assert.deepEqual(await orphansOf(userId), [[voice, "user_deleted"]]);
  assertFields(await enrollmentOf(attempt.voiceId), {
    state: "finalized",
    provider_voice_id: voice,
    details: null,
  });
  assert.deepEqual(await attempt.next().claim(), { outcome: "user_deleted" });
  assert.deepEqual(await attempt.complete({ tts_provider: "modal" }), {
    outcome: "user_deleted",
    orphaned: false,
  });
});

ledgerTest("a voice whose row is refused is completed later", async (sql, userId) => {
  const voice = uniqueVoice();
  // The same provider voice in another row: the unique index refuses a second one.
  const other = createAttempt(sql, userId);
  assert.equal((await other.complete(madeVoice(voice))).outcome, "finalized");
  const attempt = await sentAttempt(sql, userId);
  const failed = { outcome: "failed", sqlstate: "23505", orphaned: false };
  assert.deepEqual(await attempt.complete(madeVoice(voice)), failed);
  const kept = await enrollmentOf(attempt.voiceId);
  assert.deepEqual(
    [kept?.state, kept?.error?.sqlstate, kept?.details],
    ["created", "23505", LEDGER_DETAILS],
  );
  assert.deepEqual(await attempt.next().claim(), { outcome: "created", same_details: true });
  const ada = attempt.next({ details: { name: "Ada" } });
  assert.deepEqual(await ada.claim(), { outcome: "created", same_details: false });
  assert.deepEqual(await attempt.complete(null), failed);

  // Another voice for it is an orphan: the one that is known already wins.
  const late = uniqueVoice();
  assert.deepEqual(await ada.complete(madeVoice(late)), { ...failed, orphaned: true });
  assert.deepEqual(await orphansOf(userId), [[late, "superseded"]]);

  await sql`delete from public.voices where id = ${other.voiceId}`;
  assert.deepEqual(await ada.complete(null), { outcome: "conflict", orphaned: false });
  assert.equal((await voiceRowOf(attempt.voiceId))?.name, LEDGER_DETAILS.name);
  assert.equal((await attempt.complete(null)).outcome, "finalized");
});

ledgerTest("nobody reaches another user's voice", async (sql, userId) => {
  const owner = createAttempt(sql, userId);
  await owner.complete(madeVoice(uniqueVoice()));
  const { id } = await signUp();
  const stranger = createAttempt(sql, id, { voiceId: owner.voiceId });
  assert.deepEqual(await stranger.claim(), { outcome: "deleted" });
  const voice = uniqueVoice();
  assert.deepEqual(await stranger.complete(madeVoice(voice)), { outcome: "deleted", orphaned: true });
  assert.deepEqual(await stranger.complete({ tts_provider: "modal" }), {
    outcome: "deleted",
    orphaned: false,
  });
  assert.deepEqual(await orphansOf(id), [[voice, "superseded"]]);
  assert.equal((await createAttempt(sql, crypto.randomUUID()).claim()).outcome, "user_deleted");
});
