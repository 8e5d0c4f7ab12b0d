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

type Http = { fetch: typeof fetch | undefined; timeout: Clock["timeout"] };

/** Loads the configured provider. */
async function createProvider({ qwen }: Config, http: Http): Promise<TtsProvider> {
  if (qwen === undefined) {
    const { createModal } = await import("../_shared/tts/providers/modal.ts");
    return createModal();
  }
  const { createQwen } = await import("../_shared/tts/providers/qwen.ts");
  return createQwen({ ...qwen, ...http });
}

/** Lists the voices of the provider's account; null in modal mode. */
async function loadLook({ qwen }: Config, http: Http) {
  if (qwen === undefined) return null;
  const [{ createQwenAccount }, { otherRegion }] = await Promise.all([
    import("../_shared/tts/providers/qwen_account.ts"),
    import("../_shared/config_schema.ts"),
  ]);
  return createQwenAccount({ ...qwen, elsewhere: otherRegion(qwen), ...http }).look;
}

/**
 * Wires what the routes need, once per process. `fetch` and `clock` are for tests.
 * @param options.environment for `POST /internal/check`, which reports the variables that are set
 */
export async function createServices(
  config: Config,
  options: { environment?: Environment; fetch?: typeof fetch; clock?: Clock } = {},
) {
  const clock = options.clock ?? createClock();
  const http = { fetch: options.fetch, timeout: clock.timeout };
  const timeoutMs = config.qwen?.timeoutMs ?? 0;
  const newId = () => crypto.randomUUID();
  const provider = await createProvider(config, http);
  const { db, storage, verifyToken } = createSupabase({ ...config.supabase, fetch: options.fetch, clock });
  const { publicUrl } = config.supabase;
  const references = createReferences({ storage, publicUrl });
  const generations = createGenerations({ storage, publicUrl });
  const tasks = createTasks({ db });
  const accounts = createAccounts({ db });

  const loadEnrollments = async () => {
    const { createEnrollments } = await import("../_shared/voices/enrollments.ts");
    return createEnrollments({ db, limits: config.limits });
  };

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
      createTimeoutMs: timeoutMs,
      newAttemptId: newId,
      checkReference: createReferenceCheck({ references, policy: config.referenceAudioPolicy }),
      tokenOf: enrollmentToken,
    });
  });

  const loadSpeak = async () => {
    const { createSpeak } = await import("../_shared/generations/speak.ts");
    return createSpeak({
      tasks,
      generations,
      provider,
      clock,
      synthesisTimeoutMs: timeoutMs,
      newLeaseId: newId,
    });
  };

  return {
    config,
    verifyToken,
    accounts,
    references,
    uploads: createUploads({ db, references, perHour: config.limits.uploadUrlsPerHour, newVoiceId: newId }),
    voices: createVoiceRows({ db, accounts, now: () => new Date(clock.now()) }),
    finalize: async (...asked: Parameters<ReturnType<typeof createFinalize>>) =>
      await (await loadFinalize())(...asked),
    tasks,
    generations,
    generate: createGenerate({ tasks, generations, provider, clock, newId, loadSpeak }),
    async loadWork() {
      const { createWork } = await import("../_shared/generations/work.ts");
      return createWork({ speak: await loadSpeak(), clock });
    },
    async loadReconcile() {
      const [enrollments, { createReconcile }, { createReconcileLedger }] = await Promise.all([
        loadEnrollments(),
        import("../_shared/voices/reconcile.ts"),
        import("../_shared/voices/reconcile_ledger.ts"),
      ]);
      return createReconcile({
        ledger: createReconcileLedger({ db }),
        enrollments,
        references,
        generations,
        provider,
        clock,
        newAttemptId: newId,
      });
    },
    async loadCheck() {
      const [{ createCheck }, { readVariables }, look] = await Promise.all([
        import("../_shared/deployment/check.ts"),
        import("../_shared/config_schema.ts"),
        loadLook(config, http),
      ]);
      const variables = readVariables(options.environment ?? {});
      return createCheck({ config, runtime: navigator.userAgent, variables, db, look, clock });
    },
  };
}

export type Services = Awaited<ReturnType<typeof createServices>>;
