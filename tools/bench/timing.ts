/** A piece of work and the simpler one that it is to be measured by. */
export type Contest = { value: () => Promise<unknown>; baseline: () => Promise<unknown> };

/** The value in the middle; of an even number of them, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** How long a piece of work takes, in milliseconds. */
export async function durationOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * Times contests in milliseconds, each side by its median. They take turns, so that what slows the machine down for a while
 * slows all of them. What they take in the first `warmUps` turns does not count.
 */
export async function timed<Timed extends Contest>(
  contests: readonly Timed[],
  { turns, warmUps }: { turns: number; warmUps: number },
): Promise<(Timed & { valueMs: number; baselineMs: number })[]> {
  const durations = contests.map((contest) => ({
    contest,
    value: new Array<number>(),
    baseline: new Array<number>(),
  }));
  for (let turn = 0; turn < warmUps + turns; turn++) {
    for (const { contest, value, baseline } of durations) {
      const taken = { value: await durationOf(contest.value), baseline: await durationOf(contest.baseline) };
      if (turn < warmUps) continue;
      value.push(taken.value);
      baseline.push(taken.baseline);
    }
  }
  return durations.map(({ contest, value, baseline }) => ({
    ...contest,
    valueMs: median(value),
    baselineMs: median(baseline),
  }));
}
