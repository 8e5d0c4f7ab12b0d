import { z } from "zod";
import type { Json } from "./database.types.ts";
import { ApiError, standardError } from "./errors.ts";

type PostgrestError = { message: string; code: string };

/**
 * `database_unavailable` if a retry may help (5xx from PostgREST, or status 0 from supabase-js, which stands for no
 * response), otherwise `internal`. PostgreSQL quotes values in messages and whole rows in details, so the cause keeps
 * only the code and the unquoted words.
 */
export function databaseError({ code, message }: PostgrestError, status: number): ApiError {
  const cause = new Error(`${status} ${code}: ${message.replace(/"[^"]*"/g, '"…"').slice(0, 300)}`);
  const mayPass = status === 0 || status >= 500 || status === 429;
  return standardError(mayPass ? "database_unavailable" : "internal", cause);
}

export function isDatabaseAway(error: unknown): boolean {
  return error instanceof ApiError && error.code === "database_unavailable";
}

/** A function that parses the result of a database call, or throws its error (see `databaseError`). */
export const parseAs =
  <T>(schema: z.ZodType<T>) =>
  ({ data, error, status }: { data: unknown; error: PostgrestError | null; status: number }): T => {
    if (error) throw databaseError(error, status);
    return schema.parse(data);
  };

/** The schema of an answer that is only an outcome, which it unwraps. */
export const outcomeOf = <const Outcomes extends readonly string[]>(outcomes: Outcomes) =>
  z.object({ outcome: z.enum(outcomes) }).transform(({ outcome }) => outcome);

export const jsonValue: z.ZodType<Json> = z.json();
