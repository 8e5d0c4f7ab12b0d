import type { ReconcileLedger } from "../../../supabase/functions/_shared/voices/reconcile_ledger.ts";
import { carriesToken } from "../../../supabase/functions/_shared/tts/token.ts";
import {
  type Entry,
  fingerprint,
  key,
  type LedgerState,
  newEntry,
  recordOrphan,
  referenceKey,
} from "./ledger_state.ts";

const SWEPT = "swept";
/** What stands in the place of a user's details once they are erased. */
const ERASED = { name: "deleted", language: "Auto", transcript: "deleted", description: null } as const;

/** The enrollment that a reference belongs to. */
const enrollmentOf = (name: string) => name.replace(/\/reference\.wav$/, "");

const isOpen = (entry: Entry | undefined): boolean =>
  entry !== undefined &&
  (entry.state === "claimed" || entry.state === "sending" || entry.state === "created" ||
    (entry.unresolvedSince !== null && entry.state !== "finalized"));

/** A list proves something about creates whose outcome had been unknown for this long. */
const COMPARED_AFTER_MS = 600_000;

const isUndecided = (entry: Entry, moment: number): boolean =>
  entry.leaseExpiresAt <= moment &&
  (entry.state === "sending" ||
    (entry.unresolvedSince !== null && (entry.state === "claimed" || entry.state === "rejected")));

function settleAbsent(state: LedgerState, entry: Entry, at: number): void {
  state.provedAbsent.push({ token: entry.token, at });
  if (entry.state === "rejected") Object.assign(entry, { unresolvedSince: null, details: null });
  else state.entries.delete(key(entry.userId, entry.voiceId));
}

