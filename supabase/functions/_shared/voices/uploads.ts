import { z } from "zod";
import { accountDeleted } from "../accounts.ts";
import { parseAs } from "../database_answers.ts";
import { ApiError } from "../errors.ts";
import type { References } from "../storage/references.ts";
import type { Supabase } from "../supabase.ts";

const takeAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.enum(["allowed", "deleted"]) }),
  z.object({ outcome: z.literal("limited"), seconds: z.number() }),
]);

/** A future voice, and where to upload its clip. */
export type Upload = { voiceId: string; uploadUrl: string; objectKey: string };

/**
 * Creates upload URLs.
 * @param options.perHour a user's allowance: a burst of this many, refilled evenly over an hour
 */
export function createUploads(options: {
  db: Pick<Supabase["db"], "rpc">;
  references: Pick<References, "key" | "createUploadUrl">;
  perHour: number;
  newVoiceId: () => string;
}) {
  const { db, references } = options;

  const take = async (userId: string): Promise<void> => {
    const answer = await db.rpc("upload_url_take", { p_user_id: userId, p_per_hour: options.perHour }).then(
      parseAs(takeAnswer),
    );
    if (answer.outcome === "limited") {
      throw new ApiError("rate_limited", "You have asked for too many uploads. Try again later.", {
        retryAfterSeconds: answer.seconds,
      });
    }
    if (answer.outcome === "deleted") throw accountDeleted();
  };

  return {
    /**
     * An upload URL for a new voice. Signs it while the allowance is checked; a failed signing uses the allowance too.
     * @throws {ApiError} rate_limited, unauthorized, database_unavailable, storage_unavailable
     */
    async open(userId: string): Promise<Upload> {
      const voiceId = options.newVoiceId();
      const objectKey = references.key(userId, voiceId);
      const notNeeded = new AbortController();
      const signing = references.createUploadUrl(objectKey, notNeeded.signal);
      // Not awaited if the allowance is used up.
      signing.catch(() => {});
      try {
        await take(userId);
      } catch (error) {
        notNeeded.abort();
        throw error;
      }
      return { voiceId, uploadUrl: await signing, objectKey };
    },
  };
}

export type Uploads = ReturnType<typeof createUploads>;
