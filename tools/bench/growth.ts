// Whether a finalize gets slower as voices gather, or with the size of its clip.
import { type Bench, compared, type Row } from "./bench.ts";
import { type BenchClip, wavOfSize } from "./bench_clips.ts";
import type { BenchStack } from "./bench_stack.ts";
import { type Cloning, createCloning } from "./cloning.ts";
import { createLedgerRows } from "./ledger_rows.ts";
import type { MeasuredFunction } from "./measured_function.ts";
import { createSigner } from "./signer.ts";
import { withStandIn } from "./stand_in_process.ts";
import { durationOf, median, timed } from "./timing.ts";

/** How much more the largest may cost than the smallest, which is flat for all that this machine's noise lets us see. */
const FLAT = 1.3;

const FULL = {
  voices: [10, 1_000, 100_000],
  rounds: 6,
  finalizes: 8,
  megabytes: [0.1, 1, 9],
  turns: 30,
  warmUps: 3,
};
const ONCE = { voices: [10, 100], rounds: 1, finalizes: 2, megabytes: [0.1, 1], turns: 1, warmUps: 0 };
type Counts = typeof FULL;

type Surroundings = { cloning: Cloning; served: MeasuredFunction; counts: Counts };

/** Gives finalizes of clips that are in the bucket already. */
async function finalizesOf({ cloning, served }: Surroundings, clip: BenchClip, count: number) {
  const voiceIds: string[] = [];
  for (let made = 0; made < count; made++) voiceIds.push(await cloning.put(clip));
  return voiceIds.map((voiceId) => () => cloning.finalize(served, voiceId));
}

async function byVoices(surroundings: Surroundings, databaseUrl: string): Promise<Row[]> {
  const { counts, cloning } = surroundings;
  const rows = createLedgerRows(databaseUrl, cloning.userId);
  const taken = counts.voices.map((voices) => ({ voices, ms: new Array<number>() }));
  try {
    // In turns, so that what slows the machine down for a while slows all of them.
    for (let round = 0; round < counts.rounds; round++) {
      for (const { voices, ms } of taken) {
        await rows.setTo(voices);
        const finalizes = await finalizesOf(surroundings, wavOfSize(1), counts.warmUps + counts.finalizes);
        for (const finalize of finalizes.splice(0, counts.warmUps)) await finalize();
        for (const finalize of finalizes) ms.push(await durationOf(finalize));
      }
    }
    await rows.setTo(0);
  } finally {
    await rows.close();
  }
  const [fewest, ...more] = taken;
  return more.map(({ voices, ms }) =>
    compared({
      what: `${voices.toLocaleString("en-GB")} voices of the user`,
      value: median(ms),
      unit: "ms",
      baseline: median(fewest?.ms ?? []),
      against: `${fewest?.voices} voices`,
      ratioLimit: FLAT,
    })
  );
}

async function byClip(surroundings: Surroundings): Promise<Row[]> {
  const { counts } = surroundings;
  const [smallest = 0, ...larger] = counts.megabytes;
  const perSize = counts.turns + counts.warmUps;
  const next = async (megabytes: number) => {
    const finalizes = await finalizesOf(surroundings, wavOfSize(megabytes), perSize);
    return () => finalizes.shift()?.() ?? Promise.reject(new Error("There are too few clips."));
  };
  const contests = [];
  for (const megabytes of larger) {
    contests.push({ megabytes, value: await next(megabytes), baseline: await next(smallest) });
  }
  return (await timed(contests, counts)).map(({ megabytes, valueMs, baselineMs }) =>
    compared({
      what: `a clip of ${megabytes} MB`,
      value: valueMs,
      unit: "ms",
      baseline: baselineMs,
      against: `a clip of ${smallest} MB`,
      ratioLimit: FLAT,
    })
  );
}

/**
 * The time of a warm finalize over PostgreSQL and the bucket, with a provider that answers at once and fetches nothing. Tokens
 * are of ES256 and their keys known. Rules of length are only warned of, for 0.1 MB of WAV last two seconds.
 */
export const growth: Bench = {
  name: "growth",
  async run(stack: BenchStack, { quick, ending, deno }) {
    const signer = await createSigner(stack.record.supabase_url);
    return await withStandIn({ ending, deno }, async (standIn) => {
      const served = await stack.startFunction({
        SUPABASE_JWKS: signer.jwks,
        DASHSCOPE_BASE_URL: standIn.url,
        REFERENCE_AUDIO_POLICY: "warn",
      });
      const cloning = await createCloning(stack, { signer });
      const surroundings = { cloning, served, counts: quick ? ONCE : FULL };
      const rows = [
        ...await byVoices(surroundings, stack.record.database_url),
        ...await byClip(surroundings),
      ];
      await served.stop();
      return rows;
    });
  },
};
