import assert from "node:assert/strict";
import fc from "fast-check";
import type postgres from "postgres";
import { createSupabase } from "../_shared/supabase.ts";
import type { VoiceDetails } from "../_shared/tts/provider.ts";
import { stack, withDatabase } from "../../../tools/testkit/harness/project.ts";
import {
  createFakeLedger,
  createSqlLedger,
  type LedgerUnderTest,
  withRefusableInserts,
} from "../../../tools/testkit/simulation/ledger_pair.ts";

/**
 * The simulation proves what it proves about a ledger in memory. These sequences of calls hold that one to the functions
 * in PostgreSQL: every answer and everything stored must be the same.
 */
const SEQUENCES = 120;
const REGION = "intl";

const DETAILS: VoiceDetails[] = [
  { name: "Grace", language: "English", transcript: "One.", description: null },
  { name: "Ada", language: "English", transcript: "One.", description: "Other" },
];

type Cast = { userId: string; voices: string[]; attempts: string[] };
type Step = { name: string; run: (ledger: LedgerUnderTest, cast: Cast) => Promise<unknown> };

const voice = fc.nat({ max: 1 });
const attempt = fc.nat({ max: 2 });
const details = fc.nat({ max: 1 });
const made = fc.nat({ max: 2 });

const never = new AbortController().signal;
const of = (cast: Cast, v: number, a: number) => ({
  userId: cast.userId,
  voiceId: cast.voices[v] ?? "",
  attemptId: cast.attempts[a] ?? "",
  token: `token0000${v}`,
});
const detailsOf = (d: number): VoiceDetails => DETAILS[d] ?? DETAILS.at(-1) ?? raise();
const raise = (): never => {
  throw new Error("no details");
};
/** Each voice has provider voices of its own, as tokens see to; the last one of each does not carry its token. */
const providerVoiceId = (cast: Cast, v: number, m: number) =>
  `voice-${cast.userId}-${m === 2 ? "unnamed" : `GRACE_TOKEN0000${v}`}-${v}${m}`;
const providerVoice = (cast: Cast, v: number, m: number) => ({
  providerVoiceId: providerVoiceId(cast, v, m),
  targetModel: "qwen3-tts-vc-2026-01-22",
  kind: "vc",
  region: REGION,
  requestId: "r",
  metadata: {},
});

const step = <Args extends unknown[]>(
  name: string,
  args: fc.Arbitrary<Args>,
  run: (ledger: LedgerUnderTest, cast: Cast, ...args: Args) => Promise<unknown>,
): fc.Arbitrary<Step> =>
  args.map((values) => ({
    name: `${name}(${JSON.stringify(values).slice(1, -1)})`,
    run: (ledger, cast) => run(ledger, cast, ...values),
  }));

