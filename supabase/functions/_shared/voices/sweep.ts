import type { ReconcileReport } from "../contract/internal_reconcile.ts";
import type { Generations } from "../storage/generations.ts";
import type { References } from "../storage/references.ts";
import type { ReconcileLedger } from "./reconcile_ledger.ts";

const UPLOADS_PAGE = 100;
/** Each page scans all objects, so it is large. */
const OBJECTS_PAGE = 500;
/** After this long without a finalize or completion, an object is abandoned. */
const ABANDONED_SECONDS = 86_400;
const BUCKETS = ["references", "generations"] as const;

type Swept = Pick<ReconcileReport, "uploads_swept" | "details_erased" | "objects_erased">;

/** The size of a page, and how much of it was removed; in a report, would be. */
type Page = { found: number; swept: number };

/**
 * Removes unclaimed uploads, the data of deleted users, and audio without a generation. Every step is idempotent.
 */
export function createSweep(options: {
  ledger: Pick<ReconcileLedger, "unclaimedUploads" | "eraseDetails" | "forgottenObjects">;
  references: Pick<References, "remove">;
  generations: Pick<Generations, "remove">;
}) {
  const { ledger } = options;
  const remove = { references: options.references.remove, generations: options.generations.remove };

  return async function sweep({ repair, late }: { repair: boolean; late: () => boolean }): Promise<Swept> {
    /** Sweeps until a page is not full or nothing of it was removed; without `repair`, only the first page. */
    const eachPage = async (size: number, sweepPage: () => Promise<Page>): Promise<number> => {
      let total = 0;
      while (!late()) {
        const { found, swept } = await sweepPage();
        total += swept;
        if (!repair || found < size || swept === 0) break;
      }
      return total;
    };

    const details = await ledger.eraseDetails(repair);
    const forgotten = new Set<string>();
    const objects = await eachPage(OBJECTS_PAGE, async () => {
      const page = await ledger.forgottenObjects(ABANDONED_SECONDS, OBJECTS_PAGE);
      for (const { name } of page) forgotten.add(name);
      if (!repair) return { found: page.length, swept: page.length };
      let swept = 0;
      for (const bucket of BUCKETS) {
        const keys = page.filter((object) => object.bucket_id === bucket).map(({ name }) => name);
        if (keys.length > 0) swept += await remove[bucket](keys);
      }
      return { found: page.length, swept };
    });
    const uploads = await eachPage(UPLOADS_PAGE, async () => {
      const keys = await ledger.unclaimedUploads(ABANDONED_SECONDS, UPLOADS_PAGE, repair);
      const swept = !repair
        ? keys.filter((key) => !forgotten.has(key)).length
        : keys.length === 0
        ? 0
        : await remove.references(keys);
      return { found: keys.length, swept };
    });
    return { uploads_swept: uploads, details_erased: details, objects_erased: objects };
  };
}
