/** What a piece of work gave, by name: milliseconds, say. */
type Sample<Name extends string> = Record<Name, number>;

/** A piece of work and the simpler one that it is compared with. */
export type Contest<Subject, Name extends string> = {
  of: Subject;
  value: () => Promise<Sample<Name>>;
  baseline: () => Promise<Sample<Name>>;
};

/** The value in the middle; of an even number of them, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}

/** A piece of work as one that gives its duration in milliseconds. */
export const timed = (work: () => Promise<unknown>) => async (): Promise<{ ms: number }> => {
  const started = performance.now();
  await work();
  return { ms: performance.now() - started };
};

/**
 * Measures contests. The sides take turns, so that what slows the machine down for a while slows all of them. The first
 * `warmUps` turns do not count.
 * @returns for each contest a function that gives the medians of value and baseline by name
 */
export async function inTurns<Subject, Name extends string>(
  contests: readonly Contest<Subject, Name>[],
  { turns, warmUps }: { turns: number; warmUps: number },
): Promise<{ of: Subject; medians: (name: Name) => [value: number, baseline: number] }[]> {
  const measured = contests.map((contest) => ({
    contest,
    samples: new Array<{ value: Sample<Name>; baseline: Sample<Name> }>(),
  }));
  for (let turn = 0; turn < warmUps + turns; turn++) {
    for (const { contest, samples } of measured) {
      const sample = { value: await contest.value(), baseline: await contest.baseline() };
      if (turn >= warmUps) samples.push(sample);
    }
  }
  return measured.map(({ contest, samples }) => ({
    of: contest.of,
    medians: (name) => [
      median(samples.map(({ value }) => value[name])),
      median(samples.map(({ baseline }) => baseline[name])),
    ],
  }));
}
