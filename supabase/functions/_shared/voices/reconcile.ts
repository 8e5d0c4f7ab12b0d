import type { Clock } from "../clock.ts";
import type { ReconcileReport, ReconcileRequest } from "../contract/internal_reconcile.ts";
import { ApiError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Generations } from "../storage/generations.ts";
import type { References } from "../storage/references.ts";
import { carriesToken } from "../tts/token.ts";
import { ProviderError } from "../tts/provider_error.ts";
import type { ListedVoice, TtsProvider } from "../tts/provider.ts";
import { logSaved } from "./attempt.ts";
import type { CompleteAnswer, Enrollments } from "./enrollments.ts";
import { logRecovered, recoveredVoice } from "./recovery.ts";
import { providerFailure } from "./refusals.ts";
import type { ComparedEntry, ExpiredEntry, ReconcileLedger } from "./reconcile_ledger.ts";
import { createSweep } from "./sweep.ts";

/** How long a batch starts new work, in milliseconds. */
const BATCH_MS = 90_000;
/** When a batch starts no more calls, in milliseconds: one takes up to 15 s, and the platform gives up after 150 s. */
const END_MS = 120_000;
const EXPIRED_PAGE = 200;
const SORT_PAGE = 500;
const GONE_LIMIT = 100;
/** A younger row, in milliseconds, is not reported as gone: clocks differ, and a list may lag. */
const GONE_MARGIN_MS = 60_000;
/** The pause between deletions, in milliseconds: finalize shares the account's 180 requests a minute. */
const PURGE_PAUSE_MS = 500;
const FIRST_ID = "00000000-0000-0000-0000-000000000000";

export type ReconcileOptions = {
  ledger: ReconcileLedger;
  enrollments: Enrollments;
  references: References;
  generations: Pick<Generations, "remove">;
  provider: TtsProvider;
  clock: Clock;
  newAttemptId: () => string;
};

export type Reconcile = ReturnType<typeof createReconcile>;

/**
 * Compares the provider's list with rows and ledger, and settles what finalize left open. It may be killed and repeated
 * at any time, and concurrent runs are safe. It reads the provider before the database.
 */
