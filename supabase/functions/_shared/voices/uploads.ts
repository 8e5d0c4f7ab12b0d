import { z } from "zod";
import { accountDeleted } from "../accounts.ts";
import { parseAnswer } from "../database_answers.ts";
import { ApiError } from "../errors.ts";
import type { References } from "../storage/references.ts";
import type { Supabase } from "../supabase.ts";

const takeAnswer = z.discriminatedUnion("outcome", [
  z.object({ outcome: z.literal("allowed") }),
  z.object({ outcome: z.literal("limited"), seconds: z.number() }),
  z.object({ outcome: z.literal("deleted") }),
]);

/** A voice to be, and where its clip goes. */
export type Upload = { voiceId: string; uploadUrl: string; objectKey: string };

/**
 * Hands out upload URLs.
 * @param options.perHour how many a user may have in an hour; all at once, and they come back evenly
 */
export function createUploads(options: {
  db: Pick<Supabase["db"], "rpc">;
  references: Pick<References, "key" | "createUploadUrl">;
  perHour: number;
  newVoiceId: () => string;
}) {
  const { db, references } = options;

  const take = async (userId: string): Promise<void> => {
    const answer = parseAnswer(
      takeAnswer,
      await db.rpc("upload_url_take", { p_user_id: userId, p_per_hour: options.perHour }),
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
     * An upload URL for a new voice of this user. It is signed while the allowance is looked at, and not given when there
     * is none left. One that could not be signed is taken off the allowance all the same.
     * @throws {ApiError} rate_limited, unauthorized, database_unavailable, storage_unavailable
     */
    async open(userId: string): Promise<Upload> {
      const voiceId = options.newVoiceId();
      const objectKey = references.key(userId, voiceId);
      const notNeeded = new AbortController();
      const signing = references.createUploadUrl(objectKey, notNeeded.signal);
      // Without an allowance nobody waits for it.
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
