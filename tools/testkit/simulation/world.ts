import { createReconcile } from "../../../supabase/functions/_shared/voices/reconcile.ts";
import { createFinalize } from "../../../supabase/functions/_shared/voices/finalize.ts";
import { ApiError } from "../../../supabase/functions/_shared/errors.ts";
import type { Clock } from "../../../supabase/functions/_shared/clock.ts";
import { createLog } from "../../../supabase/functions/_shared/log.ts";
import type { FinalizeRequest } from "../../../supabase/functions/_shared/contract/finalize_voice.ts";
import { carriesToken } from "../../../supabase/functions/_shared/tts/token.ts";
import type { TtsProvider } from "../../../supabase/functions/_shared/tts/provider.ts";
import { createModal } from "../../../supabase/functions/_shared/tts/providers/modal.ts";
import { createQwen } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import type { CloneLimits, Enrollments } from "../../../supabase/functions/_shared/voices/enrollments.ts";
import type { ReconcileLedger } from "../../../supabase/functions/_shared/voices/reconcile_ledger.ts";
import { createFakeEnrollments } from "./fake_enrollments.ts";
import { type CreateAnswer, createFakeFetch, createProviderState } from "./fake_provider.ts";
import { createFakeReconcileLedger } from "./fake_reconcile_ledger.ts";
import { createFakeReferenceCheck, createFakeReferences, type Uploads } from "./fake_references.ts";
import type { IdShape } from "../../simulator/voice_id_shapes.ts";
import { createLedgerState } from "./ledger_state.ts";
import { createProcess, type FaultPlan, type Process } from "./process.ts";
import type { Scheduler } from "./scheduler.ts";

/** The parts that a mutation may put its own in the place of. */
export type Mutation = {
  enrollments?: (real: Enrollments, world: World) => Partial<Enrollments>;
  ledger?: (real: ReconcileLedger, world: World) => Partial<ReconcileLedger>;
  provider?: (real: TtsProvider, world: World) => Partial<TtsProvider>;
  /** The clock of one process, as finalize and reconcile read it. */
  clock?: (real: Clock) => Clock;
  /** The rule matters with voice ids of this shape alone. */
  idShape?: IdShape;
};

export type Answered = {
  voiceId: string;
  status: number;
  code: string | null;
  body: { id: string; name: string } | null;
};

export type World = ReturnType<typeof createWorld>;

const CREATE_TIMEOUT_MS = 60_000;

/** Ten characters of `[a-z0-9]` that stand for a voice here; the real token's hash would not settle in virtual time. */
export const tokenOf = (voiceId: string): string => voiceId.replaceAll("-", "").slice(-10);

const databaseAway = () => new ApiError("database_unavailable", "The database is not available right now.");

/** Every call of a ledger made by a process, with whatever may happen to it on the way. */
function throughProcess<Ledger extends object>(ledger: Ledger, process: Process): Ledger {
  return new Proxy(ledger, {
    get: (target, property, receiver) => {
      const method = Reflect.get(target, property, receiver);
      if (typeof method !== "function") return method;
      return (...args: unknown[]) =>
        process.call({
          name: `ledger.${String(property)}`,
          effect: () => method.apply(target, args),
          failure: databaseAway,
          signal: args.find((argument) => argument instanceof AbortSignal),
        });
    },
  });
}