export function createReconcile(options: ReconcileOptions) {
  const { ledger, enrollments, references, provider, clock } = options;
  const { region } = provider;
  const sweep = createSweep(options);

  /** Completes an enrollment whose voice is known; false if it cannot be completed. */
  const settle = async (
    entry: ExpiredEntry,
    found: ListedVoice | undefined,
    listedMs: number,
    signal: AbortSignal,
    log: Log,
  ): Promise<boolean> => {
    const attempt = {
      userId: entry.user_id,
      voiceId: entry.voice_id,
      attemptId: options.newAttemptId(),
      token: entry.token,
    };
    const objectKey = references.key(entry.user_id, entry.voice_id);
    if (entry.details === null) return false;
    const recovered = entry.state === "created" ? undefined : found?.voice;
    if (entry.state !== "created" && !recovered) return false;
    const saved = recovered ? await recoveredVoice(recovered, entry.details, null) : null;
    const events = log.with({ voice_id: entry.voice_id, attempt_id: attempt.attemptId });
    const startedAt = clock.now();
    let completed: CompleteAnswer;
    try {
      completed = await enrollments.complete(attempt, { details: entry.details, objectKey, saved }, signal);
    } catch (error) {
      // One refused enrollment does not stop the others.
      if (!(error instanceof ApiError) || error.code !== "internal") throw error;
      events.event("error", "clone.unfinished", { error });
      return false;
    }
    if (recovered) logRecovered(events, recovered, listedMs);
    logSaved(events, completed, saved, clock.now() - startedAt);
    return !["failed", "refused", "unknown"].includes(completed.outcome);
  };

  /**
   * The provider voice of an enrollment: the one that carries its token, or the one that the operator named, where ids
   * do not carry the token.
   */
  const find = async (
    entry: ExpiredEntry,
    listed: ListedVoice[],
    named: string | null | undefined,
    log: Log,
  ): Promise<ListedVoice | undefined> => {
    const own = listed.find(({ voice }) => carriesToken(voice.providerVoiceId, entry.token));
    if (own || !named) return own;
    const chosen = listed.find(({ voice }) => voice.providerVoiceId === named);
    if (!chosen) return undefined;
    const [sorted] = await ledger.sort(region, [named]);
    if (sorted?.kind !== "foreign") return undefined;
    log.event("warn", "clone.resolved", { voice_id: entry.voice_id, provider_voice_id: named });
    return chosen;
  };

  /**
   * One batch, which ends within 135 s. Its report says with `more` that work remains.
   * @throws {ApiError}
   */
  return async function reconcile(request: ReconcileRequest, log: Log): Promise<ReconcileReport> {
    const startedAt = clock.now();
    const late = () => clock.now() - startedAt > BATCH_MS;
    const over = () => clock.now() - startedAt >= END_MS;
    const signal = clock.timeout(END_MS);
    const { purge_older_than_days: purgeDays, resolve = [] } = request;
    const repair = request.repair || purgeDays !== undefined || resolve.length > 0;
    const decisions = new Map(resolve.map((decision) => [decision.voice_id.toLowerCase(), decision]));

    let listed: ListedVoice[];
    try {
      listed = await provider.listVoices(signal);
    } catch (error) {
      // The data of deleted users does not wait for the provider.
      if (repair) await sweep({ repair, late });
      throw error instanceof ProviderError ? providerFailure(error) : error;
    }
    const listedMs = clock.now() - startedAt;
    const report: ReconcileReport = {
      region,
      provider_voices: listed.length,
      ours: 0,
      orphans: [],
      foreign: [],
      gone: [],
      unresolved: [],
      resolve_failed: [],
      completed: 0,
      released: over() ? 0 : await ledger.release(repair),
      purged: [],
      purge_failed: [],
      uploads_swept: 0,
      details_erased: 0,
      objects_erased: 0,
      more: false,
    };

    const providerVoiceIds = listed.map(({ voice }) => voice.providerVoiceId);
    const compared = new Map<string, ComparedEntry>();
    const list = { providerVoiceIds, from: new Date(startedAt) };
    for (const entry of over() ? [] : await ledger.compare(region, list, repair)) {
      compared.set(entry.voice_id, entry);
      if (!entry.absent) continue;
      report.released++;
      if (repair) log.event("warn", "clone.proved_absent", { voice_id: entry.voice_id });
    }
    for (const { voice_id: voiceId, provider_voice_id: providerVoiceId } of decisions.values()) {
      if (providerVoiceId !== null) continue;
      if (over() || !await ledger.settleAbsent(voiceId)) report.resolve_failed.push(voiceId);
      else {
        report.released++;
        log.event("warn", "clone.resolved", { voice_id: voiceId, provider_voice_id: null });
      }
    }

    const namedFor = ({ voice_id: voiceId }: ExpiredEntry) =>
      compared.has(voiceId) ? decisions.get(voiceId)?.provider_voice_id : undefined;
    let after = { user_id: FIRST_ID, voice_id: FIRST_ID };
    while (!late()) {
      const page = await ledger.expired(after, EXPIRED_PAGE);
      for (const entry of page) {
        const found = entry.region === region ? await find(entry, listed, namedFor(entry), log) : undefined;
        const isKnown = entry.state === "created" || found !== undefined;
        if (repair && !late() && await settle(entry, found, listedMs, signal, log)) {
          report.completed++;
          decisions.delete(entry.voice_id);
          continue;
        }
        const candidates = compared.get(entry.voice_id)?.candidates;
        report.unresolved.push({
          voice_id: entry.voice_id,
          found: isKnown,
          ...(candidates !== undefined && { candidates }),
        });
      }
      const last = page.at(-1);
      if (!last || page.length < EXPIRED_PAGE) break;
      after = last;
    }

    for (const decision of decisions.values()) {
      if (decision.provider_voice_id !== null) report.resolve_failed.push(decision.voice_id);
    }

    for (let from = 0; from < listed.length && !over(); from += SORT_PAGE) {
      const page = listed.slice(from, from + SORT_PAGE);
      const sorted = await ledger.sort(region, providerVoiceIds.slice(from, from + SORT_PAGE));
      for (const [index, voice] of sorted.entries()) {
        if (voice.kind === "ours") report.ours++;
        else if (voice.kind === "foreign") report.foreign.push(voice.provider_voice_id);
        else {
          const { user_id: userId, voice_id: voiceId, provider_voice_id: providerVoiceId } = voice;
          if (repair && userId && voiceId) {
            if (late()) report.more = true;
            else if (
              !await ledger.recordOrphan(region, {
                providerVoiceId,
                userId,
                voiceId,
                createdAt: page[index]?.createdAt ?? new Date(clock.now()),
              })
            ) {
              report.ours++;
              continue;
            }
          }
          report.orphans.push({ provider_voice_id: providerVoiceId, voice_id: voiceId });
        }
      }
    }

    if (!over()) {
      const before = new Date(startedAt - GONE_MARGIN_MS);
      report.gone = await ledger.gone(region, providerVoiceIds, before, GONE_LIMIT);
    }
    if (purgeDays !== undefined) await purge(purgeDays, report, late, signal, log);
    if (!over()) Object.assign(report, await sweep({ repair, late }));
    report.more ||= late();
    const counts = Object.entries(report).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.length : value,
    ]);
    log.event("info", "reconcile.done", {
      ...Object.fromEntries(counts),
      duration_ms: clock.now() - startedAt,
    });
    return report;
  };

  async function purge(
    days: number,
    report: ReconcileReport,
    late: () => boolean,
    signal: AbortSignal,
    log: Log,
  ): Promise<void> {
    const tried: string[] = [];
    for (;;) {
      if (late()) {
        report.more = true;
        return;
      }
      const id = await ledger.purgeNext(region, Math.round(days * 86_400), tried);
      if (id === null) return;
      tried.push(id);
      try {
        await provider.deleteVoice(id, signal);
        await ledger.purgeDone(region, id);
        report.purged.push(id);
        log.event("warn", "voice.purged", { provider_voice_id: id });
      } catch (error) {
        // It is marked, so the next run starts with it. A throttling provider gets no more requests until then.
        log.event("warn", "voice.purge_failed", { provider_voice_id: id, error });
        report.purge_failed.push(id);
        if (error instanceof ApiError || (error instanceof ProviderError && error.category === "throttled")) {
          report.more = true;
          return;
        }
      }
      await clock.sleep(PURGE_PAUSE_MS, signal);
    }
  }
}
