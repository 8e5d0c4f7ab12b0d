import { z } from "zod";
import { accountDeleted, type Accounts } from "../accounts.ts";
import { type ListVoicesQuery, type Voice, voice } from "../contract/list_voices.ts";
import { lazy } from "../lazy.ts";
import type { Supabase } from "../supabase.ts";
import { databaseError } from "../database_answers.ts";

const COLUMNS =
  "id, name, language, source, description, reference_transcript, created_at, tts_provider, provider_voice_id, " +
  "provider_target_model, provider_voice_kind, provider_region, provider_request_id, provider_metadata";

/** PostgREST's code for a page that lies behind the last row. */
const RANGE_NOT_SATISFIABLE = "PGRST103";

/** The older flow let its columns be null. */
const rows = lazy(() =>
  z.array(
    voice().extend({
      name: z.string().nullable().transform((name) => name ?? ""),
      language: z.string().nullable().transform((language) => language ?? "Auto"),
      source: z.string().nullable().transform((source) => source ?? "uploaded"),
      created_at: z.string().nullable().transform((time) => time ?? new Date(0).toISOString()),
    }),
  )
);
const referenceRow = z.object({ reference_object_key: z.string().nullable() }).nullable();

/** A regular expression of PostgreSQL that matches this text as it stands. */
function asPattern(text: string): string {
  return `(?:${text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&")})`;
}

export type VoiceRows = ReturnType<typeof createVoiceRows>;

/**
 * The saved voices of a user. Each call throws an ApiError when the database is away, at once: supabase-js would ask
 * three times more, for up to 7 s, while the caller should come again.
 */
export function createVoiceRows(
  options: { db: Pick<Supabase["db"], "from">; accounts: Pick<Accounts, "stands">; now: () => Date },
) {
  const { db, accounts } = options;

  const select = (userId: string, query: ListVoicesQuery, columns: string, head: boolean) => {
    let request = db.from("voices").select(columns, { count: "exact", head })
      .eq("user_id", userId).is("deleted_at", null).retry(false);
    if (query.source) request = request.eq("source", query.source);
    // Not `ilike`: there PostgREST reads every `*` as a wildcard, and nothing escapes it.
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
     * One page of a user's live voices, newest first, and how many there are in all. Only where there are none, one more
     * request asks whether the account stands.
     * @throws {ApiError} unauthorized when the account was deleted
     */
    async list(userId: string, query: ListVoicesQuery): Promise<{ voices: Voice[]; total: number }> {
      const found = await readPage(userId, query);
      if (found.total === 0 && !await accounts.stands(userId)) throw accountDeleted();
      return found;
    },

    /** Where the reference of a live voice lies; null when the user has no such voice, or it has no reference. */
    async referenceKey(userId: string, voiceId: string): Promise<string | null> {
      const result = await db.from("voices").select("reference_object_key")
        .eq("id", voiceId).eq("user_id", userId).is("deleted_at", null).retry(false).maybeSingle();
      if (result.error) throw databaseError(result.error, result.status);
      return referenceRow.parse(result.data)?.reference_object_key ?? null;
    },

    /** Deletes softly; true as well when it was deleted before, false when the user never had such a voice. */
    async delete(userId: string, voiceId: string): Promise<boolean> {
      const own = () => ({ id: voiceId, user_id: userId });
      const deleted = await db.from("voices").update({ deleted_at: options.now().toISOString() })
        .match(own()).is("deleted_at", null).select("id");
      if (deleted.error) throw databaseError(deleted.error, deleted.status);
      if (deleted.data.length > 0) return true;
      const standing = await db.from("voices").select("id").match(own()).retry(false).maybeSingle();
      if (standing.error) throw databaseError(standing.error, standing.status);
      return standing.data !== null;
    },
  };
}