/** What reconcile asks of the ledger, over the same tables in memory. */
export function createFakeReconcileLedger(options: {
  state: LedgerState;
  now: () => number;
  /** Keys of old uploads, as Storage knows them. */
  uploadsOlderThan: (seconds: number) => string[];
}): ReconcileLedger {
  const { state, now } = options;
  const entriesWhere = (holds: (entry: Entry) => boolean) => [...state.entries.values()].filter(holds);
  const inOrder = (a: Entry, b: Entry) => key(a.userId, a.voiceId) < key(b.userId, b.voiceId) ? -1 : 1;
  const isReferenced = (name: string) =>
    [...state.rows.values()].some((row) => referenceKey(row.userId, row.id) === name);
  const rowOf = (region: string, providerVoiceId: string) =>
    [...state.rows.values()].find((row) => row.region === region && row.providerVoiceId === providerVoiceId);

  return {
    release(repair) {
      let released = 0;
      for (const [id, entry] of state.entries) {
        if (entry.leaseExpiresAt > now()) continue;
        if (entry.state === "claimed" && entry.unresolvedSince === null) {
          released++;
          if (repair) state.entries.delete(id);
        } else if (repair && entry.state === "sending") entry.unresolvedSince ??= entry.leaseExpiresAt;
      }
      return Promise.resolve(released);
    },

    expired(after, limit) {
      const page = entriesWhere((entry) =>
        entry.leaseExpiresAt <= now() &&
        (entry.state === "created" || entry.state === "sending" ||
          (entry.unresolvedSince !== null && entry.state !== "finalized")) &&
        key(entry.userId, entry.voiceId) > key(after.user_id, after.voice_id)
      ).sort(inOrder).slice(0, limit);
      return Promise.resolve(
        page.flatMap(({ userId: user_id, voiceId: voice_id, token, state, region, details }) =>
          state === "finalized" ? [] : [{ user_id, voice_id, token, state, region, details }]
        ),
      );
    },

    sort(region, providerVoiceIds) {
      return Promise.resolve(providerVoiceIds.map((provider_voice_id) => {
        const row = rowOf(region, provider_voice_id);
        const orphan = state.orphans.get(key(region, provider_voice_id));
        const entry = entriesWhere(({ token }) => carriesToken(provider_voice_id, token))[0] ??
          entriesWhere((one) => one.region === region && one.providerVoiceId === provider_voice_id)[0];
        const isOurs = row || (!orphan && isOpen(entry));
        const kind = isOurs ? "ours" : orphan || entry ? "orphan" : "foreign";
        return {
          provider_voice_id,
          kind,
          user_id: row?.userId ?? orphan?.userId ?? entry?.userId ?? null,
          voice_id: row?.id ?? orphan?.voiceId ?? entry?.voiceId ?? null,
        } as const;
      }));
    },

    compare(region, { providerVoiceIds, from }, repair) {
      if (!state.idsWithoutToken.has(region)) return Promise.resolve([]);
      const isNew = (id: string, before: number) =>
        !((state.listedVoices.get(key(region, id)) ?? Infinity) <= before) && !rowOf(region, id) &&
        !state.orphans.has(key(region, id)) &&
        entriesWhere((other) => other.region === region && other.providerVoiceId === id).length === 0;
      const answers = entriesWhere((entry) => entry.region === region && isUndecided(entry, now()))
        .sort(inOrder)
        .map((entry) => {
          const sentAt = entry.sendingSince ?? -Infinity;
          const before = Math.max(
            ...state.voiceLists.filter((list) => list.region === region && list.listedAt < sentAt)
              .map((list) => list.listedAt),
          );
          const candidates = before === -Infinity
            ? null
            : providerVoiceIds.filter((id) => isNew(id, before)).sort();
          const unknownAt = entry.unresolvedSince ?? entry.leaseExpiresAt;
          const absent = candidates?.length === 0 && unknownAt + COMPARED_AFTER_MS < from.getTime();
          if (absent && repair) settleAbsent(state, entry, now());
          return { voice_id: entry.voiceId, candidates, absent };
        });
      if (repair) {
        state.voiceLists.push({ region, listedAt: now() });
        for (const id of providerVoiceIds) {
          if (!state.listedVoices.has(key(region, id))) state.listedVoices.set(key(region, id), now());
        }
        for (const id of state.listedVoices.keys()) {
          if (id.startsWith(`${region}/`) && !providerVoiceIds.some((listed) => key(region, listed) === id)) {
            state.listedVoices.delete(id);
          }
        }
      }
      return Promise.resolve(answers);
    },

    settleAbsent(voiceId) {
      const entries = entriesWhere((entry) => entry.voiceId === voiceId && isUndecided(entry, now()));
      for (const entry of entries) settleAbsent(state, entry, now());
      return Promise.resolve(entries.length > 0);
    },

    recordOrphan(region, { providerVoiceId, userId, voiceId, createdAt }) {
      if (isOpen(state.entries.get(key(userId, voiceId))) || rowOf(region, providerVoiceId)) {
        return Promise.resolve(false);
      }
      const seenAt = Math.min(createdAt.getTime(), now());
      recordOrphan(state, { region, providerVoiceId, userId, voiceId, reason: "listed", seenAt });
      return Promise.resolve(true);
    },

    gone(region, listed, before, limit) {
      const known = new Set(listed);
      return Promise.resolve(
        [...state.rows.values()]
          .filter((row) => row.provider === "qwen" && row.region === region && !row.deleted)
          .filter((row) => row.createdAt < before.getTime() && !known.has(row.providerVoiceId ?? ""))
          .slice(0, limit)
          .map((row) => ({ voice_id: row.id, provider_voice_id: row.providerVoiceId ?? "" })),
      );
    },

    purgeNext(region, olderThanSeconds, skip) {
      const candidates = [...state.orphans.values()].filter((orphan) =>
        orphan.region === region && orphan.purgedAt === null && !skip.includes(orphan.providerVoiceId) &&
        (orphan.purgingAt !== null || orphan.seenAt <= now() - olderThanSeconds * 1000)
      ).sort((a, b) =>
        (a.purgingAt ?? Infinity) - (b.purgingAt ?? Infinity) || a.seenAt - b.seenAt ||
        (a.providerVoiceId < b.providerVoiceId ? -1 : 1)
      );
      for (const orphan of candidates) {
        const isCreated = entriesWhere((entry) =>
          entry.state === "created" && entry.region === region &&
          entry.providerVoiceId === orphan.providerVoiceId
        ).length > 0;
        if (rowOf(region, orphan.providerVoiceId) || isCreated) {
          if (orphan.purgingAt === null) state.orphans.delete(key(region, orphan.providerVoiceId));
          continue;
        }
        orphan.purgingAt ??= now();
        return Promise.resolve(orphan.providerVoiceId);
      }
      return Promise.resolve(null);
    },

    purgeDone(region, providerVoiceId) {
      const orphan = state.orphans.get(key(region, providerVoiceId));
      if (orphan && orphan.purgingAt !== null) orphan.purgedAt ??= now();
      return Promise.resolve();
    },

    unclaimedUploads(olderThanSeconds, limit, repair) {
      const swept = options.uploadsOlderThan(olderThanSeconds).filter((name) =>
        !isReferenced(name) && (state.entries.get(enrollmentOf(name))?.region ?? SWEPT) === SWEPT
      ).slice(0, limit);
      for (const name of repair ? swept : []) {
        const [userId = "", voiceId = ""] = name.split("/");
        const over = {
          attemptId: "",
          token: "",
          state: "finalized",
          region: SWEPT,
          fingerprint: "",
        } as const;
        state.entries.set(
          enrollmentOf(name),
          newEntry({ userId, voiceId, ...over, leaseExpiresAt: now() }),
        );
      }
      return Promise.resolve(swept);
    },

    eraseDetails(repair) {
      const doomed = entriesWhere((entry) =>
        entry.fingerprint !== fingerprint(ERASED) &&
        (["finalized", "rejected"].includes(entry.state) || entry.leaseExpiresAt <= now()) &&
        entry.region !== SWEPT && !state.users.has(entry.userId)
      );
      for (const entry of repair ? doomed : []) {
        entry.details &&= ERASED;
        entry.fingerprint = fingerprint(ERASED);
      }
      if (repair) {
        for (const [id, { userId }] of state.sendings) {
          if (!state.users.has(userId)) state.sendings.delete(id);
        }
      }
      return Promise.resolve(doomed.length);
    },

    forgottenObjects(_olderThanSeconds, limit) {
      const forgotten = options.uploadsOlderThan(0)
        .filter((name) => !state.users.has(name.split("/")[0] ?? "") && !isReferenced(name));
      return Promise.resolve(
        forgotten.slice(0, limit).map((name) => ({ bucket_id: "references" as const, name })),
      );
    },
  };
}
