import { z } from "zod";
import { answerOf } from "../database_answers.ts";
import type { Supabase } from "../supabase.ts";
import { voiceDetails } from "./enrollments.ts";

const expiredEntry = z.object({
  user_id: z.guid(),
  voice_id: z.guid(),
  token: z.string(),
  state: z.enum(["claimed", "sending", "created", "rejected"]),
  region: z.string(),
  details: voiceDetails.nullable(),
});

const sortedVoice = z.object({
  provider_voice_id: z.string(),
  kind: z.enum(["ours", "orphan", "foreign"]),
  user_id: z.guid().nullable(),
  voice_id: z.guid().nullable(),
});

const comparedEntry = z.object({
  voice_id: z.guid(),
  /** Provider voices that may be this one's; null if no list from before its create is known. */
  candidates: z.array(z.string()).nullable(),
  /** Whether it is proved that no voice was created. */
  absent: z.boolean(),
});

const goneVoice = z.object({ voice_id: z.guid(), provider_voice_id: z.string() });
const forgottenObject = z.object({ bucket_id: z.enum(["references", "generations"]), name: z.string() });

export type ComparedEntry = z.output<typeof comparedEntry>;
export type ExpiredEntry = z.output<typeof expiredEntry>;
export type SortedVoice = z.output<typeof sortedVoice>;
export type GoneVoice = z.output<typeof goneVoice>;

export type ReconcileLedger = ReturnType<typeof createReconcileLedger>;

/** The ledger's calls for reconcile. Each is idempotent and throws as those of `createEnrollments` do. */
export function createReconcileLedger({ db }: { db: Pick<Supabase["db"], "rpc"> }) {
  return {
    /** Ends claims that expired before a create was sent; without `repair` only counts them. */
    release: (repair: boolean): Promise<number> =>
      answerOf(z.number(), db.rpc("reconcile_release", { p_repair: repair })),

    /** One page of expired, unsettled enrollments, after the given one. */
    expired: (after: { user_id: string; voice_id: string }, limit: number): Promise<ExpiredEntry[]> =>
      answerOf(
        z.array(expiredEntry),
        db.rpc("reconcile_expired", {
          p_after_user_id: after.user_id,
          p_after_voice_id: after.voice_id,
          p_limit: limit,
        }),
      ),

    /** Classifies provider voices, in the given order. */
    sort: (region: string, providerVoiceIds: string[]): Promise<SortedVoice[]> =>
      answerOf(
        z.array(sortedVoice),
        db.rpc("reconcile_sort", {
          p_region: region,
          p_voices: providerVoiceIds.map((id) => ({ provider_voice_id: id })),
        }),
      ),

    /**
     * Compares the list with earlier ones, where voice ids do not carry the token. With `repair` ends the enrollments that
     * are proved to have created nothing. Returns every expired, unsettled enrollment.
     * @param list.from when reading the list began
     */
    compare: (
      region: string,
      list: { providerVoiceIds: string[]; from: Date },
      repair: boolean,
    ): Promise<ComparedEntry[]> =>
      answerOf(
        z.array(comparedEntry),
        db.rpc("reconcile_compare", {
          p_region: region,
          p_provider_voice_ids: list.providerVoiceIds,
          p_listed_from: list.from.toISOString(),
          p_repair: repair,
        }),
      ),

    /** Applies the operator's decision that a create made no voice; false if nothing was open. */
    settleAbsent: (voiceId: string): Promise<boolean> =>
      answerOf(z.boolean(), db.rpc("reconcile_absent", { p_voice_id: voiceId })),

    /** Records an orphan; false if it has a row by now. */
    recordOrphan: (
      region: string,
      orphan: { providerVoiceId: string; userId: string; voiceId: string; createdAt: Date },
    ): Promise<boolean> =>
      answerOf(
        z.boolean(),
        db.rpc("reconcile_record_orphan", {
          p_region: region,
          p_provider_voice_id: orphan.providerVoiceId,
          p_user_id: orphan.userId,
          p_voice_id: orphan.voiceId,
          p_created_at: orphan.createdAt.toISOString(),
        }),
      ),

    /** Live rows saved before a time whose provider voice is not listed. */
    gone: (region: string, listed: string[], before: Date, limit: number): Promise<GoneVoice[]> =>
      answerOf(
        z.array(goneVoice),
        db.rpc("reconcile_gone", {
          p_region: region,
          p_provider_voice_ids: listed,
          p_before: before.toISOString(),
          p_limit: limit,
        }),
      ),

    /** Marks the next orphan of at least this age for deletion; null if there is none besides those to skip. */
    purgeNext: (region: string, olderThanSeconds: number, skip: string[]): Promise<string | null> =>
      answerOf(
        z.string().nullable(),
        db.rpc("purge_next", { p_region: region, p_older_than_seconds: olderThanSeconds, p_skip: skip }),
      ),

    /** Records that the provider has deleted an orphan. */
    purgeDone: (region: string, providerVoiceId: string): Promise<unknown> =>
      answerOf(z.unknown(), db.rpc("purge_done", { p_region: region, p_provider_voice_id: providerVoiceId })),

    /** Keys of uploads of at least this age that no finalize or row uses; with `repair` they cannot be claimed any more. */
    unclaimedUploads: (olderThanSeconds: number, limit: number, repair: boolean): Promise<string[]> =>
      answerOf(
        z.array(z.string()),
        db.rpc("unclaimed_uploads", {
          p_older_than_seconds: olderThanSeconds,
          p_limit: limit,
          p_repair: repair,
        }),
      ),

    /** Erases the details of deleted users' enrollments; without `repair` only counts them. */
    eraseDetails: (repair: boolean): Promise<number> =>
      answerOf(z.number(), db.rpc("erase_details", { p_repair: repair })),

    /** Objects of deleted users, and audio of at least this age without a generation. */
    forgottenObjects: (olderThanSeconds: number, limit: number) =>
      answerOf(
        z.array(forgottenObject),
        db.rpc("forgotten_objects", { p_older_than_seconds: olderThanSeconds, p_limit: limit }),
      ),
  };
}
