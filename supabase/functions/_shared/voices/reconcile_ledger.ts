import { z } from "zod";
import { parseAs } from "../database_answers.ts";
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

export type ReconcileLedger = ReturnType<typeof createReconcileLedger>;

/** The ledger's calls for reconcile. Each is idempotent and throws as those of `createEnrollments` do. */
export function createReconcileLedger({ db }: { db: Pick<Supabase["db"], "rpc"> }) {
  return {
    /** Ends claims that expired before a create was sent; without `repair` only counts them. */
    release: async (repair: boolean): Promise<number> =>
      await db.rpc("reconcile_release", { p_repair: repair }).then(parseAs(z.number())),

    /** One page of expired, unsettled enrollments, after the given one. */
    expired: async (after: { user_id: string; voice_id: string }, limit: number): Promise<ExpiredEntry[]> =>
      await db.rpc("reconcile_expired", {
        p_after_user_id: after.user_id,
        p_after_voice_id: after.voice_id,
        p_limit: limit,
      }).then(parseAs(z.array(expiredEntry))),

    /** Classifies provider voices, in the given order. */
    sort: async (region: string, providerVoiceIds: string[]) =>
      await db.rpc("reconcile_sort", {
        p_region: region,
        p_voices: providerVoiceIds.map((id) => ({ provider_voice_id: id })),
      }).then(parseAs(z.array(sortedVoice))),

    /**
     * Compares the list with earlier ones, where voice ids do not carry the token. With `repair` ends the enrollments
     * that are proved to have created nothing. Returns every expired, unsettled enrollment.
     * @param list.from when reading the list began
     */
    compare: async (
      region: string,
      list: { providerVoiceIds: string[]; from: Date },
      repair: boolean,
    ): Promise<ComparedEntry[]> =>
      await db.rpc("reconcile_compare", {
        p_region: region,
        p_provider_voice_ids: list.providerVoiceIds,
        p_listed_from: list.from.toISOString(),
        p_repair: repair,
      }).then(parseAs(z.array(comparedEntry))),

    /** Applies the operator's decision that a create made no voice; false if nothing was open. */
    settleAbsent: async (voiceId: string): Promise<boolean> =>
      await db.rpc("reconcile_absent", { p_voice_id: voiceId }).then(parseAs(z.boolean())),

    /** Records an orphan; false if it has a row by now. */
    recordOrphan: async (
      region: string,
      orphan: { providerVoiceId: string; userId: string; voiceId: string; createdAt: Date },
    ): Promise<boolean> =>
      await db.rpc("reconcile_record_orphan", {
        p_region: region,
        p_provider_voice_id: orphan.providerVoiceId,
        p_user_id: orphan.userId,
        p_voice_id: orphan.voiceId,
        p_created_at: orphan.createdAt.toISOString(),
      }).then(parseAs(z.boolean())),

    /** Live rows saved before a time whose provider voice is not listed. */
    gone: async (region: string, listed: string[], before: Date, limit: number) =>
      await db.rpc("reconcile_gone", {
        p_region: region,
        p_provider_voice_ids: listed,
        p_before: before.toISOString(),
        p_limit: limit,
      }).then(parseAs(z.array(goneVoice))),

    /** Marks the next orphan of at least this age for deletion; null if there is none besides those to skip. */
    purgeNext: async (region: string, olderThanSeconds: number, skip: string[]): Promise<string | null> =>
      await db.rpc("purge_next", { p_region: region, p_older_than_seconds: olderThanSeconds, p_skip: skip })
        .then(parseAs(z.string().nullable())),

    /** Records that the provider has deleted an orphan. */
    purgeDone: async (region: string, providerVoiceId: string): Promise<unknown> =>
      await db.rpc("purge_done", { p_region: region, p_provider_voice_id: providerVoiceId }).then(
        parseAs(z.unknown()),
      ),

    /** Keys of uploads of at least this age that no finalize or row uses; with `repair` they cannot be claimed any more. */
    unclaimedUploads: async (olderThanSeconds: number, limit: number, repair: boolean): Promise<string[]> =>
      await db.rpc("unclaimed_uploads", {
        p_older_than_seconds: olderThanSeconds,
        p_limit: limit,
        p_repair: repair,
      }).then(parseAs(z.array(z.string()))),

    /** Erases the details of deleted users' enrollments; without `repair` only counts them. */
    eraseDetails: async (repair: boolean): Promise<number> =>
      await db.rpc("erase_details", { p_repair: repair }).then(parseAs(z.number())),

    /** Objects of deleted users, and audio of at least this age without a generation. */
    forgottenObjects: async (olderThanSeconds: number, limit: number) =>
      await db.rpc("forgotten_objects", { p_older_than_seconds: olderThanSeconds, p_limit: limit }).then(
        parseAs(z.array(forgottenObject)),
      ),
  };
}
