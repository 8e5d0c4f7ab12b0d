import { z } from "zod";
import { type ReconcileReport, reconcileReport } from "../../supabase/functions/_shared/contract.ts";
import type { ReconcileRequest } from "./options.ts";

/** How things stand after the last batch, and what all of them did. */
export type Reconciled = ReconcileReport & { batches: number };

/** The longest the platform lets a function take, in milliseconds. */
const TIMEOUT_MS = 150_000;
/** Batches that repair get on with every one; one that only reports begins anew each time. */
const MOST_BATCHES = { repair: 100, report: 3 };
/** The longest pause after a batch whose deletions were refused, in milliseconds. */
const MOST_PAUSE_MS = 30_000;
const MOST_FAILURES_IN_A_ROW = 3;
/** Between batches that failed, in milliseconds, when the answer does not say. */
const PAUSE_MS = 2_000;

const errorBody = z.object({ detail: z.string(), code: z.string(), request_id: z.string() });

/** Why a batch failed, in a sentence for a person; holds no key. */
class BatchFailure extends Error {
  override readonly name = "BatchFailure";
  constructor(message: string, readonly retryAfterMs: number | null) {
    super(message);
  }
}

export type ReconcileAll = {
  /** Base URL of the API, without a slash at its end. */
  api: string;
  /** The project's secret key. */
  key: string;
  request: ReconcileRequest;
  /** Called after each batch with how things stand, or with the reason why it failed. */
  onBatch?: (soFar: Reconciled | null, failure: string | null) => void;
  fetch?: typeof fetch;
  sleep?: (ms: number) => Promise<void>;
};

/**
 * Asks for one batch after another until nothing is left to do. One that failed for a reason that passes is asked for
 * again.
 * @throws {Error} with a sentence, when a batch failed for good or there was no end
 */
export async function reconcileAll(options: ReconcileAll): Promise<Reconciled> {
  const { request, onBatch = () => {} } = options;
  const sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  const most = request.repair ? MOST_BATCHES.repair : MOST_BATCHES.report;
  let soFar: Reconciled | null = null;
  let refused = 0;
  for (let failures = 0; (soFar?.batches ?? 0) < most;) {
    try {
      const batch = await oneBatch(options);
      soFar = add(soFar, batch, request.repair);
      failures = 0;
      onBatch(soFar, null);
      if (!soFar.more) return soFar;
      // A provider that refuses deletions is given time: its requests are finalize's as well.
      refused = batch.purge_failed.length > 0 ? refused + 1 : 0;
      if (refused > 0) await sleep(Math.min(1_000 * 2 ** refused, MOST_PAUSE_MS));
    } catch (error) {
      if (!(error instanceof BatchFailure) || error.retryAfterMs === null) throw error;
      if (++failures > MOST_FAILURES_IN_A_ROW) throw error;
      onBatch(soFar, error.message);
      await sleep(error.retryAfterMs);
    }
  }
  throw new Error(
    `There is still more to do after ${most} batches. Run it again, and see the function's log.`,
  );
}

async function oneBatch(options: ReconcileAll): Promise<ReconcileReport> {
  const { api, key, request, fetch: send = fetch } = options;
  let response: Response;
  let text: string;
  try {
    response = await send(`${api}/internal/reconcile`, {
      method: "POST",
      headers: { apikey: key, "content-type": "application/json" },
      body: JSON.stringify(request),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch {
    throw new BatchFailure(`No answer from ${new URL(api).origin}.`, PAUSE_MS);
  }
  if (response.status !== 202) throw failureOf(response, text);
  const report = reconcileReport.safeParse(parseJson(text));
  if (!report.success) {
    throw new BatchFailure("The answer is no report: is the function of this version?", null);
  }
  return report.data;
}

function failureOf(response: Response, text: string): BatchFailure {
  const told = errorBody.safeParse(parseJson(text)).data;
  const retryAfter = Number(response.headers.get("retry-after") ?? NaN);
  if (response.status === 404) {
    return new BatchFailure(
      "404: nothing there for this key. Is it the project's secret key, and the URL that of the API?",
      null,
    );
  }
  const sentence = told
    ? `${told.detail} (code ${told.code}, request id ${told.request_id})`
    : "no reason given.";
  // The platform's own answers for a worker that died carry neither our envelope nor Retry-After.
  const again = retryAfter >= 0 ? retryAfter * 1000 : response.status >= 500 && !told ? PAUSE_MS : null;
  return new BatchFailure(`${response.status}: ${sentence}`, again);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What was done adds up; how things stand is what the last batch saw, without what was deleted since. */
function add(before: Reconciled | null, batch: ReconcileReport, repair: boolean): Reconciled {
  const purged = [...before?.purged ?? [], ...batch.purged];
  const isPurged = new Set(purged);
  const sum = (field: "completed" | "released" | "uploads_swept") =>
    batch[field] + (repair ? before?.[field] ?? 0 : 0);
  return {
    ...batch,
    batches: (before?.batches ?? 0) + 1,
    provider_voices: batch.provider_voices - batch.purged.length,
    orphans: batch.orphans.filter((orphan) => !isPurged.has(orphan.provider_voice_id)),
    purged,
    purge_failed: batch.purge_failed.filter((id) => !isPurged.has(id)),
    completed: sum("completed"),
    released: sum("released"),
    uploads_swept: sum("uploads_swept"),
  };
}
