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

const GRACE: VoiceDetails = { name: "Grace", language: "English", transcript: "One.", description: null };
const ADA: VoiceDetails = { ...GRACE, name: "Ada", description: "Other" };

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
const detailsOf = (d: number): VoiceDetails => d === 0 ? GRACE : ADA;
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
  weight: number,
  name: string,
  args: fc.Arbitrary<Args>,
  run: (ledger: LedgerUnderTest, cast: Cast, ...args: Args) => Promise<unknown>,
): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary: args.map((values) => ({
    name: `${name}(${JSON.stringify(values).slice(1, -1)})`,
    run: (ledger, cast) => run(ledger, cast, ...values),
  })),
});

const NOBODY = "00000000-0000-0000-0000-000000000000";
const provider = fc.constantFrom("qwen" as const, "qwen" as const, "modal" as const);
const rejection = { category: "rejected" as const, provider_code: "X", request_id: null, refusal: "No." };
const counted = (creates: number, possible: number) => ({ creates, possible: Math.min(creates, possible) });

const steps: fc.WeightedArbitrary<Step>[] = [
  step(
    8,
    "claim",
    fc.tuple(voice, attempt, details, provider),
    ({ enrollments }, cast, v, a, d, provider) =>
      enrollments.claim(of(cast, v, a), { details: detailsOf(d), provider, region: REGION }, never),
  ),
  step(
    5,
    "sending",
    fc.tuple(voice, attempt, details, fc.constantFrom(1, 1, 2, 3), fc.constantFrom(1, 2)),
    ({ enrollments }, cast, v, a, d, creates, possible) => {
      const create = { details: detailsOf(d), region: REGION, leaseSeconds: 150 };
      return enrollments.sending(of(cast, v, a), { ...create, sent: counted(creates, possible) }, never);
    },
  ),
  step(
    3,
    "release",
    fc.tuple(voice, attempt, fc.boolean(), fc.nat({ max: 2 }), fc.nat({ max: 1 })),
    ({ enrollments }, cast, v, a, rejected, creates, possible) =>
      enrollments.release(of(cast, v, a), counted(creates, possible), rejected ? rejection : null),
  ),
  step(
    3,
    "unresolved",
    fc.tuple(voice, attempt, fc.boolean()),
    ({ enrollments }, cast, v, a, endsLease) =>
      enrollments.unresolved(
        of(cast, v, a),
        { category: "x", providerCode: null, requestId: null },
        endsLease,
      ),
  ),
  step(
    5,
    "complete",
    fc.tuple(voice, attempt, details, fc.option(made)),
    ({ enrollments }, cast, v, a, d, m) =>
      enrollments.complete(of(cast, v, a), {
        details: detailsOf(d),
        objectKey: `${cast.userId}/${cast.voices[v]}/reference.wav`,
        saved: m === null ? null : { provider: "qwen", voice: providerVoice(cast, v, m) },
      }, never),
  ),
  step(1, "completeModal", fc.tuple(voice, attempt, details), ({ enrollments }, cast, v, a, d) => {
    const saved = { provider: "modal", metadata: {} } as const;
    return enrollments.complete(of(cast, v, a), { details: detailsOf(d), objectKey: "k", saved }, never);
  }),
  step(
    4,
    "advance",
    fc.tuple(fc.constantFrom(7, 25, 200, 3700, 90_000)),
    (ledger, _cast, seconds) => ledger.advance(seconds),
  ),
  step(1, "softDelete", fc.tuple(voice), (ledger, cast, v) => ledger.softDelete(cast.voices[v] ?? "")),
  step(
    1,
    "refuseInserts",
    fc.tuple(fc.option(voice)),
    (ledger, cast, v) => ledger.refuseInserts(v === null ? null : cast.voices[v] ?? null),
  ),
  step(
    1,
    "deleteUser",
    fc.tuple(fc.nat({ max: 3 })),
    (ledger, _cast, dice) => dice === 0 ? ledger.deleteUser() : Promise.resolve(),
  ),
  step(
    2,
    "reconcile.release",
    fc.tuple(fc.boolean()),
    ({ reconcile }, _cast, repair) => reconcile.release(repair),
  ),
  step(
    2,
    "reconcile.eraseDetails",
    fc.tuple(fc.boolean()),
    ({ reconcile }, _cast, repair) => reconcile.eraseDetails(repair),
  ),
  step(
    2,
    "reconcile.expired",
    fc.tuple(),
    ({ reconcile }) => reconcile.expired({ user_id: NOBODY, voice_id: NOBODY }, 10),
  ),
  step(2, "reconcile.sort", fc.tuple(), ({ reconcile }, cast) => {
    const theirs = [0, 1].flatMap((v) => [0, 1, 2].map((m) => providerVoiceId(cast, v, m)));
    return reconcile.sort(REGION, [...theirs, "somebody else's_token99999", "short"]);
  }),
  step(
    3,
    "reconcile.compare",
    fc.tuple(fc.subarray([0, 1, 2, 10, 11, 12]), fc.boolean()),
    (ledger, cast, listed, repair) => {
      const providerVoiceIds = listed.map((n) => providerVoiceId(cast, Math.floor(n / 10), n % 10));
      return ledger.reconcile.compare(REGION, { providerVoiceIds, from: new Date(ledger.now()) }, repair);
    },
  ),
  step(
    1,
    "reconcile.settleAbsent",
    fc.tuple(voice),
    ({ reconcile }, cast, v) => reconcile.settleAbsent(cast.voices[v] ?? ""),
  ),
  step(
    2,
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
  step(
    2,
    "purgeNext",
    fc.tuple(fc.constantFrom(0, 60)),
    ({ reconcile }, _cast, seconds) => reconcile.purgeNext(REGION, seconds, []),
  ),
  step(
    1,
    "purgeDone",
    fc.tuple(voice, made),
    ({ reconcile }, cast, v, m) => reconcile.purgeDone(REGION, providerVoiceId(cast, v, m)),
  ),
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
