import type { ClaimAnswer, CompleteAnswer, Enrollments } from "../../_shared/voices/enrollments.ts";
import type { VoiceDetails } from "../../_shared/tts/provider.ts";
import { type Entry, fingerprint, key, type LedgerState, type Row } from "./ledger_state.ts";

const CLAIM_LEASE_MS = 20_000;
const SPANS_MS = { perHour: 3_600_000, perDay: 86_400_000 };

type Standing =
  | { outcome: "finalized"; voice: { id: string; name: string } }
  | { outcome: "conflict" }
  | { outcome: "deleted" };

function standing(row: Row, userId: string, details: VoiceDetails): Standing {
  if (row.userId !== userId || row.deleted) return { outcome: "deleted" };
  if (fingerprint(row.details) !== fingerprint(details)) return { outcome: "conflict" };
  return { outcome: "finalized", voice: { id: row.id, name: row.details.name } };
}

function recordOrphan(
  state: LedgerState,
  region: string,
  providerVoiceId: string,
  owner: { userId: string; voiceId: string },
  reason: string,
  now: number,
): void {
  const id = key(region, providerVoiceId);
  if (state.orphans.has(id)) return;
  state.orphans.set(id, {
    region,
    providerVoiceId,
    ...owner,
    reason,
    seenAt: now,
    purgingAt: null,
    purgedAt: null,
  });
}

