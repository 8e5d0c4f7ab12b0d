import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import { key } from "./ledger_state.ts";
import type { Mutation } from "./world.ts";

/**
 * Each rule of docs/enrollment.md broken once on purpose. The simulation has to find every one of them: that is the
 * proof of the proof.
 */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "no look-up": {
    provider: () => ({ findVoice: () => Promise.resolve(null) }),
  },
  "look for ids of the documented shape only": {
    provider: (real) => ({
      async findVoice(token, signal) {
        const found = await real.findVoice(token, signal);
        return found && /-voice-\d{17}-\w+$/.test(found.providerVoiceId) ? found : null;
      },
    }),
  },
  "create over what no look-up settles": {
    idShape: "without the token",
    enrollments: (real) => ({
      async sending(attempt, create, signal) {
        const answer = await real.sending(attempt, create, signal);
        return answer.outcome === "undecided" ? { outcome: "sending" } : answer;
      },
    }),
  },
  "no lease": {
    enrollments: (real) => ({
      sending: (attempt, create, signal) => real.sending(attempt, { ...create, leaseSeconds: 0 }, signal),
    }),
  },
  "no fence": {
    enrollments: (real) => ({
      sending: async (attempt, create, signal) => {
        await real.sending(attempt, create, signal);
        return { outcome: "sending" };
      },
    }),
  },
  "forget an unknown outcome": {
    enrollments: (_real, { ledger }) => ({
      async unresolved(attempt) {
        ledger.entries.delete(key(attempt.userId, attempt.voiceId));
        return await Promise.resolve("unresolved");
      },
    }),
  },
  "retry blindly": {
    provider: (real) => ({
      async prepareClone(request) {
        const prepared = await real.prepareClone(request);
        return {
          cloneVoice: (timeoutMs) =>
            prepared.cloneVoice(timeoutMs).catch((error) => {
              if (error instanceof ProviderError && error.category === "no_answer") {
                return prepared.cloneVoice(timeoutMs);
              }
              throw error;
            }),
        };
      },
    }),
  },
  "orphan the winner": {
    enrollments: (real, { ledger }) => ({
      async complete(attempt, done, signal) {
        const before = ledger.rows.get(attempt.voiceId);
        const answer = await real.complete(attempt, done, signal);
        const ours = done.saved?.provider === "qwen" ? done.saved.voice.providerVoiceId : null;
        if (before?.providerVoiceId && ours && before.providerVoiceId !== ours) {
          const orphan = ledger.orphans.get(key(before.region ?? "", ours));
          if (orphan) {
            ledger.orphans.delete(key(orphan.region, ours));
            ledger.orphans.set(key(orphan.region, before.providerVoiceId), {
              ...orphan,
              providerVoiceId: before.providerVoiceId,
            });
          }
        }
        return answer;
      },
    }),
  },
  "purge before checking": {
    ledger: (real, { ledger, provider }) => ({
      async purgeNext(region, olderThanSeconds, skip) {
        await real.purgeNext(region, olderThanSeconds, skip);
        const rows = [...ledger.rows.values()];
        const candidate = [...provider.voices].find(([voice]) =>
          !skip.includes(voice) && !rows.some((row) => row.providerVoiceId === voice)
        );
        return candidate?.[0] ?? null;
      },
    }),
  },
  "send without looking at the clock": {
    clock(real) {
      const startedAt = real.now();
      return { ...real, now: () => startedAt };
    },
  },
  "a release clears an earlier unknown outcome": {
    enrollments: (real, { ledger }) => ({
      async release(attempt, sent, rejected) {
        const id = key(attempt.userId, attempt.voiceId);
        const outcome = await real.release(attempt, sent, rejected);
        if (outcome === "released" && !rejected) ledger.entries.delete(id);
        return outcome;
      },
    }),
  },
  "sweep an upload without marking it": {
    ledger: (real) => ({
      unclaimedUploads: (olderThanSeconds, limit) => real.unclaimedUploads(olderThanSeconds, limit, false),
    }),
  },
};
