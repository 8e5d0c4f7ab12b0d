import { z } from "zod";
import { jsonValue, outcomeOf, parseAs } from "../database_answers.ts";
import type { Json } from "../database.types.ts";
import type { Supabase } from "../supabase.ts";
import type { SavedVoice, TtsProviderName, VoiceDetails } from "../tts/provider.ts";
import { LANGUAGES } from "../tts/languages.ts";

/** One attempt at finalizing a voice. The caller creates `attemptId`, so a call whose response was lost can be repeated. */
export type Attempt = { userId: string; voiceId: string; attemptId: string; token: string };

/** What a user asked for, as the ledger keeps it. */
export const voiceDetails = z.object({
  name: z.string(),
  language: z.enum(LANGUAGES),
  transcript: z.string(),
  description: z.string().nullable(),
});

/** A provider's refusal: enough to answer it again without another request. */
const rejection = z.object({
  category: z.literal("rejected"),
  provider_code: z.string().nullable(),
  request_id: z.string().nullable(),
  refusal: z.string(),
});

const refused = z.object({ outcome: z.enum(["conflict", "deleted", "user_deleted"]) });
const limited = z.object({ outcome: z.literal("limited"), seconds: z.number() });
const finalized = z.object({
  outcome: z.literal("finalized"),
  voice: z.object({ id: z.guid(), name: z.string() }),
});

const claimAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("claimed") }),
  z.object({
    outcome: z.literal("recover"),
    region: z.string(),
    details: voiceDetails,
    same_details: z.boolean(),
    unresolved_seconds: z.number(),
  }),
  z.object({ outcome: z.literal("created"), same_details: z.boolean() }),
  z.object({ outcome: z.literal("rejected"), error: rejection }),
  z.object({ outcome: z.literal("in_progress"), seconds: z.number() }),
  limited,
  finalized,
  refused,
]);

const orphaned = { orphaned: z.boolean().default(false) };

const completeAnswer = z.discriminatedUnion("outcome", [
  finalized.extend(orphaned),
  refused.extend(orphaned),
  z.object({ outcome: z.enum(["refused", "unknown"]) }),
  z.object({ outcome: z.literal("failed"), sqlstate: z.string(), ...orphaned }),
]);

const sendingAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.enum(["sending", "superseded", "undecided"]) }),
  limited,
]);
const releaseAnswer = outcomeOf(["released", "superseded"]);
const unresolvedAnswer = outcomeOf(["unresolved", "settled"]);

export type ClaimAnswer = z.output<typeof claimAnswer>;
export type CompleteAnswer = z.output<typeof completeAnswer>;
export type Rejection = z.output<typeof rejection>;

/** The creates of one attempt: how many it sent, and how many of them may have created a voice. */
export type SentCreates = { creates: number; possible: number };

/** Limits per user: creates sent in an hour, and creates that may have created a voice in an hour and in a day. */
export type CloneLimits = { attemptsPerHour: number; perHour: number; perDay: number };

function savedJson(saved: SavedVoice): Json {
  if (saved.provider === "modal") {
    return { tts_provider: "modal", provider_metadata: jsonValue.parse(saved.metadata) };
  }
  return {
    tts_provider: "qwen",
    provider_voice_id: saved.voice.providerVoiceId,
    provider_target_model: saved.voice.targetModel,
    provider_voice_kind: saved.voice.kind,
    provider_region: saved.voice.region,
    provider_request_id: saved.voice.requestId,
    provider_metadata: jsonValue.parse(saved.voice.metadata),
  };
}

export type Enrollments = ReturnType<typeof createEnrollments>;

/**
 * The ledger's calls for finalize (docs/enrollment.md). Each throws an ApiError: `database_unavailable` if it may have
 * taken effect, `internal` if it was refused.
 */
export function createEnrollments(options: { db: Pick<Supabase["db"], "rpc">; limits: CloneLimits }) {
  const { db } = options;
  const limits = {
    p_limit_per_hour: options.limits.perHour,
    p_limit_per_day: options.limits.perDay,
    p_attempts_per_hour: options.limits.attemptsPerHour,
  };
  const ids = (attempt: Attempt) => ({
    p_user_id: attempt.userId,
    p_voice_id: attempt.voiceId,
    p_attempt_id: attempt.attemptId,
  });

  return {
    /** Claims the voice, or returns what the ledger knows of it. */
    claim: async (
      attempt: Attempt,
      asked: { details: VoiceDetails; provider: TtsProviderName; region: string },
      signal: AbortSignal,
    ): Promise<ClaimAnswer> =>
      await db.rpc("clone_claim", {
        ...ids(attempt),
        p_token: attempt.token,
        p_region: asked.region,
        p_details: asked.details,
        p_tts_provider: asked.provider,
        ...limits,
      }).abortSignal(signal).then(parseAs(claimAnswer)),

    /**
     * Marks a create as sent and counts it. Send it only if the answer is `sending`.
     * @param create.sent the creates of this attempt, including this one
     */
    sending: async (
      attempt: Attempt,
      create: { details: VoiceDetails; region: string; leaseSeconds: number; sent: SentCreates },
      signal: AbortSignal,
    ) =>
      await db.rpc("clone_sending", {
        ...ids(attempt),
        p_region: create.region,
        p_details: create.details,
        p_lease_seconds: Math.ceil(create.leaseSeconds),
        p_creates: create.sent.creates,
        p_possible: create.sent.possible,
        ...limits,
      }).abortSignal(signal).then(parseAs(sendingAnswer)),

    /**
     * Ends an attempt that created no voice. A rejection is kept, so the same clip is not sent again.
     * @param sent the creates that the attempt sent: they still count
     */
    release: async (
      attempt: Attempt,
      sent: SentCreates,
      rejected: Rejection | null = null,
    ): Promise<"released" | "superseded"> =>
      await db.rpc("clone_release", {
        ...ids(attempt),
        p_rejection: rejected,
        p_creates: sent.creates,
        p_possible: sent.possible,
      }).then(parseAs(releaseAnswer)),

    /**
     * Records that the outcome of a create is unknown. With `endsLease` the next finalize may look the voice up at once;
     * without it this attempt continues.
     */
    unresolved: async (
      attempt: Attempt,
      error: { category: string; providerCode: string | null; requestId: string | null },
      endsLease: boolean,
    ): Promise<"unresolved" | "settled"> =>
      await db.rpc("clone_unresolved", {
        ...ids(attempt),
        p_error: {
          category: error.category,
          provider_code: error.providerCode,
          request_id: error.requestId,
        },
        p_ends_lease: endsLease,
      }).then(parseAs(unresolvedAnswer)),

    /** Saves the ledger entry and the voices row in one transaction. `saved: null` completes with the ledger's own record. */
    complete: async (
      attempt: Attempt,
      done: { details: VoiceDetails; objectKey: string; saved: SavedVoice | null },
      signal: AbortSignal,
    ): Promise<CompleteAnswer> =>
      await db.rpc("clone_complete", {
        ...ids(attempt),
        p_token: attempt.token,
        p_reference_object_key: done.objectKey,
        p_details: done.details,
        p_voice: done.saved && savedJson(done.saved),
      }).abortSignal(signal).then(parseAs(completeAnswer)),
  };
}
