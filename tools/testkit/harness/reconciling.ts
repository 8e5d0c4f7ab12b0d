import assert from "node:assert/strict";
import { createSimulatorApp } from "../../simulator/simulator.ts";
import type { ReconcileRequest } from "../../../supabase/functions/_shared/contract/internal_reconcile.ts";
import { createGenerations } from "../../../supabase/functions/_shared/storage/generations.ts";
import { createReferences } from "../../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { createEnrollments } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import { createReconcile } from "../../../supabase/functions/_shared/voices/reconcile.ts";
import { createReconcileLedger } from "../../../supabase/functions/_shared/voices/reconcile_ledger.ts";
import { enrollmentToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { createKeptLog, type Intercept, PROVIDER_KEY } from "./api.ts";
import { LEDGER_DETAILS, UNLIMITED } from "./claims.ts";
import { qwen, TARGET_MODEL } from "./dashscope.ts";
import { signUp, sql, stack } from "./project.ts";
import { createVirtualClock } from "./virtual_clocks.ts";

/** A ledger entry as a test wants it; its lease is over unless it says otherwise. */
type NewEntry = {
  userId?: string;
  state: "claimed" | "sending" | "created" | "finalized" | "rejected";
  leased?: boolean;
  unresolved?: boolean;
  region?: string;
  providerVoiceId?: string;
};

/** A row as a test wants it: of qwen, a day old. */
type NewRow = {
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
 * @param options.intercept sees each call, by the name of the database function or what is asked of provider and Storage
 */
export async function readyToReconcile(options: { intercept?: Intercept } = {}) {
  const region = `test-${crypto.randomUUID().slice(0, 8)}`;
  const user = await signUp();
  const simulator = createSimulatorApp({ apiKey: PROVIDER_KEY });
  // The virtual clock starts at the real time: the database compares what it is told with its own.
  const clock = createVirtualClock(Date.now());
  const calls: string[] = [];
  const { log, logged, events } = createKeptLog();
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
  const provider = qwen({
    baseUrl: "http://simulator.localhost",
    region,
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
    enrollments: createEnrollments({ db: supabase.db, limits: UNLIMITED }),
    ...{ references, generations, provider, clock, newAttemptId: () => crypto.randomUUID() },
  });
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
    logged,
    control,
    storage: supabase.storage,
    references,
    events,

    reconcile: (request: Partial<ReconcileRequest> = {}) =>
      reconcile({ repair: false, ...request }, log.with({ request_id: "reconciling" })),

    atProvider: (): string[] => simulator.voices().map(({ voice }) => voice).sort(),

    /** A voice at the provider under this name, made at this time; its id. */
    async seed(preferredName: string, createdAt?: string): Promise<string> {
      const before = new Set(simulator.voices().map(({ voice }) => voice));
      await control("POST", "/voices", { preferred_name: preferredName, created_at: createdAt });
      const [made] = simulator.voices().filter(({ voice }) => !before.has(voice));
      if (!made) throw new Error("no voice was seeded");
      return made.voice;
    },

    async enter(entry: NewEntry) {
      const { state, leased = false, unresolved = false } = entry;
      const userId = entry.userId ?? user.id;
      const voiceId = crypto.randomUUID();
      const name = await nameOf(userId, voiceId);
      const known = state === "created" || (state !== "finalized" && state !== "rejected") || unresolved;
      await sql`
        insert into private.voice_enrollments (user_id, voice_id, attempt_id, token, state, lease_expires_at,
          unresolved_since, region, details, fingerprint, provider_voice_id, provider_target_model,
          provider_voice_kind)
        values (${userId}, ${voiceId}, ${crypto.randomUUID()}, ${name.slice(6)}, ${state},
          clock_timestamp() + ${leased ? "1 hour" : "-1 second"}::interval,
          ${unresolved ? sql`clock_timestamp()` : null}, ${entry.region ?? region},
          ${known ? sql.json(LEDGER_DETAILS) : null}, private.fingerprint(${sql.json(LEDGER_DETAILS)}),
          ${entry.providerVoiceId ?? null}, ${entry.providerVoiceId ? TARGET_MODEL : null},
          ${entry.providerVoiceId ? "vc" : null})`;
      return { userId, voiceId, name };
    },

    async addRow(row: NewRow): Promise<string> {
      const voiceId = row.voiceId ?? crypto.randomUUID();
      const userId = row.userId ?? user.id;
      const isQwen = row.provider !== "modal";
      await sql`
        insert into public.voices (id, user_id, name, reference_object_key, reference_transcript, language,
          tts_provider, provider_voice_id, provider_target_model, provider_voice_kind, provider_region,
          created_at, deleted_at)
        values (${voiceId}, ${userId}, 'Grace', ${references.key(userId, voiceId)}, 'Hello.', 'English',
          ${isQwen ? "qwen" : "modal"}, ${row.providerVoiceId ?? null}, ${isQwen ? TARGET_MODEL : null},
          ${isQwen ? "vc" : null}, ${isQwen ? region : null},
          clock_timestamp() - make_interval(secs => ${row.ageSeconds ?? 86_400}),
          ${row.deleted ? sql`clock_timestamp()` : null})`;
      return voiceId;
    },

    /** The provider voices recorded as orphans here: id, reason, and whether it is being or was purged; in order. */
    async orphans() {
      const rows = await sql`
        select provider_voice_id, reason, purging_at is not null as purging, purged_at is not null as purged
        from private.orphaned_voices where region = ${region} order by provider_voice_id`;
      return rows.map(({ provider_voice_id, reason, purging, purged }) => [
        ...[provider_voice_id, reason, purged ? "purged" : purging ? "purging" : ""],
      ]);
    },

    /** Makes an orphan, or all of this region's, this old. */
    age: (seconds: number, providerVoiceId?: string) =>
      sql`
        update private.orphaned_voices set seen_at = clock_timestamp() - make_interval(secs => ${seconds})
        where region = ${region} and ${
        providerVoiceId ? sql`provider_voice_id = ${providerVoiceId}` : sql`true`
      }`,
  };
}

export type Reconciling = Awaited<ReturnType<typeof readyToReconcile>>;

/** Everything that finalize and reconcile may change, whole: tables, and the names of stored clips. */
export const everything = async (): Promise<string> =>
  JSON.stringify([
    await sql`select * from private.voice_enrollments order by user_id, voice_id`,
    await sql`select * from private.orphaned_voices order by region, provider_voice_id`,
    await sql`select * from private.clone_sendings order by attempt_id`,
    await sql`select * from private.ids_without_token order by region`,
    await sql`select * from private.voice_lists order by region, listed_at`,
    await sql`select * from private.listed_voices order by region, provider_voice_id`,
    await sql`select * from public.voices order by id`,
    await sql`select bucket_id, name from storage.objects order by bucket_id, name`,
  ]);

const AUDIO = new Uint8Array([82, 73, 70, 70]);
export type Bucket = "references" | "generations";

/** Stores an object, as if so many hours ago; what it is called among others, bucket first. */
export async function store(ready: Reconciling, bucket: Bucket, key: string, hours = 1): Promise<string> {
  const { error } = await ready.storage.from(bucket).upload(key, AUDIO, { contentType: "audio/wav" });
  assert.equal(error, null);
  await sql`update storage.objects set created_at = clock_timestamp() - make_interval(secs => ${
    hours * 3_600
  })
    where bucket_id = ${bucket} and name = ${key}`;
  return `${bucket}/${key}`;
}

/** Which of these objects are there, read through Storage. */
export async function stored(ready: Reconciling, objects: string[]): Promise<string[]> {
  const found = await Promise.all(objects.map(async (object) => {
    const [bucket = "", ...key] = object.split("/");
    const question = { method: "GET", of: bucket, key: key.join("/") } as const;
    return await ready.storage.ask(question, async (response) => {
      await response.arrayBuffer();
      return response.ok ? [object] : [];
    });
  }));
  return found.flat();
}

/** Clips of nobody's, of which one is stored; the other rows are enough, for they are what the bucket lists. */
export async function storeMany(ready: Reconciling, count: number, hours = 1): Promise<string[]> {
  const nobody = crypto.randomUUID();
  const names = Array.from({ length: count }, () => `${nobody}/${crypto.randomUUID()}/reference.wav`);
  const [first = "", ...rest] = names;
  await store(ready, "references", first, hours);
  await sql`
    insert into storage.objects (bucket_id, name, metadata, created_at)
    select bucket_id, unnest(${rest}::text[]), metadata, created_at from storage.objects where name = ${first}`;
  return names;
}

export const forget = (names: string[]) => sql`delete from storage.objects where name = any(${names})`;
