// Who may go on with a voice: the ledger's functions on the real database, called as service_role.
import assert from "node:assert/strict";
import {
  allAtOnce,
  answeredVoice,
  createAttempt,
  LEDGER_DETAILS,
  type LedgerAnswer,
  ledgerTest,
  madeVoice,
  uniqueVoice,
} from "../../../tools/testkit/harness/claims.ts";
import {
  countedSendings,
  endLease,
  enrollmentOf,
  orphansOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { assertFields, query, sentAttempt } from "../../../tools/testkit/harness/setups.ts";

/** Fifty claims of a voice, of which one has this outcome and the others wait. */
function assertOneOfFifty(answers: LedgerAnswer[], outcome: string): void {
  const others = Array.from({ length: 49 }, () => "in_progress");
  assert.deepEqual(answers.map((answer) => answer.outcome).sort(), [outcome, ...others].sort());
}

/** The seconds of an answer are more than these and at most those. */
function assertSeconds({ seconds }: LedgerAnswer, more: number, most: number): void {
  assert(seconds !== undefined && seconds > more && seconds <= most, `${seconds}`);
}

ledgerTest("one voice from claim to row, and how each later claim is answered", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  assert.deepEqual(await first.claim(), { outcome: "claimed" });
  assertFields(await enrollmentOf(first.voiceId), { state: "claimed", leased: true, region: "intl" });

  const waiting = await first.next().claim();
  assert.equal(waiting.outcome, "in_progress");
  assertSeconds(waiting, 18, 20);
  assert.deepEqual(await first.next({ details: { name: "Ada" } }).claim(), { outcome: "conflict" });

  assert.deepEqual(await first.sending(), { outcome: "sending" });
  const sending = await first.next().claim();
  assert.equal(sending.outcome, "in_progress");
  assertSeconds(sending, 140, 150);

  const voice = uniqueVoice();
  const done = { outcome: "finalized", voice: answeredVoice(first.voiceId), orphaned: false };
  assert.deepEqual(await first.complete(madeVoice(voice)), done);
  assert.deepEqual(await first.complete(madeVoice(voice)), done);
  assert.deepEqual(await first.complete(null), done);
  assertFields(await enrollmentOf(first.voiceId), {
    state: "finalized",
    unresolved: false,
    details: null,
    error: null,
    provider_voice_id: voice,
  });
  assert.deepEqual(await orphansOf(userId), []);

  assert.deepEqual(await first.next().claim(), { outcome: "finalized", voice: answeredVoice(first.voiceId) });
  assert.deepEqual(await first.next({ details: { description: "x" } }).claim(), { outcome: "conflict" });
  await sql`update public.voices set deleted_at = now() where id = ${first.voiceId}`;
  assert.deepEqual(await first.next().claim(), { outcome: "deleted" });
});

ledgerTest("a claim whose answer was lost is asked again with the same attempt", async (sql, userId) => {
  const attempt = createAttempt(sql, userId);
  assert.deepEqual(await attempt.claim(), { outcome: "claimed" });
  assert.deepEqual(await attempt.claim(), { outcome: "claimed" });
  assert.deepEqual(await attempt.sending(), { outcome: "sending" });
  assert.equal((await attempt.claim()).outcome, "in_progress");
});

ledgerTest("fifty claims at once: one is claimed, the others wait", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  assertOneOfFifty(await Promise.all(Array.from({ length: 50 }, () => first.next().claim())), "claimed");
});

for (
  const [what, wasSent, outcome] of [["after a lease ran out", false, "claimed"], [
    "of a lost create",
    true,
    "recover",
  ]] as const
) {
  ledgerTest(`fifty claims at once ${what}: one takes it over`, async (sql, userId) => {
    const first = createAttempt(sql, userId);
    await first.claim();
    if (wasSent) await first.sending();
    await endLease(first.voiceId);
    const claims = Array.from({ length: 50 }, () => () => first.next().claim());
    assertOneOfFifty(await allAtOnce(first.voiceId, claims), outcome);
  });
}

