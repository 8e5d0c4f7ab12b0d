import type {
  ClaimAnswer,
  CloneLimits,
  CompleteAnswer,
  Enrollments,
  SentCreates,
} from "../../../supabase/functions/_shared/voices/enrollments.ts";
import { carriesToken } from "../../../supabase/functions/_shared/tts/token.ts";
import type { VoiceDetails } from "../../../supabase/functions/_shared/tts/provider.ts";
import {
  type Entry,
  fingerprint,
  key,
  type LedgerState,
  newEntry,
  recordOrphan,
  type Row,
} from "./ledger_state.ts";

const CLAIM_LEASE_MS = 20_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

type Standing =
  | { outcome: "finalized"; voice: { id: string; name: string } }
  | { outcome: "conflict" }
  | { outcome: "deleted" };

function standing(row: Row, userId: string, details: VoiceDetails): Standing {
  if (row.userId !== userId || row.deleted) return { outcome: "deleted" };
  if (fingerprint(row.details) !== fingerprint(details)) return { outcome: "conflict" };
  return { outcome: "finalized", voice: { id: row.id, name: row.details.name } };
}

/** The ledger's five functions over tables in memory; the conformance tests hold it to the SQL. */
export function createFakeEnrollments(options: {
  state: LedgerState;
  now: () => number;
  limits: CloneLimits;
}): Enrollments {
  const { state, now, limits } = options;
  const later = <Answer>(answer: Answer) => Promise.resolve(answer);

  const secondsUntilAllowed = (
    attempt: { userId: string; attemptId: string },
    wanted: SentCreates,
    reserved: number,
  ): number => {
    const moment = now();
    let wait = 0;
    const spans = [
      { cap: limits.perHour, length: HOUR_MS, count: "possible" },
      { cap: limits.perDay, length: DAY_MS, count: "possible" },
      { cap: limits.attemptsPerHour, length: HOUR_MS, count: "creates" },
    ] as const;
    for (const { cap, length, count } of spans) {
      const others = [...state.sendings.values()].filter(({ userId, attemptId, sentAt }) =>
        userId === attempt.userId && attemptId !== attempt.attemptId && sentAt > moment - length
      ).sort((a, b) => a.sentAt - b.sentAt);
      const counted = others.reduce((sum, sending) => sum + sending[count], 0);
      if (counted + wanted[count] > cap) {
        let left = counted;
        const freeing = others.find((sending) => (left -= sending[count]) + wanted[count] <= cap);
        const freesIn = freeing ? freeing.sentAt + length - moment : length;
        wait = Math.max(wait, Math.ceil(freesIn / 1000), 1);
      } else if (counted + wanted[count] + reserved > cap) wait = Math.max(wait, 20);
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
    if (!state.users.has(userId)) return { outcome: "user_deleted" };
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
        unresolved_seconds: (moment - entry.unresolvedSince) / 1000,
      };
    }
    if (entry?.state === "rejected" && entry.fingerprint === wanted && entry.error) {
      return { outcome: "rejected", error: entry.error };
    }
    const reserved =
      [...state.entries.values()].filter((other) =>
        other.userId === userId && other.voiceId !== voiceId && other.state === "claimed" &&
        other.leaseExpiresAt > moment
      ).length;
    const wait = secondsUntilAllowed(attempt, { creates: 1, possible: 1 }, reserved);
    if (wait > 0) return { outcome: "limited", seconds: wait };
    const { region, details } = asked;
    const claimed = { userId, voiceId, token, attemptId, state: "claimed", region, details } as const;
    const leaseExpiresAt = moment + CLAIM_LEASE_MS;
    state.entries.set(id, newEntry({ ...claimed, leaseExpiresAt, fingerprint: wanted }));
    return { outcome: "claimed" };
  };

  const complete = (
    attempt: Parameters<Enrollments["complete"]>[0],
    done: Parameters<Enrollments["complete"]>[1],
  ): CompleteAnswer => {
    const { userId, voiceId, attemptId, token } = attempt;
    const id = key(userId, voiceId);
    const moment = now();
    const { details } = done;
    const asked = fingerprint(details);
    const qwen = done.saved?.provider === "qwen" ? done.saved.voice : null;
    const isModal = done.saved?.provider === "modal";
    let entry: Entry | undefined = state.entries.get(id);
    if (!done.saved && entry?.state !== "created" && entry?.state !== "finalized") {
      return { outcome: "unknown" };
    }
    if (qwen && !entry) {
      const { region } = qwen;
      const claimed = { userId, voiceId, token, attemptId, state: "claimed", region, details } as const;
      entry = newEntry({ ...claimed, leaseExpiresAt: moment, fingerprint: asked });
      state.entries.set(id, entry);
    }

    let region = qwen?.region ?? entry?.region ?? null;
    let providerVoiceId = qwen?.providerVoiceId ?? entry?.providerVoiceId ?? null;
    let targetModel = qwen?.targetModel ?? entry?.targetModel ?? null;
    let orphaned = false;
    const orphan = (region: string, providerVoiceId: string, reason: string) => {
      recordOrphan(state, { region, providerVoiceId, userId, voiceId, reason, seenAt: moment });
      orphaned = true;
    };
    if (qwen && !carriesToken(qwen.providerVoiceId, token)) state.idsWithoutToken.add(qwen.region);
    if (!isModal && region !== null && providerVoiceId !== null) {
      if (state.orphans.get(key(region, providerVoiceId))?.purgingAt) return { outcome: "refused" };
      if (entry?.state === "created" && entry.providerVoiceId !== providerVoiceId) {
        orphan(region, providerVoiceId, "superseded");
        ({ region, providerVoiceId, targetModel } = entry);
      }
      if (entry && entry.state !== "created" && entry.state !== "finalized") {
        Object.assign(entry, {
          state: "created",
          unresolvedSince: null,
          region,
          details,
          fingerprint: asked,
          providerVoiceId,
          targetModel,
        });
        state.orphans.delete(key(qwen?.region ?? "", qwen?.providerVoiceId ?? ""));
      }
    }

    let row = state.rows.get(voiceId);
    if (!row && entry?.state !== "finalized") {
      const saved = isModal ? details : entry?.details;
      if (state.refusedInserts.has(voiceId)) {
        if (entry && !isModal) entry.error = null;
        return { outcome: "failed", sqlstate: "23514", orphaned };
      }
      if (state.users.has(userId) && saved) {
        const provided = isModal
          ? { provider: "modal" as const, region: null, providerVoiceId: null, targetModel: null }
          : { provider: "qwen" as const, region, providerVoiceId, targetModel };
        row = { id: voiceId, userId, details: saved, ...provided, deleted: false, createdAt: moment };
        state.rows.set(voiceId, row);
      }
    }

    if (!isModal && region !== null && providerVoiceId !== null) {
      if (!row || row.userId !== userId || row.providerVoiceId !== providerVoiceId || row.region !== region) {
        orphan(region, providerVoiceId, row ? "superseded" : "user_deleted");
      } else state.orphans.delete(key(region, providerVoiceId));
      if (entry) {
        Object.assign(entry, { state: "finalized", unresolvedSince: null, details: null, error: null });
      }
    }
    if (!row) return { outcome: state.users.has(userId) ? "deleted" : "user_deleted", orphaned };
    return { ...standing(row, userId, details), orphaned };
  };

  const holds = (attempt: { userId: string; voiceId: string; attemptId: string }): Entry | undefined => {
    const entry = state.entries.get(key(attempt.userId, attempt.voiceId));
    const live = entry?.state === "claimed" || entry?.state === "sending";
    return live && entry.attemptId === attempt.attemptId ? entry : undefined;
  };

  return {
    claim: (attempt, asked) => later(claim(attempt, asked)),
    complete: (attempt, done) => later(complete(attempt, done)),
    sending(attempt, create) {
      const entry = holds(attempt);
      if (!entry || state.rows.has(attempt.voiceId)) return later({ outcome: "superseded" });
      if (
        (entry.unresolvedSince !== null || create.sent.possible > 1) &&
        state.idsWithoutToken.has(create.region)
      ) {
        return later({ outcome: "undecided" });
      }
      const wait = secondsUntilAllowed(attempt, create.sent, 0);
      if (wait > 0) return later({ outcome: "limited", seconds: wait });
      Object.assign(entry, {
        state: "sending",
        sendingSince: entry.unresolvedSince === null ? now() : entry.sendingSince,
        leaseExpiresAt: now() + Math.ceil(create.leaseSeconds) * 1000,
        region: create.region,
        details: create.details,
        fingerprint: fingerprint(create.details),
        error: null,
      });
      const { attemptId, userId } = attempt;
      state.sendings.set(attemptId, { attemptId, userId, sentAt: now(), ...create.sent });
      for (const [id, sending] of state.sendings) {
        if (sending.userId === userId && sending.sentAt < now() - DAY_MS) state.sendings.delete(id);
      }
      return later({ outcome: "sending" });
    },
    release(attempt, sent, rejected = null) {
      const entry = holds(attempt);
      if (!entry) return later("superseded");
      const sending = state.sendings.get(attempt.attemptId);
      if (sent.creates === 0) state.sendings.delete(attempt.attemptId);
      else if (sending) Object.assign(sending, sent);
      if (!rejected && entry.unresolvedSince === null) {
        state.entries.delete(key(attempt.userId, attempt.voiceId));
      } else {
        entry.state = rejected ? "rejected" : "claimed";
        if (entry.unresolvedSince === null) entry.details = null;
        entry.error = rejected ?? entry.error;
        entry.leaseExpiresAt = now();
      }
      return later("released");
    },
    unresolved(attempt, _error, endsLease) {
      const entry = state.entries.get(key(attempt.userId, attempt.voiceId));
      if (!entry || !["claimed", "sending", "rejected"].includes(entry.state)) {
        return later("settled");
      }
      entry.unresolvedSince ??= now();
      if (endsLease && entry.attemptId === attempt.attemptId) entry.leaseExpiresAt = now();
      if (entry.attemptId === attempt.attemptId && entry.state !== "rejected") entry.error = null;
      return later("unresolved");
    },
  };
}
