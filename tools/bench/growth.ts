import type { ListeningProcess } from "../stack/function/function_command.ts";
import { openDatabase } from "../stack/postgres/project_database.ts";
import { createKeysOf } from "../testkit/signing_keys.ts";
import { wavOfSize } from "./bench_clips.ts";
import type { Bench } from "./bench_run.ts";
import { type BenchUser, createBenchUser } from "./bench_user.ts";
import { compared, type Row } from "./figures.ts";
import { seedVoices } from "./seeded_voices.ts";
import { withStandIn } from "./stand_in_process.ts";
import { inTurns, median, timed } from "./turns.ts";

/** How much more the largest may cost than the smallest; within the noise, this is flat. */
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

type Surroundings = { user: BenchUser; served: ListeningProcess; counts: typeof FULL };

/** Finalizes of clips of this size, which are in the bucket already, as pieces of work that give their time. */
async function finalizesOf({ user, served }: Surroundings, megabytes: number, count: number) {
  const voiceIds = await user.put(wavOfSize(megabytes), count);
  return voiceIds.map((voiceId) => timed(() => user.finalize(served, voiceId)));
}

async function byVoices(surroundings: Surroundings, databaseUrl: string): Promise<Row[]> {
  const { counts, user } = surroundings;
  const sql = openDatabase(databaseUrl);
  const taken = counts.voices.map((voices) => ({ voices, ms: new Array<number>() }));
  try {
    // In turns, so that what slows the machine down for a while slows all of them.
    for (let round = 0; round < counts.rounds; round++) {
      for (const { voices, ms } of taken) {
        await seedVoices(sql, user.userId, voices);
        const finalizes = await finalizesOf(surroundings, 1, counts.warmUps + counts.finalizes);
        for (const finalize of finalizes.splice(0, counts.warmUps)) await finalize();
        for (const finalize of finalizes) ms.push((await finalize()).ms);
      }
    }
    await seedVoices(sql, user.userId, 0);
  } finally {
    // Without a limit this waits for ever once a connection was lost.
    await sql.end({ timeout: 1 });
  }
  const [fewest = { voices: 0, ms: [] }, ...more] = taken;
  const against = `${fewest.voices} voices`;
  return more.map(({ voices, ms }) => {
    const what = `${voices.toLocaleString("en-GB")} voices of the user`;
    return compared({ what, unit: "ms", against, ratioLimit: FLAT }, median(ms), median(fewest.ms));
  });
}

async function byClip(surroundings: Surroundings): Promise<Row[]> {
  const { counts } = surroundings;
  const [smallest = 0, ...larger] = counts.megabytes;
  const next = async (megabytes: number) => {
    const finalizes = await finalizesOf(surroundings, megabytes, counts.turns + counts.warmUps);
    return () => finalizes.shift()?.() ?? Promise.reject(new Error("There are too few clips."));
  };
  const contests = [];
  for (const megabytes of larger) {
    contests.push({ of: megabytes, value: await next(megabytes), baseline: await next(smallest) });
  }
  const against = `a clip of ${smallest} MB`;
  return (await inTurns(contests, counts)).map(({ of: megabytes, medians }) =>
    compared({ what: `a clip of ${megabytes} MB`, unit: "ms", against, ratioLimit: FLAT }, ...medians("ms"))
  );
}

/**
 * Whether a finalize gets slower with more voices, or with a larger clip: the time of a warm finalize over PostgreSQL and the
 * bucket. The provider answers at once and fetches nothing; tokens are signed with ES256 and their keys known. Rules of length
 * only warn, because 0.1 MB of WAV is two seconds.
 */
export const growth: Bench = {
  name: "growth",
  async run({ quick, ending, deno }, stack) {
    const keys = await createKeysOf(stack.record.supabase_url);
    return await withStandIn({ ending, deno }, async (standIn) => {
      const served = await stack.startFunction({
        SUPABASE_JWKS: keys.jwks,
        DASHSCOPE_BASE_URL: standIn.url,
        REFERENCE_AUDIO_POLICY: "warn",
      });
      const user = await createBenchUser(stack, keys);
      const surroundings = { user, served, counts: quick ? ONCE : FULL };
      const voices = await byVoices(surroundings, stack.record.database_url);
      const clips = await byClip(surroundings);
      await served.stop();
      return [...voices, ...clips];
    });
  },
};
