import { z } from "zod";
import { accountDeleted, type Accounts } from "../accounts.ts";
import { type ListVoicesQuery, type Voice, voice } from "../contract/list_voices.ts";
import { databaseError, parseAs } from "../database_answers.ts";
import { lazy } from "../once.ts";
import type { Supabase } from "../supabase.ts";

const COLUMNS =
  "id, name, language, source, description, reference_transcript, created_at, tts_provider, provider_voice_id, " +
  "provider_target_model, provider_voice_kind, provider_region, provider_request_id, provider_metadata";

/** PostgREST's code for a page beyond the last row. */
const RANGE_NOT_SATISFIABLE = "PGRST103";

const textOr = (fallback: string) => z.string().nullable().transform((text) => text ?? fallback);

/** The older flow left these columns null. */
const rows = lazy(() =>
  z.array(
    voice().extend({
      name: textOr(""),
      language: textOr("Auto"),
      source: textOr("uploaded"),
      created_at: textOr(new Date(0).toISOString()),
    }),
  )
);
const referenceRow = z.object({ reference_object_key: z.string().nullable() }).nullable();
const someRows = z.array(z.unknown());

/** A PostgreSQL regular expression that matches this text literally. */
function asPattern(text: string): string {
  return `(?:${text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")})`;
}

/**
 * A user's saved voices. Each call throws an ApiError at once if the database is unavailable: supabase-js would retry a
 * read for up to 7 s.
 */
export function createVoiceRows(
  options: { db: Pick<Supabase["db"], "from">; accounts: Pick<Accounts, "stands">; now: () => Date },
) {
  const { db, accounts } = options;

  const select = (userId: string, query: ListVoicesQuery, columns: string, head: boolean) => {
    let request = db.from("voices").select(columns, { count: "exact", head })
      .eq("user_id", userId).is("deleted_at", null).retry(false);
    if (query.source) request = request.eq("source", query.source);
    // Not `ilike`: PostgREST reads every `*` there as a wildcard, and nothing escapes it.
    if (query.search) request = request.filter("name", "imatch", asPattern(query.search));
    return request;
  };

  const readPage = async (
    userId: string,
    query: ListVoicesQuery,
  ): Promise<{ voices: Voice[]; total: number }> => {
    const from = (query.page - 1) * query.per_page;
    const page = await select(userId, query, COLUMNS, false)
      .order("created_at", { ascending: false }).order("id", { ascending: false })
      .range(from, from + query.per_page - 1);
    if (!page.error) return { voices: rows().parse(page.data), total: page.count ?? 0 };
    if (page.error.code !== RANGE_NOT_SATISFIABLE) throw databaseError(page.error, page.status);
    const counted = await select(userId, query, "id", true);
    if (counted.error) throw databaseError(counted.error, counted.status);
    return { voices: [], total: counted.count ?? 0 };
  };

  return {
    /**
     * One page of a user's live voices, newest first, with their total number.
     * @throws {ApiError} unauthorized if there are none because the account was deleted
     */
    async list(userId: string, query: ListVoicesQuery): Promise<{ voices: Voice[]; total: number }> {
      const found = await readPage(userId, query);
      if (found.total === 0 && !await accounts.stands(userId)) throw accountDeleted();
      return found;
    },

    /** The key of a live voice's clip; null if the user has no such voice or it has no clip. */
    async referenceKey(userId: string, voiceId: string): Promise<string | null> {
      const row = await db.from("voices").select("reference_object_key")
        .eq("id", voiceId).eq("user_id", userId).is("deleted_at", null).retry(false).maybeSingle().then(
          parseAs(referenceRow),
        );
      return row?.reference_object_key ?? null;
    },

    /** Deletes softly; true also if it was deleted before, false if the user never had such a voice. */
    async delete(userId: string, voiceId: string): Promise<boolean> {
      const own = () => ({ id: voiceId, user_id: userId });
      const deleted = await db.from("voices").update({ deleted_at: options.now().toISOString() })
        .match(own()).is("deleted_at", null).select("id").then(parseAs(someRows));
      if (deleted.length > 0) return true;
      const earlier = db.from("voices").select("id").match(own()).retry(false).maybeSingle();
      return await earlier.then(parseAs(z.unknown())) !== null;
    },
  };
}
