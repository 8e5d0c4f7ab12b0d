import { z } from "zod";
import { parseAnswer } from "../database_answers.ts";
import type { Json } from "../database.types.ts";
import type { Supabase } from "../supabase.ts";
import type { SavedVoice, TtsProviderName, VoiceDetails } from "../tts/provider.ts";
import { LANGUAGES } from "../tts/languages.ts";

/** One attempt at finalizing a voice. `attemptId` is the caller's, so that a lost answer can be asked for again. */
export type Attempt = { userId: string; voiceId: string; attemptId: string; token: string };

const answeredVoice = z.object({ id: z.guid(), name: z.string() });

/** What a user asked for, as the ledger keeps it. */
export const voiceDetails = z.object({
  name: z.string(),
  language: z.enum(LANGUAGES),
  transcript: z.string(),
  description: z.string().nullable(),
});

/** What is kept of a provider's refusal: enough to answer it again without asking. */
const rejection = z.object({
  category: z.literal("rejected"),
  provider_code: z.string().nullable(),
  request_id: z.string().nullable(),
  refusal: z.string(),
});

const conflict = z.object({ outcome: z.literal("conflict") });
const deleted = z.object({ outcome: z.literal("deleted") });
const finalized = z.object({ outcome: z.literal("finalized"), voice: answeredVoice });

const userDeleted = z.object({ outcome: z.literal("user_deleted") });
const limited = z.object({ outcome: z.literal("limited"), seconds: z.number() });

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
  conflict,
  deleted,
  userDeleted,
]);

const orphaned = { orphaned: z.boolean().default(false) };

const completeAnswer = z.discriminatedUnion("outcome", [
  finalized.extend(orphaned),
  conflict.extend(orphaned),
  deleted.extend(orphaned),
  userDeleted.extend(orphaned),
  z.object({ outcome: z.literal("refused") }),
  z.object({ outcome: z.literal("unknown") }),
  z.object({ outcome: z.literal("failed"), sqlstate: z.string(), ...orphaned }),
]);

const sendingAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("sending") }),
  z.object({ outcome: z.literal("superseded") }),
  z.object({ outcome: z.literal("undecided") }),
  limited,
]);
const releaseAnswer = z.object({ outcome: z.enum(["released", "superseded"]) });
const unresolvedAnswer = z.object({ outcome: z.enum(["unresolved", "settled"]) });

export type ClaimAnswer = z.output<typeof claimAnswer>;
export type SendingAnswer = z.output<typeof sendingAnswer>;
export type CompleteAnswer = z.output<typeof completeAnswer>;
export type Rejection = z.output<typeof rejection>;

/** The creates of one attempt: how many it sent, and how many of them made a voice, or may have made one. */
export type SentCreates = { creates: number; possible: number };

/** How many creates a user may send in an hour, and how many may make a voice in an hour and in a day. */
export type CloneLimits = { attemptsPerHour: number; perHour: number; perDay: number };

/** The ledger as finalize needs it; enrollment.md says what each call does. */
export type Enrollments = ReturnType<typeof createEnrollments>;

function savedJson(saved: SavedVoice): Json {
  if (saved.provider === "modal") return { tts_provider: "modal", provider_metadata: json(saved.metadata) };
  return {
    tts_provider: "qwen",
    provider_voice_id: saved.voice.providerVoiceId,
    provider_target_model: saved.voice.targetModel,
    provider_voice_kind: saved.voice.kind,
    provider_region: saved.voice.region,
    provider_request_id: saved.voice.requestId,
    provider_metadata: json(saved.voice.metadata),
  };
}

const jsonValue: z.ZodType<Json> = z.json();
const json = (value: unknown): Json => jsonValue.parse(value);

/**
 * The ledger's five calls. Each throws an ApiError: database_unavailable when it is not known whether the call took
 * effect, internal when it was refused.
 */
export function createEnrollments(options: {
  db: Pick<Supabase["db"], "rpc">;
  limits: CloneLimits;
}) {
  const { db } = options;
  const limits = {
    p_limit_per_hour: options.limits.perHour,
    p_limit_per_day: options.limits.perDay,
    p_attempts_per_hour: options.limits.attemptsPerHour,
  };
  const who = (attempt: Attempt) => ({
    p_user_id: attempt.userId,
    p_voice_id: attempt.voiceId,
    p_attempt_id: attempt.attemptId,
  });

  return {
    /** Who may go on with this voice, and what is known of it already. */
    async claim(
      attempt: Attempt,
      asked: { details: VoiceDetails; provider: TtsProviderName; region: string },
      signal: AbortSignal,
    ): Promise<ClaimAnswer> {
      return parseAnswer(
        claimAnswer,
        await db.rpc("clone_claim", {
          ...who(attempt),
          p_token: attempt.token,
          p_region: asked.region,
          p_details: asked.details,
          p_tts_provider: asked.provider,
          ...limits,
        }).abortSignal(signal),
      );
    },

    /**
     * Marks a create as sent, for as long as it may take, and counts it; nothing may be sent unless it answers `sending`.
     * @param create.sent the creates of this attempt, this one included
     */
    async sending(
      attempt: Attempt,
      create: { details: VoiceDetails; region: string; leaseSeconds: number; sent: SentCreates },
      signal: AbortSignal,
    ): Promise<SendingAnswer> {
      const result = await db.rpc("clone_sending", {
        ...who(attempt),
        p_region: create.region,
        p_details: create.details,
        p_lease_seconds: Math.ceil(create.leaseSeconds),
        p_creates: create.sent.creates,
        p_possible: create.sent.possible,
        ...limits,
      }).abortSignal(signal);
      return parseAnswer(sendingAnswer, result);
    },

    /**
     * Ends an attempt that made no voice; a rejection is kept, so that the same clip is not sent again.
     * @param sent the creates that the attempt sent: they go on counting
     */
    async release(
      attempt: Attempt,
      sent: SentCreates,
      rejected: Rejection | null = null,
    ): Promise<"released" | "superseded"> {
      const result = await db.rpc("clone_release", {
        ...who(attempt),
        p_rejection: rejected,
        p_creates: sent.creates,
        p_possible: sent.possible,
      });
      return parseAnswer(releaseAnswer, result).outcome;
    },

    /**
     * Records that a create was sent and nobody knows how it ended. With `endsLease` the next finalize may look the
     * voice up at once; without it this attempt goes on.
     */
    async unresolved(
      attempt: Attempt,
      error: { category: string; providerCode: string | null; requestId: string | null },
      endsLease: boolean,
    ): Promise<"unresolved" | "settled"> {
      const result = await db.rpc("clone_unresolved", {
        ...who(attempt),
        p_error: { category: error.category, provider_code: error.providerCode, request_id: error.requestId },
        p_ends_lease: endsLease,
      });
      return parseAnswer(unresolvedAnswer, result).outcome;
    },

    /** Saves a voice: the ledger and the voices row in one transaction. `saved` null completes what the ledger knows. */
    async complete(
      attempt: Attempt,
      done: { details: VoiceDetails; objectKey: string; saved: SavedVoice | null },
      signal: AbortSignal,
    ): Promise<CompleteAnswer> {
      const result = await db.rpc("clone_complete", {
        ...who(attempt),
        p_token: attempt.token,
        p_reference_object_key: done.objectKey,
        p_details: done.details,
        p_voice: done.saved && savedJson(done.saved),
      }).abortSignal(signal);
      return parseAnswer(completeAnswer, result);
    },
  };
}
