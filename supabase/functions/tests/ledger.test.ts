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
import { withDatabase } from "../../../tools/testkit/harness/project.ts";

const outcomes = (answers: { outcome: string }[]) => answers.map(({ outcome }) => outcome).sort();

ledgerTest("one voice from claim to row, and what each later claim is told", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  assert.deepEqual(await first.claim(), { outcome: "claimed" });
  const claimed = await enrollmentOf(first.voiceId);
  assert.deepEqual([claimed?.state, claimed?.leased, claimed?.region], ["claimed", true, "intl"]);

  const waiting = await first.next().claim();
  assert.equal(waiting.outcome, "in_progress");
  assert(waiting.seconds === 19 || waiting.seconds === 20, `${waiting.seconds}`);
  assert(
    waiting.seconds !== undefined && waiting.seconds >= 1 && waiting.seconds <= 20,
    `${waiting.seconds}`,
  );
  assert.deepEqual(await first.next({ details: { name: "Ada" } }).claim(), { outcome: "conflict" });

  assert.deepEqual(await first.sending(), { outcome: "sending" });
  const sending = await first.next().claim();
  assert.equal(sending.outcome, "in_progress");
  assert(sending.seconds !== undefined && sending.seconds > 140 && sending.seconds <= 150);

  const voice = uniqueVoice();
  const done = { outcome: "finalized", voice: answeredVoice(first.voiceId), orphaned: false };
  assert.deepEqual(await first.complete(madeVoice(voice)), done);
  assert.deepEqual(await first.complete(madeVoice(voice)), done);
  assert.deepEqual(await first.complete(null), done);
  const left = await enrollmentOf(first.voiceId);
  assert.deepEqual([left?.state, left?.unresolved, left?.details, left?.error, left?.provider_voice_id], [
    "finalized",
    false,
    null,
    null,
    voice,
  ]);
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
  const answers = await Promise.all(Array.from({ length: 50 }, () => first.next().claim()));
  assert.deepEqual(outcomes(answers), ["claimed", ...Array.from({ length: 49 }, () => "in_progress")]);
});

ledgerTest("fifty claims at once after a lease ran out: one takes it over", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  assert.equal((await first.claim()).outcome, "claimed");
  await endLease(first.voiceId);
  const claims = Array.from({ length: 50 }, () => () => first.next().claim());
  const answers = await allAtOnce(first.voiceId, claims);
  assert.deepEqual(outcomes(answers), ["claimed", ...Array.from({ length: 49 }, () => "in_progress")]);
});

ledgerTest("fifty claims at once of a lost create: one recovers it", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  await first.claim();
  await first.sending();
  await endLease(first.voiceId);
  const claims = Array.from({ length: 50 }, () => () => first.next().claim());
  const answers = await allAtOnce(first.voiceId, claims);
  assert.deepEqual(outcomes(answers), [...Array.from({ length: 49 }, () => "in_progress"), "recover"]);
});

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
  const left = await enrollmentOf(late.voiceId);
  assert.deepEqual([left?.state, left?.leased, left?.error], ["sending", true, null]);
});

ledgerTest("nothing is sent once a row stands, or without a claim", async (sql, userId) => {
  const attempt = createAttempt(sql, userId);
  assert.deepEqual(await attempt.sending(), { outcome: "superseded" });
  assert.deepEqual(await attempt.complete(null), { outcome: "unknown" });
  await attempt.claim();
  assert.equal((await attempt.next().complete({ tts_provider: "modal" })).outcome, "finalized");
  assert.deepEqual(await attempt.sending(), { outcome: "superseded" });
});

ledgerTest(
  "an unknown outcome holds until the voice is found, whatever happens between",
  async (sql, userId) => {
    const first = createAttempt(sql, userId);
    await first.claim();
    await first.sending();
    assert.deepEqual(await first.unresolved(false), { outcome: "unresolved" });
    assert.equal((await first.next().claim()).outcome, "in_progress");
    // Nobody can say yet whose details will stand.
    assert.equal((await first.next({ details: { name: "Ada" } }).claim()).outcome, "in_progress");
    assert.deepEqual(await first.unresolved(true), { outcome: "unresolved" });

    const found = { outcome: "recover", region: "intl", details: LEDGER_DETAILS, same_details: true };
    const withoutAge = ({ unresolved_seconds: age, ...answer }: LedgerAnswer) => {
      assert(typeof age === "number" && age >= 0 && age < 60, `${age}`);
      return answer;
    };
    const second = first.next();
    assert.deepEqual(withoutAge(await second.claim({ region: "cn" })), found);
    assert.equal((await second.release()).outcome, "released");
    const third = first.next({ details: { name: "Ada" } });
    assert.deepEqual(withoutAge(await third.claim()), { ...found, same_details: false });
    await endLease(first.voiceId);
    const fourth = first.next();
    assert.deepEqual(withoutAge(await fourth.claim()), found);
    await fourth.sending();
    assert.equal((await fourth.release({ category: "rejected", refusal: "No." })).outcome, "released");
    assert.deepEqual(withoutAge(await first.next().claim({ perHour: 1 })), found);

    const voice = uniqueVoice();
    assert.equal((await first.complete(madeVoice(voice))).outcome, "finalized");
    const left = await enrollmentOf(first.voiceId);
    assert.deepEqual([left?.state, left?.unresolved, left?.details], ["finalized", false, null]);
  },
);

