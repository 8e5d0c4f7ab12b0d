// However slow everything is, a batch answers before the platform gives up.
import assert from "node:assert/strict";
import { ProviderError } from "../_shared/tts/provider_error.ts";
import type { ListedVoice } from "../_shared/tts/provider.ts";
import type { Enrollments } from "../_shared/voices/enrollments.ts";
import { createReconcile } from "../_shared/voices/reconcile.ts";
import type { ExpiredEntry, ReconcileLedger } from "../_shared/voices/reconcile_ledger.ts";
import { LEDGER_DETAILS } from "../../../tools/testkit/harness/claims.ts";
import { createElapsingClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { CALL_MS, PLATFORM_MS, refuse, silentLog } from "../../../tools/testkit/harness/setups.ts";

const OBJECTS_PAGE = 500;

type World = {
  /** Each page of the provider's list. */
  pages: number;
  pageMs: number;
  supabaseMs: number;
  /** Listed voices, expired enrollments and orphans; objects that nobody can ask for come page after page. */
  voices: number;
  expired: number;
  orphans: number;
  objects: boolean;
};

/** One batch in a world where every call takes its time: how long it took, and how it ended. */
async function runBatch(world: World): Promise<{ took: number; ended: string }> {
  const clock = createElapsingClock();
  const call = async <Result>(result: Result): Promise<Result> => {
    await clock.spend(world.supabaseMs);
    return result;
  };
  const atProvider = async (ms: number, signal: AbortSignal) => {
    await clock.spend(ms, signal).catch((cause) => {
      throw new ProviderError("no_answer", "the provider did not answer", { cause });
    });
  };
  const listed = Array.from({ length: world.voices }, (_, index): ListedVoice => ({
    createdAt: null,
    voice: {
      ...{ providerVoiceId: `voice_tokentoken ${index}`, targetModel: "model", kind: "vc", region: "intl" },
      ...{ requestId: null, metadata: {} },
    },
  }));
  const entries = Array.from({ length: world.expired }, (_, index): ExpiredEntry => ({
    user_id: crypto.randomUUID(),
    voice_id: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    ...{
      token: "tokentoken",
      state: "sending",
      region: "intl",
      details: { ...LEDGER_DETAILS, language: "English" },
    },
  }));
  let orphans = world.orphans;
  const ledger: ReconcileLedger = {
    release: () => call(0),
    expired: ({ voice_id }, limit) =>
      call(entries.filter((entry) => entry.voice_id > voice_id).slice(0, limit)),
    compare: () => call([]),
    settleAbsent: refuse("settle"),
    sort: (_region, providerVoiceIds) =>
      call(providerVoiceIds.map((provider_voice_id) => ({
        ...{ provider_voice_id, kind: "orphan" as const },
        ...{ user_id: crypto.randomUUID(), voice_id: crypto.randomUUID() },
      }))),
    recordOrphan: () => call(true),
    gone: () => call([]),
    purgeNext: () => call(orphans-- > 0 ? `orphan ${orphans}` : null),
    purgeDone: () => call(undefined),
    unclaimedUploads: (_age, limit) => call(Array.from({ length: world.objects ? limit : 0 }, () => "key")),
    eraseDetails: () => call(0),
    forgottenObjects: () =>
      call(Array.from({ length: world.objects ? OBJECTS_PAGE : 0 }, (_, index) => ({
        bucket_id: index % 2 === 0 ? "references" as const : "generations" as const,
        name: `object ${index}`,
      }))),
  };
  const enrollments: Enrollments = {
    claim: refuse("claim"),
    sending: refuse("send"),
    release: refuse("release"),
    unresolved: refuse("mark"),
    complete: () => call({ outcome: "deleted", orphaned: true }),
  };
  const remove = (keys: string[]) => call(keys.length);
  const reconcile = createReconcile({
    ledger,
    enrollments,
    references: {
      key: (userId, voiceId) => `${userId}/${voiceId}`,
      remove,
      createUploadUrl: refuse("sign"),
      inspect: refuse("look"),
      readRange: refuse("read"),
      previewUrl: refuse("sign"),
      open: () => {
        throw new Error("nobody may open a clip here");
      },
    },
    generations: { remove },
    provider: {
      name: "qwen",
      region: "intl",
      keepsVoices: true,
      inTurn: refuse("clone"),
      prepareClone: refuse("clone"),
      synthesize: null,
      findVoice: refuse("find"),
      async listVoices(signal) {
        for (let page = 0; page < world.pages; page++) await atProvider(world.pageMs, signal);
        return listed;
      },
      deleteVoice: (_id, signal) => atProvider(CALL_MS, signal),
    },
    clock,
    newAttemptId: () => crypto.randomUUID(),
  });
  const begun = clock.now();
  const ended = await reconcile({ repair: true, purge_older_than_days: 0 }, silentLog).then(
    ({ more }) => more ? "more" : "done",
    (error) => error.code ?? String(error),
  );
  return { took: clock.now() - begun, ended };
}

Deno.test("a batch answers in time, whatever takes as long as it may", async () => {
  const ends = new Set<string>();
  for (
    const [pages, pageMs] of [[1, 0], [1, CALL_MS], [5, CALL_MS], [6, CALL_MS - 1], [8, CALL_MS - 1], [
      9,
      CALL_MS,
    ]] as const
  ) {
    for (const supabaseMs of [0, 4_000, CALL_MS - 1, CALL_MS]) {
      for (const voices of [0, 1_000]) {
        for (const expired of [0, 1, 450]) {
          for (const orphans of [0, 3]) {
            for (const objects of [false, true]) {
              if (objects && supabaseMs === 0) continue;
              const world = { pages, pageMs, supabaseMs, voices, expired, orphans, objects };
              const { took, ended } = await runBatch(world);
              ends.add(ended);
              assert(took < PLATFORM_MS - 4_000, `it took ${took} ms: ${JSON.stringify(world)}`);
            }
          }
        }
      }
    }
  }
  assert.deepEqual([...ends].sort(), ["done", "more", "provider_timeout"]);
});
