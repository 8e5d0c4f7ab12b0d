import { z } from "zod";
import type { Supabase } from "../supabase.ts";
import { databaseError, parseAnswer } from "../database_answers.ts";
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

const forgottenObject = z.object({ bucket_id: z.enum(["references", "generations"]), name: z.string() });

const goneVoice = z.object({ voice_id: z.guid(), provider_voice_id: z.string() });

const comparedEntry = z.object({
  voice_id: z.guid(),
  /** Provider voices that may be this one's; null while no list of before its create is known. */
  candidates: z.array(z.string()).nullable(),
  /** Whether it is proved that none was made. */
  absent: z.boolean(),
});

export type ComparedEntry = z.output<typeof comparedEntry>;
export type ExpiredEntry = z.output<typeof expiredEntry>;
export type SortedVoice = z.output<typeof sortedVoice>;
export type GoneVoice = z.output<typeof goneVoice>;

/** The ledger as reconcile needs it. */
export type ReconcileLedger = ReturnType<typeof createReconcileLedger>;

/** What reconcile asks of the ledger; each call may be made twice, and throws as those of `createEnrollments` do. */
export function createReconcileLedger(options: { db: Pick<Supabase["db"], "rpc"> }) {
  const { db } = options;
  return {
    /** Ends the claims that expired without sending anything; without `repair` only counts them. */
    async release(repair: boolean): Promise<number> {
      return parseAnswer(z.number(), await db.rpc("reconcile_release", { p_repair: repair }));
    },

    /** One page of enrollments that are over and not settled, after the one named. */
    async expired(after: { user_id: string; voice_id: string }, limit: number): Promise<ExpiredEntry[]> {
      const result = await db.rpc("reconcile_expired", {
        p_after_user_id: after.user_id,
        p_after_voice_id: after.voice_id,
        p_limit: limit,
      });
      return parseAnswer(z.array(expiredEntry), result);
    },

    /** What each provider voice is here, in the order given. */
    async sort(region: string, providerVoiceIds: string[]): Promise<SortedVoice[]> {
      const voices = providerVoiceIds.map((id) => ({ provider_voice_id: id }));
      return parseAnswer(
        z.array(sortedVoice),
        await db.rpc("reconcile_sort", { p_region: region, p_voices: voices }),
      );
    },

    /**
     * Compares the list with those before it where voice ids do not carry the token, and ends, with `repair`, what is
     * proved to have made nothing. Answers about each enrollment that is over and not settled.
     * @param list.from when reading it began
     */
    async compare(
      region: string,
      list: { providerVoiceIds: string[]; from: Date },
      repair: boolean,
    ): Promise<ComparedEntry[]> {
      const result = await db.rpc("reconcile_compare", {
        p_region: region,
        p_provider_voice_ids: list.providerVoiceIds,
        p_listed_from: list.from.toISOString(),
        p_repair: repair,
      });
      return parseAnswer(z.array(comparedEntry), result);
    },

    /** The operator knows that a create made no voice; false when there is nothing to decide. */
    async settleAbsent(voiceId: string): Promise<boolean> {
      return parseAnswer(z.boolean(), await db.rpc("reconcile_absent", { p_voice_id: voiceId }));
    },

    /** Records an orphan; false when it is none any more. */
    async recordOrphan(
      region: string,
      orphan: { providerVoiceId: string; userId: string; voiceId: string; createdAt: Date },
    ): Promise<boolean> {
      const result = await db.rpc("reconcile_record_orphan", {
        p_region: region,
        p_provider_voice_id: orphan.providerVoiceId,
        p_user_id: orphan.userId,
        p_voice_id: orphan.voiceId,
        p_created_at: orphan.createdAt.toISOString(),
      });
      return parseAnswer(z.boolean(), result);
    },

    /** Live rows, saved before that time, whose provider voice is not among those listed. */
    async gone(region: string, listed: string[], before: Date, limit: number): Promise<GoneVoice[]> {
      const result = await db.rpc("reconcile_gone", {
        p_region: region,
        p_provider_voice_ids: listed,
        p_before: before.toISOString(),
        p_limit: limit,
      });
      return parseAnswer(z.array(goneVoice), result);
    },

    /** Marks the next orphan of that age as being purged; null when there is none besides those to skip. */
    async purgeNext(region: string, olderThanSeconds: number, skip: string[]): Promise<string | null> {
      const result = await db.rpc("purge_next", {
        p_region: region,
        p_older_than_seconds: olderThanSeconds,
        p_skip: skip,
      });
      return parseAnswer(z.string().nullable(), result);
    },

    /** The provider has deleted it. */
    async purgeDone(region: string, providerVoiceId: string): Promise<void> {
      const result = await db.rpc("purge_done", { p_region: region, p_provider_voice_id: providerVoiceId });
      if (result.error) throw databaseError(result.error, result.status);
    },

    /** Keys of uploads of that age that no finalize holds and no row refers to; with `repair` none can claim them after. */
    async unclaimedUploads(olderThanSeconds: number, limit: number, repair: boolean): Promise<string[]> {
      const result = await db.rpc("unclaimed_uploads", {
        p_older_than_seconds: olderThanSeconds,
        p_limit: limit,
        p_repair: repair,
      });
      return parseAnswer(z.array(z.string()), result);
    },

    /** Takes what users who are gone had asked for out of the ledger; without `repair` only counts the enrollments. */
    async eraseDetails(repair: boolean): Promise<number> {
      return parseAnswer(z.number(), await db.rpc("erase_details", { p_repair: repair }));
    },

    /** Objects in the folders of users who are gone, and audio of that age that no generation has. */
    async forgottenObjects(
      olderThanSeconds: number,
      limit: number,
    ): Promise<z.output<typeof forgottenObject>[]> {
      const result = await db.rpc("forgotten_objects", {
        p_older_than_seconds: olderThanSeconds,
        p_limit: limit,
      });
      return parseAnswer(z.array(forgottenObject), result);
    },
  };
}
