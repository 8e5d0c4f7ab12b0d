import type { Outcome } from "./schedule.ts";

/** Adds up what many schedules did. */
export function createStatistics() {
  const total = { finalized: 0, creates: 0, orphans: 0, landedLate: 0, explained: 0 };
  const faults: Record<string, number> = {};
  let schedules = 0;
  return {
    add(outcome: Outcome): void {
      schedules++;
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
      const { finalized, creates, orphans, landedLate, explained } = total;
      const perThousand = (count: number) => (count * 1000 / Math.max(1, schedules)).toFixed(1);
      const kinds = Object.entries(faults).sort().map(([fault, count]) => `${fault} ${count}`).join(", ");
      const drawn = Object.values(faults).reduce((sum, count) => sum + count, 0);
      const each = (creates / Math.max(1, finalized)).toFixed(2);
      return `${schedules} schedules, ${drawn} faults: ${kinds}
${creates} creates for ${finalized} saved voices (${each} each)
orphans per 1000 schedules: ${perThousand(orphans)}, of which ${
        perThousand(landedLate)
      } from creations landing after \
their look-up and ${perThousand(explained)} because modal or the user's deletion came first`;
    },
  };
}
