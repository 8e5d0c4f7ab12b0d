import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { type CheckReport, databaseFacts } from "../contract/internal_check.ts";
import type { Supabase } from "../supabase.ts";
import type { ProviderError } from "../tts/provider_error.ts";

/** The timeout of the provider's requests, in milliseconds. */
const PROVIDER_MS = 30_000;
/** The codes of a missing function: PostgREST's, and PostgreSQL's if PostgREST's schema cache is stale. */
const NO_SUCH_FUNCTION = ["PGRST202", "42883"];

type Look = { region: string; voices: number | null; failure: ProviderError | null };

export type CheckOptions = {
  config: Config;
  /** `navigator.userAgent` of the process. */
  runtime: string;
  variables: CheckReport["variables"];
  db: Pick<Supabase["db"], "rpc">;
  /** Lists the provider's voices; null in modal mode. */
  look: ((signal: AbortSignal) => Promise<{ here: Look; elsewhere: Look | null }>) | null;
  clock: Clock;
};

/** Reports on configuration, provider and database, and changes nothing. Failures are part of the report. */
export function createCheck(options: CheckOptions) {
  const { config, runtime, variables, db, look, clock } = options;

  const askDatabase = async (): Promise<Pick<CheckReport, "clock" | "database">> => {
    const askedAt = new Date(clock.now()).toISOString();
    const { data, error, status } = await db.rpc("deployment_facts");
    const answeredAt = new Date(clock.now()).toISOString();
    const answer = { asked_at: askedAt, answered_at: answeredAt };
    const facts = error ? undefined : databaseFacts().safeParse(data).data;
    if (facts) return { clock: answer, database: { facts, failure: null } };
    // Without an error, the function is another version's.
    const isMissing = !error || NO_SUCH_FUNCTION.includes(error.code);
    const passes = status === 0 || status >= 500 || status === 429;
    const failure = isMissing ? "not_migrated" : passes ? "unavailable" : "refused";
    return { clock: answer, database: { facts: null, failure } };
  };

  const askProvider = async (): Promise<CheckReport["provider"]> => {
    if (look === null) return null;
    const { here, elsewhere } = await look(clock.timeout(PROVIDER_MS));
    return { here: reportOf(here), elsewhere: elsewhere && reportOf(elsewhere) };
  };

  return async (): Promise<CheckReport> => {
    const [provider, database] = await Promise.all([askProvider(), askDatabase()]);
    return { configuration: withoutKeys(config), runtime, variables, provider, ...database };
  };
}

function reportOf({ region, voices, failure }: Look): NonNullable<CheckReport["provider"]>["here"] {
  return {
    region,
    voices,
    failure: failure && {
      category: failure.category,
      status: failure.status ?? null,
      provider_code: failure.providerCode ?? null,
    },
  };
}

/** Names every field, so that a new one is not shown by accident. */
function withoutKeys({ supabase, qwen, ...config }: Config): CheckReport["configuration"] {
  return {
    mode: config.mode,
    supabase_url: supabase.url,
    public_url: supabase.publicUrl,
    allowed_origins: config.allowedOrigins,
    reference_audio_policy: config.referenceAudioPolicy,
    max_text_chars: config.maxTextChars,
    limits: {
      clone_attempts_per_hour: config.limits.attemptsPerHour,
      clones_per_hour: config.limits.perHour,
      clones_per_day: config.limits.perDay,
      upload_urls_per_hour: config.limits.uploadUrlsPerHour,
    },
    qwen: qwen
      ? {
        region: qwen.region,
        base_url: qwen.baseUrl,
        target_model: qwen.targetModel,
        delivery: qwen.delivery,
        signed_url_ttl_seconds: qwen.signedUrlTtlSeconds,
        timeout_ms: qwen.timeoutMs,
      }
      : null,
  };
}