ledgerTest("claims and releases at once never leave two holders", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  let holders = 0;
  await Promise.all(Array.from({ length: 20 }, async () => {
    const attempt = first.next();
    for (let again = 0; again < 5; again++) {
      if ((await attempt.claim()).outcome !== "claimed") continue;
      assert.equal(++holders, 1);
      assert.equal((await attempt.sending()).outcome, "sending");
      holders--;
      assert.equal((await attempt.release()).outcome, "released");
    }
  }));
  assert.equal(await enrollmentOf(first.voiceId), undefined);
});

ledgerTest("whoever was superseded sends nothing and releases nothing", async (sql, userId) => {
  const late = createAttempt(sql, userId);
  await late.claim();
  await endLease(late.voiceId);
  const holder = late.next();
  assert.equal((await holder.claim()).outcome, "claimed");
  assert.deepEqual(await late.sending(), { outcome: "superseded" });
  assert.deepEqual(await late.release(), { outcome: "superseded" });
  assert.deepEqual(await late.release({ category: "rejected", refusal: "No." }), { outcome: "superseded" });
  assert.deepEqual(await countedSendings(userId), { creates: 0, possible: 0 });
  assert.deepEqual(await holder.sending(), { outcome: "sending" });
  assertFields(await enrollmentOf(late.voiceId), { state: "sending", leased: true, error: null });
});

ledgerTest("nothing is sent once a row stands, or without a claim", async (sql, userId) => {
  const attempt = createAttempt(sql, userId);
  assert.deepEqual(await attempt.sending(), { outcome: "superseded" });
  assert.deepEqual(await attempt.complete(null), { outcome: "unknown" });
  await attempt.claim();
  assert.equal((await attempt.next().complete({ tts_provider: "modal" })).outcome, "finalized");
  assert.deepEqual(await attempt.sending(), { outcome: "superseded" });
});

ledgerTest("an unknown outcome and its time hold until the voice is found", async (sql, userId) => {
  const first = await sentAttempt(sql, userId);
  assert.deepEqual(await first.unresolved(false), { outcome: "unresolved" });
  assert.equal((await first.next().claim()).outcome, "in_progress");
  // Nobody can say yet whose details will stand.
  assert.equal((await first.next({ details: { name: "Ada" } }).claim()).outcome, "in_progress");
  assert.deepEqual(await first.unresolved(true), { outcome: "unresolved" });

  const since = async () => {
    const [row] = await query`
      select unresolved_since::text from private.voice_enrollments where voice_id = ${first.voiceId}`;
    return String(row?.unresolved_since);
  };
  const seen = await since();
  const found = { outcome: "recover", region: "intl", details: LEDGER_DETAILS, same_details: true };
  const recovered = async ({ unresolved_seconds: age, ...answer }: LedgerAnswer) => {
    assert(typeof age === "number" && age >= 0 && age < 60, `${age}`);
    assert.equal(await since(), seen);
    return answer;
  };
  const second = first.next();
  assert.deepEqual(await recovered(await second.claim({ region: "cn" })), found);
  assert.equal((await second.release()).outcome, "released");
  const third = first.next({ details: { name: "Ada" } });
  assert.deepEqual(await recovered(await third.claim()), { ...found, same_details: false });
  await endLease(first.voiceId);
  const fourth = first.next();
  assert.deepEqual(await recovered(await fourth.claim()), found);
  await fourth.sending();
  await fourth.unresolved();
  const fifth = first.next();
  assert.deepEqual(await recovered(await fifth.claim()), found);
  await fifth.sending();
  assert.equal((await fifth.release({ category: "rejected", refusal: "No." })).outcome, "released");
  assert.deepEqual(await recovered(await first.next().claim({ perHour: 1 })), found);

  assert.equal((await first.complete(madeVoice(uniqueVoice()))).outcome, "finalized");
  const left = await enrollmentOf(first.voiceId);
  assertFields(left, { state: "finalized", unresolved: false, details: null });
});

