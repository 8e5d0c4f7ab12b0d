import assert from "node:assert/strict";
import { MUTATIONS } from "./simulation/mutations.ts";
import { runSchedule } from "./simulation/schedule.ts";
import { createStatistics } from "./simulation/statistics.ts";

const SCHEDULES = 2_000;
/** Deno 2.1 takes a millisecond for each step of virtual time, which is a `setImmediate`: a minute for what takes a second. */
const isSlow = Deno.version.deno.startsWith("2.1.");
const HELD = isSlow ? SCHEDULES / 40 : SCHEDULES;

Deno.test(`the invariants hold in ${HELD} schedules of failures`, async () => {
  const statistics = createStatistics();
  for (let seed = 1; seed <= HELD; seed++) {
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

Deno.test("a seed replays exactly", async () => {
  for (const seed of [7, 190, 543]) {
    const [first, second] = [await runSchedule(seed), await runSchedule(seed)];
    assert(first.trace.length > 20);
    assert.deepEqual(first, second);
  }
});

for (const [name, mutation] of Object.entries(MUTATIONS)) {
  Deno.test(`the simulation finds out: ${name}`, { ignore: isSlow }, async () => {
    for (let seed = 1; seed <= SCHEDULES; seed++) {
      const { broken } = await runSchedule(seed, mutation);
      if (broken.length === 0) continue;
      console.log(`found by schedule ${seed}: ${broken[0]}`);
      return;
    }
    assert.fail(`not found in ${SCHEDULES} schedules`);
  });
}