const steps: fc.WeightedArbitrary<Step>[] = [
  {
    weight: 8,
    arbitrary: step(
      "claim",
      fc.tuple(voice, attempt, details, fc.constantFrom("qwen" as const, "qwen" as const, "modal" as const)),
      (ledger, cast, v, a, d, provider) =>
        ledger.enrollments.claim(of(cast, v, a), { details: detailsOf(d), provider, region: REGION }, never),
    ),
  },
  {
    weight: 5,
    arbitrary: step(
      "sending",
      fc.tuple(voice, attempt, details, fc.constantFrom(1, 1, 2, 3), fc.constantFrom(1, 2)),
      (ledger, cast, v, a, d, creates, possible) =>
        ledger.enrollments.sending(of(cast, v, a), {
          details: detailsOf(d),
          region: REGION,
          leaseSeconds: 150,
          sent: { creates, possible: Math.min(creates, possible) },
        }, never),
    ),
  },
  {
    weight: 3,
    arbitrary: step(
      "release",
      fc.tuple(voice, attempt, fc.boolean(), fc.nat({ max: 2 }), fc.nat({ max: 1 })),
      (ledger, cast, v, a, rejected, creates, possible) =>
        ledger.enrollments.release(
          of(cast, v, a),
          { creates, possible: Math.min(creates, possible) },
          rejected ? { category: "rejected", provider_code: "X", request_id: null, refusal: "No." } : null,
        ),
    ),
  },
  {
    weight: 3,
    arbitrary: step(
      "unresolved",
      fc.tuple(voice, attempt, fc.boolean()),
      (ledger, cast, v, a, endsLease) =>
        ledger.enrollments.unresolved(
          of(cast, v, a),
          { category: "x", providerCode: null, requestId: null },
          endsLease,
        ),
    ),
  },
  {
    weight: 5,
    arbitrary: step(
      "complete",
      fc.tuple(voice, attempt, details, fc.option(made)),
      (ledger, cast, v, a, d, m) =>
        ledger.enrollments.complete(of(cast, v, a), {
          details: detailsOf(d),
          objectKey: `${cast.userId}/${cast.voices[v]}/reference.wav`,
          saved: m === null ? null : { provider: "qwen", voice: providerVoice(cast, v, m) },
        }, never),
    ),
  },
  {
    weight: 1,
    arbitrary: step(
      "completeModal",
      fc.tuple(voice, attempt, details),
      (ledger, cast, v, a, d) =>
        ledger.enrollments.complete(of(cast, v, a), {
          details: detailsOf(d),
          objectKey: "k",
          saved: { provider: "modal", metadata: {} },
        }, never),
    ),
  },
  {
    weight: 4,
    arbitrary: step(
      "advance",
      fc.tuple(fc.constantFrom(7, 25, 200, 3700, 90_000)),
      (ledger, _cast, seconds) => ledger.advance(seconds),
    ),
  },
  {
    weight: 1,
    arbitrary: step(
      "softDelete",
      fc.tuple(voice),
      (ledger, cast, v) => ledger.softDelete(cast.voices[v] ?? ""),
    ),
  },
  {
    weight: 1,
    arbitrary: step(
      "refuseInserts",
      fc.tuple(fc.option(voice)),
      (ledger, cast, v) => ledger.refuseInserts(v === null ? null : cast.voices[v] ?? null),
    ),
  },
  {
    weight: 1,
    arbitrary: step(
      "deleteUser",
      fc.tuple(fc.nat({ max: 3 })),
      (ledger, _cast, dice) => dice === 0 ? ledger.deleteUser() : Promise.resolve(),
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      "reconcile.release",
      fc.tuple(fc.boolean()),
      (ledger, _cast, repair) => ledger.reconcile.release(repair),
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      "reconcile.eraseDetails",
      fc.tuple(fc.boolean()),
      (ledger, _cast, repair) => ledger.reconcile.eraseDetails(repair),
    ),
  },
  {
    weight: 2,
    arbitrary: step("reconcile.expired", fc.tuple(), (ledger) => {
      const first = "00000000-0000-0000-0000-000000000000";
      return ledger.reconcile.expired({ user_id: first, voice_id: first }, 10);
    }),
  },
  {
    weight: 2,
    arbitrary: step("reconcile.sort", fc.tuple(), (ledger, cast) =>
      ledger.reconcile.sort(REGION, [
        ...[0, 1].flatMap((v) => [0, 1, 2].map((m) => providerVoiceId(cast, v, m))),
        "somebody else's_token99999",
        "short",
      ])),
  },
  {
    weight: 3,
    arbitrary: step(
      "reconcile.compare",
      fc.tuple(fc.subarray([0, 1, 2, 10, 11, 12]), fc.boolean()),
      (ledger, cast, listed, repair) =>
        ledger.reconcile.compare(REGION, {
          providerVoiceIds: listed.map((n) => providerVoiceId(cast, Math.floor(n / 10), n % 10)),
          from: new Date(ledger.now()),
        }, repair),
    ),
  },
  {
    weight: 1,
    arbitrary: step(
      "reconcile.settleAbsent",
      fc.tuple(voice),
      (ledger, cast, v) => ledger.reconcile.settleAbsent(cast.voices[v] ?? ""),
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      "reconcile.recordOrphan",
      fc.tuple(voice, made),
      (ledger, cast, v, m) =>
        ledger.reconcile.recordOrphan(REGION, {
          providerVoiceId: providerVoiceId(cast, v, m),
          userId: cast.userId,
          voiceId: cast.voices[v] ?? "",
          createdAt: ledger.longAgo(),
        }),
    ),
  },
  {
    weight: 2,
    arbitrary: step(
      "purgeNext",
      fc.tuple(fc.constantFrom(0, 60)),
      (ledger, _cast, seconds) => ledger.reconcile.purgeNext(REGION, seconds, []),
    ),
  },
  {
    weight: 1,
    arbitrary: step(
      "purgeDone",
      fc.tuple(voice, made),
      (ledger, cast, v, m) => ledger.reconcile.purgeDone(REGION, providerVoiceId(cast, v, m)),
    ),
  },
];

/** Seconds left differ by what the calls themselves took. */
const comparable = (answer: unknown): unknown =>
  JSON.parse(
    JSON.stringify(answer ?? null),
    (field, value) => field === "seconds" || field === "unresolved_seconds" ? Math.round(value / 10) : value,
  );

Deno.test("the ledger of the simulation and the one in PostgreSQL answer and keep the same", async () => {
  const supabase = createSupabase({ url: stack.supabase_url, secretKey: stack.secret_key });
  const property = (sql: postgres.Sql) =>
    fc.asyncProperty(fc.array(fc.oneof(...steps), { minLength: 5, maxLength: 30 }), async (sequence) => {
      const userId = crypto.randomUUID();
      await sql`insert into auth.users (id, email) values (${userId}, ${`${userId}@example.com`})`;
      const cast = {
        userId,
        voices: [crypto.randomUUID(), crypto.randomUUID()].sort(),
        attempts: [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()],
      };
      const fake = createFakeLedger(userId);
      const real = await createSqlLedger(sql, supabase, userId);
      for (const { name, run } of sequence) {
        const [expected, seen] = [await run(fake, cast), await run(real, cast)];
        assert.deepEqual(comparable(seen), comparable(expected), name);
        assert.deepEqual(await real.snapshot(), await fake.snapshot(), `after ${name}`);
      }
    });
  await withDatabase((sql) =>
    withRefusableInserts(sql, () => fc.assert(property(sql), { numRuns: SEQUENCES, seed: 20261122 }))
  );
});
