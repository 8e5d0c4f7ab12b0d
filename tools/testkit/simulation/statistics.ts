import type { Outcome } from "./schedule.ts";

/** Adds up what many schedules did. */
export function createStatistics() {
  const total = { schedules: 0, finalized: 0, creates: 0, orphans: 0, landedLate: 0, explained: 0 };
  const faults: Record<string, number> = {};
  return {
    add(outcome: Outcome): void {
      total.schedules++;
      total.finalized += outcome.finalized;
      total.creates += outcome.creates;
      total.orphans += outcome.orphans;
      total.landedLate += outcome.landedLate;
      total.explained += outcome.explained;
      for (const [fault, count] of Object.entries(outcome.faults)) {
        faults[fault] = (faults[fault] ?? 0) + count;
      }
    },
    /** A few lines for a person. */
    report(): string {
      const perThousand = (count: number) => (count * 1000 / Math.max(1, total.schedules)).toFixed(1);
      const kinds = Object.entries(faults).sort().map(([fault, count]) => `${fault} ${count}`).join(", ");
      return [
        `${total.schedules} schedules, ${
          Object.values(faults).reduce((sum, count) => sum + count, 0)
        } faults: ${kinds}`,
        `${total.creates} creates for ${total.finalized} saved voices (${
          (total.creates / Math.max(1, total.finalized)).toFixed(2)
        } each)`,
        `orphans per 1000 schedules: ${perThousand(total.orphans)}, of which ${
          perThousand(total.landedLate)
        } from creations landing after their look-up and ${
          perThousand(total.explained)
        } because modal or the user's deletion came first`,
      ].join("\n");
    },
  };
}