ledgerTest(
  "a late unknown outcome of a superseded attempt is kept and ends no lease",
  async (sql, userId) => {
    const late = createAttempt(sql, userId);
    await late.claim();
    await late.sending();
    await endLease(late.voiceId);
    await late.next().claim();
    assert.deepEqual(await late.unresolved(true), { outcome: "unresolved" });
    const left = await enrollmentOf(late.voiceId);
    assert.deepEqual([left?.unresolved, left?.leased, left?.error], [true, true, null]);
    const voice = uniqueVoice();
    await late.complete(madeVoice(voice));
    assert.deepEqual(await late.unresolved(true), { outcome: "settled" });
    assert.equal((await enrollmentOf(late.voiceId))?.unresolved, false);
  },
);

ledgerTest("a refusal is answered again, and other details are claimed", async (sql, userId) => {
  const first = createAttempt(sql, userId);
  await first.claim();
  await first.sending();
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
  const [first, second, ...rest] = holders;
  assert(first && second);
  for (const attempt of [first, second, ...rest]) await attempt.sending();
  await second.sending({ creates: 2, possible: 1 });
  assert.deepEqual(await countedSendings(userId), { creates: 6, possible: 5 });
  const wait = await createAttempt(sql, userId).claim({ perHour: 5 });
  assert.equal(wait.outcome, "limited");
  assert(wait.seconds !== undefined && wait.seconds > 3590 && wait.seconds <= 3600, `${wait.seconds}`);

  // What made no voice frees its place, a refusal by the provider too; but what was sent was sent.
  await first.release();
  await second.release({ category: "rejected", refusal: "No." }, { creates: 2, possible: 0 });
  assert.deepEqual(await countedSendings(userId), { creates: 5, possible: 3 });
  assert.equal((await createAttempt(sql, userId).claim({ perHour: 5 })).outcome, "claimed");
  assert.equal((await createAttempt(sql, userId).claim({ perHour: 5 })).outcome, "claimed");
  assert.equal((await createAttempt(sql, userId).claim({ perHour: 5 })).outcome, "limited");
});

ledgerTest("creates count for an hour and for a day", async (sql, userId) => {
  const age = (hours: number) =>
    withDatabase((owner) =>
      owner`
        update private.clone_sendings set sent_at = clock_timestamp() - make_interval(mins => ${
        hours * 60
      }::int)
        where user_id = ${userId}`
    );
  const done = createAttempt(sql, userId);
  await done.claim();
  await done.sending();
  await done.complete(madeVoice(uniqueVoice()));
  const ask = async (limits: { perHour: number; perDay: number }) => {
    const attempt = createAttempt(sql, userId);
    const answer = await attempt.claim(limits);
    if (answer.outcome === "claimed") await attempt.release();
    return answer;
  };
  await age(0.5);
  const hour = await ask({ perHour: 1, perDay: 10 });
  assert(hour.seconds !== undefined && hour.seconds > 1790 && hour.seconds <= 1800, `${hour.seconds}`);
  await age(2);
  assert.equal((await ask({ perHour: 1, perDay: 10 })).outcome, "claimed");
  const day = await ask({ perHour: 10, perDay: 1 });
  assert(day.seconds !== undefined && day.seconds > 79_190 && day.seconds <= 79_200, `${day.seconds}`);
  await age(25);
  assert.equal((await ask({ perHour: 1, perDay: 1 })).outcome, "claimed");
});

ledgerTest(
  "an unknown outcome keeps the time it was first seen, through every recovery",
  async (sql, userId) => {
    const first = createAttempt(sql, userId);
    await first.claim();
    await first.sending();
    await first.unresolved();
    const since = async () => {
      const [row] = await withDatabase((owner) =>
        owner`select unresolved_since::text from private.voice_enrollments where voice_id = ${first.voiceId}`
      );
      return String(row?.unresolved_since);
    };
    const seen = await since();
    const second = first.next();
    assert.equal((await second.claim()).outcome, "recover");
    assert.equal(await since(), seen);
    await second.sending();
    await second.unresolved();
    assert.equal((await first.next().claim()).outcome, "recover");
    assert.equal(await since(), seen);
  },
);