/** The ledger's five functions over tables in memory; the conformance tests hold it to the SQL. */
export function createFakeEnrollments(options: {
  state: LedgerState;
  now: () => number;
  limits: { perHour: number; perDay: number };
}): Enrollments {
  const { state, now, limits } = options;

  const secondsUntilAllowed = (userId: string, voiceId: string): number => {
    const moment = now();
    const reserved =
      [...state.entries.values()].filter((entry) =>
        entry.userId === userId && entry.voiceId !== voiceId && entry.state === "claimed" &&
        entry.leaseExpiresAt > moment
      ).length;
    let wait = 0;
    for (const span of ["perHour", "perDay"] as const) {
      const cap = limits[span];
      const length = SPANS_MS[span];
      const sent = [...state.sendings.values()]
        .filter((sending) => sending.userId === userId && sending.sentAt > moment - length)
        .map((sending) => sending.sentAt).sort((a, b) => a - b);
      if (sent.length >= cap) {
        const frees = (sent[sent.length - cap] ?? moment) + length;
        wait = Math.max(wait, Math.ceil((frees - moment) / 1000), 1);
      } else if (sent.length + reserved >= cap) wait = Math.max(wait, 20);
    }
    return wait;
  };

  const claim = (
    attempt: Parameters<Enrollments["claim"]>[0],
    asked: Parameters<Enrollments["claim"]>[1],
  ): ClaimAnswer => {
    const { userId, voiceId, attemptId, token } = attempt;
    const id = key(userId, voiceId);
    const moment = now();
    const wanted = fingerprint(asked.details);
    if (!state.users.has(userId)) return { outcome: "deleted" };
    const row = state.rows.get(voiceId);
    if (row) return standing(row, userId, asked.details);
    const entry = state.entries.get(id);
    if (entry?.state === "finalized") return { outcome: "deleted" };
    if (entry?.state === "created") return { outcome: "created", same_details: entry.fingerprint === wanted };
    if (
      entry && (entry.state === "claimed" || entry.state === "sending") && entry.leaseExpiresAt > moment &&
      !(entry.state === "claimed" && entry.attemptId === attemptId)
    ) {
      if (entry.fingerprint !== wanted && entry.unresolvedSince === null) return { outcome: "conflict" };
      return {
        outcome: "in_progress",
        seconds: Math.max(1, Math.ceil((entry.leaseExpiresAt - moment) / 1000)),
      };
    }
    if (asked.provider === "modal") return { outcome: "claimed" };
    if (entry && (entry.state === "sending" || entry.unresolvedSince !== null)) {
      if (entry.details === null) entry.fingerprint = wanted;
      entry.attemptId = attemptId;
      entry.state = "claimed";
      entry.leaseExpiresAt = moment + CLAIM_LEASE_MS;
      entry.unresolvedSince ??= moment;
      entry.details ??= asked.details;
      return {
        outcome: "recover",
        region: entry.region,
        details: entry.details,
        same_details: entry.fingerprint === wanted,
      };
    }
    if (entry?.state === "rejected" && entry.fingerprint === wanted && entry.error) {
      return { outcome: "rejected", error: entry.error };
    }
    const wait = secondsUntilAllowed(userId, voiceId);
    if (wait > 0) return { outcome: "limited", seconds: wait };
    state.entries.set(id, {
      userId,
      voiceId,
      token,
      attemptId,
      state: "claimed",
      leaseExpiresAt: moment + CLAIM_LEASE_MS,
      unresolvedSince: null,
      region: asked.region,
      details: asked.details,
      fingerprint: wanted,
      providerVoiceId: null,
      targetModel: null,
      error: null,
    });
    return { outcome: "claimed" };
  };

  const complete = (
    attempt: Parameters<Enrollments["complete"]>[0],
    done: Parameters<Enrollments["complete"]>[1],
  ): CompleteAnswer => {
    const { userId, voiceId, attemptId, token } = attempt;
    const id = key(userId, voiceId);
    const moment = now();
    const qwen = done.saved?.provider === "qwen" ? done.saved.voice : null;
    const isModal = done.saved?.provider === "modal";
    let entry: Entry | undefined = state.entries.get(id);
    if (!done.saved && entry?.state !== "created" && entry?.state !== "finalized") {
      return { outcome: "unknown" };
    }
    if (qwen && !entry) {
      entry = {
        userId,
        voiceId,
        token,
        attemptId,
        state: "claimed",
        leaseExpiresAt: moment,
        unresolvedSince: null,
        region: qwen.region,
        details: done.details,
        fingerprint: fingerprint(done.details),
        providerVoiceId: null,
        targetModel: null,
        error: null,
      };
      state.entries.set(id, entry);
    }

    let region = qwen?.region ?? entry?.region ?? null;
    let providerVoiceId = qwen?.providerVoiceId ?? entry?.providerVoiceId ?? null;
    let targetModel = qwen?.targetModel ?? entry?.targetModel ?? null;
    let orphaned = false;
    if (!isModal && region !== null && providerVoiceId !== null) {
      if (state.orphans.get(key(region, providerVoiceId))?.purgingAt) return { outcome: "refused" };
      if (entry?.state === "created" && entry.providerVoiceId !== providerVoiceId) {
        recordOrphan(state, region, providerVoiceId, { userId, voiceId }, "superseded", moment);
        orphaned = true;
        ({ region, providerVoiceId, targetModel } = entry);
      }
      if (entry && entry.state !== "created" && entry.state !== "finalized") {
        Object.assign(entry, {
          state: "created",
          unresolvedSince: null,
          region,
          details: done.details,
          fingerprint: fingerprint(done.details),
          providerVoiceId,
          targetModel,
        });
        state.orphans.delete(key(qwen?.region ?? "", qwen?.providerVoiceId ?? ""));
      }
    }

    let row = state.rows.get(voiceId);
    if (!row && entry?.state !== "finalized") {
      const details = isModal ? done.details : entry?.details;
      if (state.refusedInserts.has(voiceId)) {
        if (entry && !isModal) entry.error = null;
        return { outcome: "failed", sqlstate: "23514", orphaned };
      }
      if (state.users.has(userId) && details) {
        row = {
          id: voiceId,
          userId,
          details,
          provider: isModal ? "modal" : "qwen",
          region: isModal ? null : region,
          providerVoiceId: isModal ? null : providerVoiceId,
          targetModel: isModal ? null : targetModel,
          deleted: false,
          createdAt: moment,
        };
        state.rows.set(voiceId, row);
      }
    }

    if (!isModal && region !== null && providerVoiceId !== null) {
      if (!row || row.userId !== userId || row.providerVoiceId !== providerVoiceId || row.region !== region) {
        recordOrphan(
          state,
          region,
          providerVoiceId,
          { userId, voiceId },
          row ? "superseded" : "user_deleted",
          moment,
        );
        orphaned = true;
      } else state.orphans.delete(key(region, providerVoiceId));
      if (entry) {
        Object.assign(entry, { state: "finalized", unresolvedSince: null, details: null, error: null });
      }
    }
    if (!row) return { outcome: "deleted", orphaned };
    return { ...standing(row, userId, done.details), orphaned };
  };

  const holds = (attempt: { userId: string; voiceId: string; attemptId: string }): Entry | undefined => {
    const entry = state.entries.get(key(attempt.userId, attempt.voiceId));
    const live = entry?.state === "claimed" || entry?.state === "sending";
    return live && entry.attemptId === attempt.attemptId ? entry : undefined;
  };

  return {
    claim: (attempt, asked) => Promise.resolve(claim(attempt, asked)),
    complete: (attempt, done) => Promise.resolve(complete(attempt, done)),
    sending(attempt, create) {
      const entry = holds(attempt);
      if (!entry || state.rows.has(attempt.voiceId)) return Promise.resolve("superseded");
      Object.assign(entry, {
        state: "sending",
        leaseExpiresAt: now() + Math.ceil(create.leaseSeconds) * 1000,
        region: create.region,
        details: create.details,
        fingerprint: fingerprint(create.details),
        error: null,
      });
      const { attemptId, userId } = attempt;
      state.sendings.set(attemptId, { attemptId, userId, sentAt: now() });
      for (const [id, sending] of state.sendings) {
        if (sending.userId === userId && sending.sentAt < now() - SPANS_MS.perDay) state.sendings.delete(id);
      }
      return Promise.resolve("sending");
    },
    release(attempt, rejected = null) {
      const entry = holds(attempt);
      if (!entry) return Promise.resolve("superseded");
      state.sendings.delete(attempt.attemptId);
      if (!rejected && entry.unresolvedSince === null) {
        state.entries.delete(key(attempt.userId, attempt.voiceId));
      } else {
        entry.state = rejected ? "rejected" : "claimed";
        if (entry.unresolvedSince === null) entry.details = null;
        entry.error = rejected ?? entry.error;
        entry.leaseExpiresAt = now();
      }
      return Promise.resolve("released");
    },
    unresolved(attempt, _error, endsLease) {
      const entry = state.entries.get(key(attempt.userId, attempt.voiceId));
      if (!entry || !["claimed", "sending", "rejected"].includes(entry.state)) {
        return Promise.resolve("settled");
      }
      entry.unresolvedSince ??= now();
      if (endsLease && entry.attemptId === attempt.attemptId) entry.leaseExpiresAt = now();
      if (entry.attemptId === attempt.attemptId && entry.state !== "rejected") entry.error = null;
      return Promise.resolve("unresolved");
    },
  };
}