ledgerTest("an unknown outcome of a superseded attempt ends no lease", async (sql, userId) => {
  const late = await sentAttempt(sql, userId);
  await endLease(late.voiceId);
  await late.next().claim();
  assert.deepEqual(await late.unresolved(true), { outcome: "unresolved" });
  assertFields(await enrollmentOf(late.voiceId), { unresolved: true, leased: true, error: null });
  await late.complete(madeVoice(uniqueVoice()));
  assert.deepEqual(await late.unresolved(true), { outcome: "settled" });
  assert.equal((await enrollmentOf(late.voiceId))?.unresolved, false);
});

ledgerTest("a refusal is answered again, and other details are claimed", async (sql, userId) => {
  const first = await sentAttempt(sql, userId);
  const error = { category: "rejected", refusal: "No." };
  assert.equal((await first.release(error)).outcome, "released");
  assert.deepEqual(await first.next().claim(), { outcome: "rejected", error });
  assert.equal((await enrollmentOf(first.voiceId))?.details, null);
  assert.deepEqual(await first.next({ details: { transcript: "Bye." } }).claim(), { outcome: "claimed" });
});

ledgerTest("limits hold when many voices are claimed at once", async (sql, userId) => {
  const attempts = Array.from({ length: 30 }, () => createAttempt(sql, userId));
  const answers = await Promise.all(attempts.map((attempt) => attempt.claim({ perHour: 5 })));
  assert.equal(answers.filter(({ outcome }) => outcome === "claimed").length, 5);
  assert.equal(answers.filter(({ outcome }) => outcome === "limited").length, 25);
  assert(answers.every(({ outcome, seconds }) => outcome === "claimed" || seconds === 20));
  const refused = attempts.filter((_, index) => answers[index]?.outcome === "limited");
  for (const attempt of refused) assert.equal(await enrollmentOf(attempt.voiceId), undefined);

  const holders = attempts.filter((_, index) => answers[index]?.outcome === "claimed");
  for (const attempt of holders) await attempt.sending();
  const [first, second] = holders;
  assert(first && second);
  await second.sending({ creates: 2, possible: 1 });
  assert.deepEqual(await countedSendings(userId), { creates: 6, possible: 5 });
  const wait = await createAttempt(sql, userId).claim({ perHour: 5 });
  assert.equal(wait.outcome, "limited");
  assertSeconds(wait, 3590, 3600);

  // What made no voice frees its place, a refusal by the provider too; but what was sent was sent.
  await first.release();
  await second.release({ category: "rejected", refusal: "No." }, { creates: 2, possible: 0 });
  assert.deepEqual(await countedSendings(userId), { creates: 5, possible: 3 });
  for (const outcome of ["claimed", "claimed", "limited"]) {
    assert.equal((await createAttempt(sql, userId).claim({ perHour: 5 })).outcome, outcome);
  }
});

ledgerTest("creates count for an hour and for a day", async (sql, userId) => {
  const age = (hours: number) =>
    query`
      update private.clone_sendings set sent_at = clock_timestamp() - make_interval(mins => ${
      hours * 60
    }::int)
      where user_id = ${userId}`;
  const done = await sentAttempt(sql, userId);
  await done.complete(madeVoice(uniqueVoice()));
  const ask = async (limits: { perHour: number; perDay: number }) => {
    const attempt = createAttempt(sql, userId);
    const answer = await attempt.claim(limits);
    if (answer.outcome === "claimed") await attempt.release();
    return answer;
  };
  await age(0.5);
  assertSeconds(await ask({ perHour: 1, perDay: 10 }), 1790, 1800);
  await age(2);
  assert.equal((await ask({ perHour: 1, perDay: 10 })).outcome, "claimed");
  assertSeconds(await ask({ perHour: 10, perDay: 1 }), 79_190, 79_200);
  await age(25);
  assert.equal((await ask({ perHour: 1, perDay: 1 })).outcome, "claimed");
});
