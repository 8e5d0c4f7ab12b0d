import assert from "node:assert/strict";
import * as fc from "fast-check";
import { MUTATIONS } from "../../../tools/testkit/simulation/mutations.ts";
import { runSchedule } from "../../../tools/testkit/simulation/schedule.ts";
import { createStatistics } from "../../../tools/testkit/simulation/statistics.ts";

const SCHEDULES = 2_000;

Deno.test(`the invariants hold in ${SCHEDULES} schedules of failures`, async () => {
  const statistics = createStatistics();
  for (let seed = 1; seed <= SCHEDULES; seed++) {
    const outcome = await runSchedule(seed);
    statistics.add(outcome);
    assert.deepEqual(
      outcome.broken,
      [],
      `npm run simulate -- --seed ${seed}\n${outcome.trace.join("\n")}`,
    );
  }
  console.log(statistics.report());
});

Deno.test("where voice ids do not carry the token, nothing is created over an unknown outcome", async () => {
  const undecided = createStatistics();
  for (let seed = 1; seed <= SCHEDULES / 4; seed++) {
    const outcome = await runSchedule(seed, undefined, { idShape: "without the token" });
    undecided.add(outcome);
    assert.deepEqual(outcome.broken, [], `seed ${seed}\n${outcome.trace.join("\n")}`);
  }
  console.log(undecided.report());
});

Deno.test("a user's creates stay within the limits, whatever is refused, lost, recovered or raced", async () => {
  const limited = createStatistics();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      async (seed, attemptsPerHour, perHour, perDay) => {
        const limits = { attemptsPerHour, perHour, perDay };
        const outcome = await runSchedule(seed, undefined, { limits });
        limited.add(outcome);
        assert.deepEqual(outcome.broken, [], `seed ${seed}\n${outcome.trace.join("\n")}`);
      },
    ),
    { numRuns: SCHEDULES / 2, seed: 20261128 },
  );
  console.log(limited.report());
});

Deno.test("a seed replays exactly", async () => {
  for (const seed of [7, 190, 543]) {
    const [first, second] = [await runSchedule(seed), await runSchedule(seed)];
    assert(first.trace.length > 20);
    assert.deepEqual(first, second);
  }
});

for (const [name, mutation] of Object.entries(MUTATIONS)) {
  Deno.test(`the simulation finds out: ${name}`, async () => {
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const { broken } = await runSchedule(seed, mutation);
      if (broken.length === 0) continue;
      console.log(`found by schedule ${seed}: ${broken[0]}`);
      return;
    }
    assert.fail(`not found in ${SCHEDULES} schedules`);
  });
}
