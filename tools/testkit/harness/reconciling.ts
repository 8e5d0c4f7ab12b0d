import type postgres from "postgres";
import { createSimulatorApp } from "../../simulator/simulator.ts";
import type { ReconcileRequest } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { createLog } from "../../../supabase/functions/_shared/log.ts";
import { createGenerations } from "../../../supabase/functions/_shared/storage/generations.ts";
import { createReferences } from "../../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { createQwen } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import { createEnrollments } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import { createReconcile } from "../../../supabase/functions/_shared/voices/reconcile.ts";
import { createReconcileLedger } from "../../../supabase/functions/_shared/voices/reconcile_ledger.ts";
import { enrollmentToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { PROVIDER_KEY } from "./api.ts";
import { createVirtualClock } from "./clock.ts";
import { LEDGER_DETAILS } from "./claims.ts";
import { withDatabase } from "./database.ts";
import { keepLogLine } from "./kept_log.ts";
import { stack } from "./stack.ts";
import { signUp } from "./users.ts";

const TARGET_MODEL = "qwen3-tts-vc-2026-01-22";

/** Sees a call before it is made, by the name of the database function or what is asked of provider and Storage. */
export type InterceptCall = (
  call: string,
  send: () => Promise<Response>,
) => Response | Promise<Response> | undefined;

/** A ledger entry as a test wants it; its lease is over unless it says otherwise. */
export type NewEntry = {
  userId?: string;
  state: "claimed" | "sending" | "created" | "finalized" | "rejected";
  leased?: boolean;
  unresolved?: boolean;
  region?: string;
  /** With `created`. */
  providerVoiceId?: string;
};

/** A row as a test wants it: of qwen, a day old. */
export type NewRow = {
  userId?: string;
  voiceId?: string;
  provider?: "qwen" | "modal";
  providerVoiceId?: string;
  deleted?: boolean;
  ageSeconds?: number;
};

/**
 * Reconcile over the tests' database and a simulated provider account in a region of its own, so that what other tests
 * left in the ledger is not its business. Pauses take no time.
 */
export async function readyToReconcile(options: { intercept?: InterceptCall } = {}) {
  const region = `test-${crypto.randomUUID().slice(0, 8)}`;
  const user = await signUp();
  const simulator = createSimulatorApp({ apiKey: PROVIDER_KEY });
  // The virtual clock starts at the real time: the database compares what it is told with its own.
  const clock = createVirtualClock(Date.now());
  const calls: string[] = [];
  const logged: string[] = [];
  const watch = (call: string, send: () => Promise<Response>) => {
    calls.push(call);
    return Promise.resolve(options.intercept?.(call, send) ?? send());
  };

  const supabase = createSupabase({
    url: stack.supabase_url,
    secretKey: stack.secret_key,
    clock,
    fetch: (input, init) => {
      const request = new Request(input, init);
      const { pathname } = new URL(request.url);
      const call = pathname.startsWith("/rest/v1/rpc/")
        ? pathname.slice("/rest/v1/rpc/".length)
        : `storage.${request.method.toLowerCase()}`;
      return watch(call, () => fetch(request));
    },
  });
  const provider = createQwen({
    apiKey: PROVIDER_KEY,
    baseUrl: "http://simulator.localhost",
    region,
    targetModel: TARGET_MODEL,
    delivery: "signed_url",
    signedUrlTtlSeconds: 300,
    timeout: clock.timeout,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const { input: asked } = await request.clone().json();
      return await watch(`provider.${asked.action}`, () => simulator.fetch(request));
    },
  });
  const references = createReferences({ storage: supabase.storage, publicUrl: stack.supabase_url });
  const generations = createGenerations({ storage: supabase.storage, publicUrl: stack.supabase_url });
  const reconcile = createReconcile({
    ledger: createReconcileLedger({ db: supabase.db }),
    enrollments: createEnrollments({
      db: supabase.db,
      limits: { attemptsPerHour: 1000, perHour: 1000, perDay: 1000 },
    }),
    references,
    generations,
    provider,
    clock,
    newAttemptId: () => crypto.randomUUID(),
  });
  const write = (_level: string, line: string) => {
    logged.push(line);
    keepLogLine(line);
  };
  const log = createLog({ write, now: () => new Date() }).with({ request_id: "reconciling" });

  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const request = new Request(`http://simulator.localhost/control${path}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return await (await simulator.fetch(request)).json();
  };
  const nameOf = async (userId: string, voiceId: string) => `grace_${await enrollmentToken(userId, voiceId)}`;

  return {
    region,
    userId: user.id,
    clock,
    /** What was asked of database, provider and Storage, in order. */
    calls,
    simulator,
    /** Every line that was logged. */
    logged,
    control,
    storage: supabase.storage,
    references,
    events: (name: string): Record<string, unknown>[] =>
      logged.map((line) => JSON.parse(line)).filter((event) => event.event === name),

    /** One batch. */
    reconcile: (request: Partial<ReconcileRequest> = {}) => reconcile({ repair: false, ...request }, log),

    /** The ids of the provider's voices, in order. */
    atProvider: (): string[] => simulator.voices().map(({ voice }) => voice).sort(),

    /** A voice at the provider under this name, made at this time; its id. */
    async seed(preferredName: string, createdAt?: string): Promise<string> {
      const before = new Set(simulator.voices().map(({ voice }) => voice));
      await control("POST", "/voices", { preferred_name: preferredName, created_at: createdAt });
      const [made] = simulator.voices().filter(({ voice }) => !before.has(voice));
      if (!made) throw new Error("no voice was seeded");
      return made.voice;
    },

    /** A ledger entry; its voice id and the name its provider voice carries. */
    async enter(entry: NewEntry) {
      const { state, leased = false, unresolved = false } = entry;
      const userId = entry.userId ?? user.id;
      const voiceId = crypto.randomUUID();
      const name = await nameOf(userId, voiceId);
      const known = state === "created" || (state !== "finalized" && state !== "rejected") || unresolved;
      await withDatabase((sql) =>
        sql`
          insert into private.voice_enrollments (user_id, voice_id, attempt_id, token, state, lease_expires_at,
            unresolved_since, region, details, fingerprint, provider_voice_id, provider_target_model,
            provider_voice_kind)
          values (${userId}, ${voiceId}, ${crypto.randomUUID()}, ${name.slice(6)}, ${state},
            clock_timestamp() + ${leased ? "1 hour" : "-1 second"}::interval,
            ${unresolved ? sql`clock_timestamp()` : null}, ${entry.region ?? region},
            ${known ? sql.json(LEDGER_DETAILS) : null}, private.fingerprint(${sql.json(LEDGER_DETAILS)}),
            ${entry.providerVoiceId ?? null}, ${entry.providerVoiceId ? TARGET_MODEL : null},
            ${entry.providerVoiceId ? "vc" : null})`
      );
      return { userId, voiceId, name };
    },

    /** A `voices` row; its id. */
    async addRow(row: NewRow): Promise<string> {
      const voiceId = row.voiceId ?? crypto.randomUUID();
      const userId = row.userId ?? user.id;
      const isQwen = row.provider !== "modal";
      await withDatabase((sql) =>
        sql`
          insert into public.voices (id, user_id, name, reference_object_key, reference_transcript, language,
            tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region,
            created_at, deleted_at)
          values (${voiceId}, ${userId}, 'Grace', ${references.key(userId, voiceId)}, 'Hello.', 'English',
            ${isQwen ? "qwen" : "modal"}, ${row.providerVoiceId ?? null}, ${isQwen ? TARGET_MODEL : null},
            ${isQwen ? "vc" : null}, ${isQwen ? region : null},
            clock_timestamp() - make_interval(secs => ${row.ageSeconds ?? 86_400}),
            ${row.deleted ? sql`clock_timestamp()` : null})`
      );
      return voiceId;
    },

    /** The provider voices recorded as orphans here: id, reason, and whether it is being or was purged; in order. */
    orphans: () =>
      withDatabase(async (sql) =>
        (await sql`
          select provider_voice_id, reason, purging_at is not null as purging, purged_at is not null as purged
          from private.orphaned_voices where region = ${region} order by provider_voice_id`)
          .map((
            row,
          ) => [row.provider_voice_id, row.reason, row.purged ? "purged" : row.purging ? "purging" : ""])
      ),

    /** Makes an orphan, or all of this region's, this old. */
    age: (seconds: number, providerVoiceId?: string) =>
      withDatabase((sql) =>
        sql`
          update private.orphaned_voices set seen_at = clock_timestamp() - make_interval(secs => ${seconds})
          where region = ${region} and ${
          providerVoiceId ? sql`provider_voice_id = ${providerVoiceId}` : sql`true`
        }`
      ),
  };
}

export type Reconciling = Awaited<ReturnType<typeof readyToReconcile>>;

/** Everything that finalize and reconcile may change, whole: tables, and the names of stored clips. */
export function everything(): Promise<string> {
  return withDatabase(async (sql: postgres.Sql) =>
    JSON.stringify([
      await sql`select * from private.voice_enrollments order by user_id, voice_id`,
      await sql`select * from private.orphaned_voices order by region, provider_voice_id`,
      await sql`select * from private.clone_sendings order by attempt_id`,
      await sql`select * from private.ids_without_token order by region`,
      await sql`select * from private.voice_lists order by region, listed_at`,
      await sql`select * from private.listed_voices order by region, provider_voice_id`,
      await sql`select * from public.voices order by id`,
      await sql`select bucket_id, name from storage.objects order by bucket_id, name`,
    ])
  );
}
