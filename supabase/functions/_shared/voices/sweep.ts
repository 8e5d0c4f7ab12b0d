import type { ReconcileReport } from "../contract.ts";
import type { Generations } from "../storage/generations.ts";
import type { References } from "../storage/references.ts";
import type { ReconcileLedger } from "./reconcile_ledger.ts";

const PAGE = 100;
/** What nobody has finalized, or completed, for this long is abandoned. */
const ABANDONED_SECONDS = 86_400;

export type Swept = Pick<ReconcileReport, "uploads_swept" | "details_erased" | "objects_erased">;

/**
 * Removes what nobody can use: uploads that no finalize claimed, what users who are gone left behind, and audio that no
 * generation has. Every step may be done twice.
 */
export function createSweep(options: {
  ledger: Pick<ReconcileLedger, "unclaimedUploads" | "eraseDetails" | "forgottenObjects">;
  references: Pick<References, "remove">;
  generations: Pick<Generations, "remove">;
}) {
  const { ledger } = options;
  const buckets = { references: options.references, generations: options.generations };

  /** Page after page until one is not full; without `repair` the first one is only counted. */
  const eachPage = async (
    run: { repair: boolean; late: () => boolean },
    sweepPage: () => Promise<number>,
  ): Promise<number> => {
    let swept = 0;
    for (let count = PAGE; count === PAGE && !run.late();) {
      count = await sweepPage();
      swept += count;
      if (!run.repair) break;
    }
    return swept;
  };

  return async function sweep(run: { repair: boolean; late: () => boolean }): Promise<Swept> {
    const { repair } = run;
    const details = await ledger.eraseDetails(repair);
    const objects = await eachPage(run, async () => {
      const found = await ledger.forgottenObjects(ABANDONED_SECONDS, PAGE);
      for (const bucket of repair ? ["references", "generations"] as const : []) {
        const keys = found.filter((object) => object.bucket_id === bucket).map(({ name }) => name);
        if (keys.length > 0) await buckets[bucket].remove(keys);
      }
      return found.length;
    });
    const uploads = await eachPage(run, async () => {
      const keys = await ledger.unclaimedUploads(ABANDONED_SECONDS, PAGE, repair);
      if (repair && keys.length > 0) await options.references.remove(keys);
      return keys.length;
    });
    return { uploads_swept: uploads, details_erased: details, objects_erased: objects };
  };
}
