import {
  internalReconcile,
  type ReconcileReport,
  type ReconcileRequest,
} from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import type { Route } from "../operator_command.ts";

/** How things stand after the last batch, and what all of them did. */
export type Reconciled = ReconcileReport & { batches: number };

/** Batches that repair get on with every one; one that only reports begins anew each time. */
const MOST_BATCHES = { repair: 100, report: 3 };
/** The longest pause after a batch whose deletions were refused, in milliseconds. */
const MOST_PAUSE_MS = 30_000;

/** Asks for one batch after another until nothing is left to do. */
export function reconcileBatches(request: ReconcileRequest): Route<ReconcileReport, Reconciled> {
  // A decision is carried out once: a later batch has nothing left to decide.
  const { resolve: _, ...later } = request;
  let refused = 0;
  return {
    contract: internalReconcile,
    bodyAfter: (soFar) => soFar ? later : request,
    add: (soFar, batch) => add(soFar, batch, request.repair),
    most: request.repair ? MOST_BATCHES.repair : MOST_BATCHES.report,
    plural: "batches",
    // A provider that refuses deletions is given time: finalize shares its rate limit.
    pauseAfter(batch) {
      refused = batch.purge_failed.length > 0 ? refused + 1 : 0;
      return refused > 0 ? Math.min(1_000 * 2 ** refused, MOST_PAUSE_MS) : 0;
    },
  };
}

/** What was done adds up; how things stand is what the last batch saw, without what was deleted since. */
function add(before: Reconciled | null, batch: ReconcileReport, repair: boolean): Reconciled {
  const purged = [...before?.purged ?? [], ...batch.purged];
  const isPurged = new Set(purged);
  const sum = (field: "completed" | "released" | "uploads_swept" | "details_erased" | "objects_erased") =>
    batch[field] + (repair ? before?.[field] ?? 0 : 0);
  return {
    ...batch,
    batches: (before?.batches ?? 0) + 1,
    provider_voices: batch.provider_voices - batch.purged.length,
    orphans: batch.orphans.filter((orphan) => !isPurged.has(orphan.provider_voice_id)),
    purged,
    purge_failed: batch.purge_failed.filter((id) => !isPurged.has(id)),
    resolve_failed: [...before?.resolve_failed ?? [], ...batch.resolve_failed],
    completed: sum("completed"),
    released: sum("released"),
    uploads_swept: sum("uploads_swept"),
    details_erased: sum("details_erased"),
    objects_erased: sum("objects_erased"),
  };
}
