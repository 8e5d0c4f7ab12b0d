import { z } from "zod";
import { parseAs } from "./database_answers.ts";
import { ApiError } from "./errors.ts";
import type { Supabase } from "./supabase.ts";

/** The account of a valid token was deleted: a token outlives its account by up to an hour. */
export function accountDeleted(): ApiError {
  return new ApiError("unauthorized", "This account no longer exists. Sign in with another one.", {
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

export type Accounts = ReturnType<typeof createAccounts>;

/** Checks whether accounts exist, where no row was found: deleting an account deletes its rows. */
export function createAccounts({ db }: { db: Pick<Supabase["db"], "rpc"> }) {
  /** @throws {ApiError} database_unavailable, internal */
  const stands = async (userId: string): Promise<boolean> =>
    await db.rpc("account_stands", { p_user_id: userId }).then(parseAs(z.boolean()));

  return {
    stands,

    /**
     * `notFound`, or `unauthorized` if the account was deleted.
     * @throws {ApiError} database_unavailable, internal
     */
    explain: async (userId: string, notFound: ApiError): Promise<ApiError> =>
      await stands(userId) ? notFound : accountDeleted(),
  };
}
