import { z } from "zod";
import { parseAnswer } from "./database_answers.ts";
import { ApiError } from "./errors.ts";
import type { Supabase } from "./supabase.ts";

/** The account that a token was given to was deleted; the token itself may hold for an hour still. */
export function accountDeleted(): ApiError {
  return new ApiError("unauthorized", "This account no longer exists. Sign in with another one.", {
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

export type Accounts = ReturnType<typeof createAccounts>;

/**
 * Whether accounts stand. A row that is found answers that, for a deleted account takes its rows with it; so it is asked only
 * where nothing was found.
 */
export function createAccounts(options: { db: Pick<Supabase["db"], "rpc"> }) {
  const { db } = options;

  /** @throws {ApiError} database_unavailable, internal */
  const stands = async (userId: string): Promise<boolean> =>
    parseAnswer(z.boolean(), await db.rpc("account_stands", { p_user_id: userId }));

  return {
    stands,

    /**
     * An error as it is answered: what is not found for want of an account is `unauthorized`, everything else as it
     * is.
     * @throws {ApiError} database_unavailable: then nobody knows which
     */
    async explain(userId: string, error: unknown): Promise<unknown> {
      const isNotFound = error instanceof ApiError && error.code === "not_found";
      return isNotFound && !await stands(userId) ? accountDeleted() : error;
    },
  };
}
