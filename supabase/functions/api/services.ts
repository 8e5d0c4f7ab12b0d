import { createAccounts } from "../_shared/accounts.ts";
import { type Clock, createClock } from "../_shared/clock.ts";
import type { Config } from "../_shared/config.ts";
import type { Environment } from "../_shared/environment.ts";
import { createGenerate } from "../_shared/generations/generate.ts";
import { createTasks } from "../_shared/generations/tasks.ts";
import { once } from "../_shared/once.ts";
import { createGenerations } from "../_shared/storage/generations.ts";
import { createReferences } from "../_shared/storage/references.ts";
import { createSupabase } from "../_shared/supabase.ts";
import type { TtsProvider } from "../_shared/tts/provider.ts";
import type { createFinalize } from "../_shared/voices/finalize.ts";
import { enrollmentToken } from "../_shared/tts/token.ts";
import { createUploads } from "../_shared/voices/uploads.ts";
import { createVoiceRows } from "../_shared/voices/voice_rows.ts";

/** Chooses the provider that the configuration names, and loads that one alone. */
async function createProvider(
  config: Config,
  { fetch: send, clock }: { fetch: typeof fetch | undefined; clock: Clock },
): Promise<TtsProvider> {
  if (config.qwen === undefined) {
    const { createModal } = await import("../_shared/tts/providers/modal.ts");
    return createModal();
  }
  const { createQwen } = await import("../_shared/tts/providers/qwen.ts");
  return createQwen({ ...config.qwen, fetch: send, timeout: clock.timeout });
}

/** A look at the provider's account; null in modal mode. */
async function loadLook(
  { qwen }: Config,
  { fetch: send, clock }: { fetch: typeof fetch | undefined; clock: Clock },
) {
  if (qwen === undefined) return null;
  const [{ createQwenAccount }, { otherRegion }] = await Promise.all([
    import("../_shared/tts/providers/qwen_account.ts"),
    import("../_shared/config_schema.ts"),
  ]);
  const elsewhere = otherRegion(qwen);
  return createQwenAccount({ ...qwen, elsewhere, fetch: send, timeout: clock.timeout }).look;
}

/**
 * Everything the routes need, wired once for a process. `fetch` and `clock` are for tests.
 * @param options.environment what `config` was made of: the operator sees which variables are set
 */
export async function createServices(
  config: Config,
  options: { environment?: Environment; fetch?: typeof fetch; clock?: Clock } = {},
) {
  const clock = options.clock ?? createClock();
  const provider = await createProvider(config, { fetch: options.fetch, clock });
  const supabase = createSupabase({ ...config.supabase, fetch: options.fetch, clock });
  const references = createReferences({ storage: supabase.storage, publicUrl: config.supabase.publicUrl });
  const generations = createGenerations({ storage: supabase.storage, publicUrl: config.supabase.publicUrl });
  const tasks = createTasks({ db: supabase.db });
  const accounts = createAccounts({ db: supabase.db });

  /** The ledger is needed by the first finalize, and by the operator. */
  const loadEnrollments = async () => {
    const { createEnrollments } = await import("../_shared/voices/enrollments.ts");
    return createEnrollments({ db: supabase.db, limits: config.limits });
  };

  /** What clones is needed by the first finalize. */
  const loadFinalize = once(async () => {
    const [enrollments, { createReferenceCheck }, { createFinalize }] = await Promise.all([
      loadEnrollments(),
      import("../_shared/audio/reference_check.ts"),
      import("../_shared/voices/finalize.ts"),
    ]);
    return createFinalize({
      enrollments,
      references,
      provider,
      clock,
      createTimeoutMs: config.qwen?.timeoutMs ?? 0,
      newAttemptId: () => crypto.randomUUID(),
      checkReference: createReferenceCheck({ references, policy: config.referenceAudioPolicy }),
      tokenOf: enrollmentToken,
    });
  });

  /** What speaks is needed by the first text, and by workers. */
  const loadSpeak = async () => {
    const { createSpeak } = await import("../_shared/generations/speak.ts");
    const synthesisTimeoutMs = config.qwen?.timeoutMs ?? 0;
    return createSpeak({
      tasks,
      generations,
      provider,
      clock,
      synthesisTimeoutMs,
      newLeaseId: () => crypto.randomUUID(),
    });
  };

  return {
    config,
    verifyToken: supabase.verifyToken,
    accounts,
    references,
    uploads: createUploads({
      db: supabase.db,
      references,
      perHour: config.limits.uploadUrlsPerHour,
      newVoiceId: () => crypto.randomUUID(),
    }),
    voices: createVoiceRows({ db: supabase.db, accounts, now: () => new Date(clock.now()) }),
    finalize: async (...asked: Parameters<ReturnType<typeof createFinalize>>) =>
      await (await loadFinalize())(...asked),
    tasks,
    generations,
    generate: createGenerate({
      tasks,
      generations,
      provider,
      clock,
      newId: () => crypto.randomUUID(),
      loadSpeak,
    }),
    /** Only the operator's route needs it. */
    async loadWork() {
      const { createWork } = await import("../_shared/generations/work.ts");
      return createWork({ speak: await loadSpeak(), clock });
    },
    /** Only the operator's route needs it. */
    async loadReconcile() {
      const [enrollments, { createReconcile }, { createReconcileLedger }] = await Promise.all([
        loadEnrollments(),
        import("../_shared/voices/reconcile.ts"),
        import("../_shared/voices/reconcile_ledger.ts"),
      ]);
      const ledger = createReconcileLedger({ db: supabase.db });
      const newAttemptId = () => crypto.randomUUID();
      return createReconcile({
        ledger,
        enrollments,
        references,
        generations,
        provider,
        clock,
        newAttemptId,
      });
    },
    /** Only the operator's route needs it. */
    async loadCheck() {
      const [{ createCheck }, { readVariables }, look] = await Promise.all([
        import("../_shared/deployment/check.ts"),
        import("../_shared/config_schema.ts"),
        loadLook(config, { fetch: options.fetch, clock }),
      ]);
      const variables = readVariables(options.environment ?? {});
      return createCheck({ config, runtime: navigator.userAgent, variables, db: supabase.db, look, clock });
    },
  };
}

export type Services = Awaited<ReturnType<typeof createServices>>;