/** Provider, storage, database and the processes between them. */
export function createWorld(options: {
  scheduler: Scheduler;
  plan: FaultPlan;
  drawAnswer: () => CreateAnswer;
  drawFailure: () => 429 | 500 | null;
  users: string[];
  idShape: IdShape;
  listLagMs: number;
  limits: CloneLimits;
  mutation?: Mutation;
  trace: (line: string) => void;
}) {
  const { scheduler, mutation = {}, trace } = options;
  const provider = createProviderState({ idShape: options.idShape, listLagMs: options.listLagMs });
  const ledger = createLedgerState(options.users);
  const uploads: Uploads = new Map();
  const answers: Answered[] = [];
  const logged: string[] = [];
  const violations: string[] = [];
  /** Attempts that marked a create as sent when it was known that voice ids do not carry the token. */
  const sentWithoutToken = new Set<string>();
  let processes = 0;

  /** What only a defect can cause: a create by somebody superseded, or over an outcome that nobody has looked up. */
  const checkCreate = (token: string, attempt: string) => {
    const holds = ({ attemptId }: { attemptId: string }) =>
      [...ledger.entries.values()].some((entry) => entry.token === token && entry.attemptId === attemptId);
    const holder = [...ledger.sendings.values()].filter(holds).at(-1)?.attemptId;
    if (holder !== undefined && holder !== attempt) {
      violations.push(`create of ${token} by ${attempt}, who was superseded`);
    }
    for (const before of provider.creates.filter((create) => create.token === token)) {
      const proved = ledger.provedAbsent.findLast((one) => one.token === token && one.at >= before.sentAt);
      if (proved) {
        if ((before.landedAt ?? Infinity) <= proved.at) {
          violations.push(`create of ${token} although ${before.voice} was made before it was proved absent`);
        }
        continue;
      }
      const looked = provider.lists.findLast((list) => list.attempt === attempt && list.time >= before.sentAt)
        ?.time;
      if (looked === undefined && !before.learnt) {
        violations.push(`create of ${token} over an unknown outcome, not looked up`);
      }
      if (!before.learnt && sentWithoutToken.has(attempt)) {
        violations.push(`create of ${token} over an unknown outcome that no look-up settles`);
      }
      if (
        before.voice && provider.voices.has(before.voice) && carriesToken(before.voice, token) &&
        looked !== undefined &&
        (before.landedAt ?? Infinity) + provider.listLagMs <= looked
      ) {
        violations.push(`create of ${token} although ${before.voice} was there to be found`);
      }
    }
  };

  const world = {
    scheduler,
    provider,
    ledger,
    uploads,
    answers,
    logged,
    violations,
    trace,
    mode: "qwen" as "qwen" | "modal",
    region: "intl",

    /** A process with services of its own, as the configuration stands at this moment. */
    start(purpose: string) {
      const process = createProcess({
        name: `${purpose}#${++processes}`,
        scheduler,
        plan: options.plan,
        trace,
      });
      const attempts: string[] = [];
      const newAttemptId = () => {
        const id = `${process.name}/${attempts.length}`;
        attempts.push(id);
        return id;
      };
      const realProvider = world.mode === "modal" ? createModal() : createQwen({
        apiKey: "sk-simulation-key",
        baseUrl: "https://provider.invalid",
        region: world.region,
        targetModel: "qwen3-tts-vc-2026-01-22",
        delivery: "signed_url",
        signedUrlTtlSeconds: 300,
        timeout: process.clock.timeout,
        fetch: createFakeFetch({
          process,
          scheduler,
          state: provider,
          region: world.region,
          attempt: () => attempts.at(-1) ?? "",
          drawAnswer: options.drawAnswer,
          drawFailure: options.drawFailure,
          hasClip: (key) => uploads.has(key),
          onCreate: checkCreate,
        }),
      });
      const now = () => scheduler.now();
      const fake = createFakeEnrollments({ state: ledger, now, limits: options.limits });
      const enrollments: Enrollments = {
        ...fake,
        sending(attempt, create, signal) {
          if (ledger.idsWithoutToken.has(create.region)) sentWithoutToken.add(attempt.attemptId);
          return fake.sending(attempt, create, signal);
        },
      };
      const reconcileLedger = createFakeReconcileLedger({
        state: ledger,
        now,
        uploadsOlderThan: (seconds) =>
          [...uploads.keys()].filter((name) => (uploads.get(name)?.uploadedAt ?? 0) < now() - seconds * 1000),
      });
      const services = {
        provider: { ...realProvider, ...mutation.provider?.(realProvider, world) },
        enrollments: throughProcess(
          { ...enrollments, ...mutation.enrollments?.(enrollments, world) },
          process,
        ),
        ledger: throughProcess({ ...reconcileLedger, ...mutation.ledger?.(reconcileLedger, world) }, process),
        references: createFakeReferences({ process, uploads }),
        generations: { remove: () => Promise.reject(new Error("nothing is spoken in the simulation")) },
        clock: mutation.clock?.(process.clock) ?? process.clock,
        newAttemptId,
      };
      const log = createLog({
        write: (_level, line) => logged.push(line),
        now: () => new Date(scheduler.now()),
      });

      return {
        process,
        finalize: (userId: string, request: FinalizeRequest) =>
          createFinalize({
            ...services,
            checkReference: createFakeReferenceCheck({ process, uploads }),
            createTimeoutMs: CREATE_TIMEOUT_MS,
            tokenOf: (_userId, voiceId) => Promise.resolve(tokenOf(voiceId)),
          })(userId, request, log),
        reconcile: (request: Parameters<ReturnType<typeof createReconcile>>[0]) =>
          createReconcile(services)(request, log),
      };
    },

    /** One request of a client; null when its process died, and the client saw the connection break. */
    async request(userId: string, body: FinalizeRequest): Promise<Answered | null> {
      const { process, finalize } = world.start(`finalize.${body.voice_id.slice(0, 2)}`);
      const finished = finalize(userId, body).then(
        (answer) => ({ status: 200, code: null, body: answer }),
        (error) => {
          if (!(error instanceof ApiError)) violations.push(`an error that is none of ours: ${error}`);
          return { status: error.status ?? 500, code: error.code ?? "internal", body: null };
        },
      );
      const ended = await Promise.race([finished, process.killed.then(() => null)]);
      if (ended === null) return null;
      const answered = { voiceId: body.voice_id, ...ended };
      answers.push(answered);
      trace(`${process.name} answers ${answered.status} ${answered.code ?? ""}`);
      return answered;
    },
  };
  return world;
}
