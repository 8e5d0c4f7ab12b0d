import type { z } from "zod";
import { ApiError, internalError } from "./errors.ts";

type PostgrestError = { message: string; code: string };

/**
 * A database error as it is answered: unavailable when asking again may help, internal when it cannot.
 * PostgREST answers 5xx when it has lost the database, and supabase-js gives status 0 when there was no answer.
 * PostgreSQL quotes values in its messages and whole rows in its details, so only the code and the unquoted words are kept.
 */
export function databaseError({ code, message }: PostgrestError, status: number): ApiError {
  const cause = new Error(`${status} ${code}: ${message.replace(/"[^"]*"/g, '"…"').slice(0, 300)}`);
  if (status === 0 || status >= 500 || status === 429) {
    return new ApiError(
      "database_unavailable",
      "The database is not available right now. Try again shortly.",
      { retryAfterSeconds: 5, cause },
    );
  }
  return internalError(cause);
}

/** Whether the database could not be reached: asking again may help. */
export function isDatabaseAway(error: unknown): boolean {
  return error instanceof ApiError && error.code === "database_unavailable";
}

/**
 * What a database function answered, checked.
 * @throws {ApiError} that of `databaseError`
 */
export function parseAnswer<T>(
  schema: z.ZodType<T>,
  result: { data: unknown; error: PostgrestError | null; status: number },
): T {
  if (result.error) throw databaseError(result.error, result.status);
  return schema.parse(result.data);
}
