// However slow everything is, a finalize answers before the platform gives up.
import assert from "node:assert/strict";
import { wav } from "../../../tools/testkit/clips/write_wav.ts";
import { createServices } from "../api/services.ts";
import { loadConfig } from "../_shared/config.ts";
import { environmentOf } from "../../../tools/testkit/harness/api.ts";
import { LEDGER_DETAILS } from "../../../tools/testkit/harness/claims.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { createElapsingClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { CALL_MS, PLATFORM_MS, silentLog } from "../../../tools/testkit/harness/setups.ts";
import { stack } from "../../../tools/testkit/harness/project.ts";

const CLIP = wav({ seconds: 10 });

const CLAIMS = {
  claimed: { outcome: "claimed" },
  recover: {
    outcome: "recover",
    region: "intl",
    details: LEDGER_DETAILS,
    same_details: true,
    unresolved_seconds: 200,
  },
  in_progress: { outcome: "in_progress", seconds: 60 },
  created: { outcome: "created", same_details: true },
};
const CREATES = {
  made: () => Response.json({ output: { voice: "made", target_model: "model" }, request_id: "1" }),
  failed: () => Response.json({ code: "InternalError", message: "" }, { status: 500 }),
  throttled: () => Response.json({ code: "Throttling.RateQuota", message: "" }, { status: 429 }),
  refused: () => Response.json({ code: "Audio.PreprocessError", message: "" }, { status: 400 }),
  silent: null,
};
const EMPTY = { output: { page_index: 0, page_size: 1000, total_count: 0, voice_list: [] }, request_id: "1" };

type World = {
  claim: keyof typeof CLAIMS;
  create: keyof typeof CREATES;
  completes: boolean;
  /** Each call to Supabase. */
  supabaseMs: number;
  /** A create that is answered, and a page of the list; the list of `null` never comes. */
  createMs: number;
  listMs: number | null;
  timeoutMs: number;
};

/** One finalize in a world where every call takes its time: how long it took, and how it ended. */
async function finalizeIn(world: World): Promise<{ took: number; ended: string }> {
  const clock = createElapsingClock();
  const answers: Record<string, unknown> = {
    clone_claim: CLAIMS[world.claim],
    clone_sending: { outcome: "sending" },
    clone_release: { outcome: "released" },
    clone_unresolved: { outcome: "unresolved" },
    clone_complete: { outcome: "finalized", voice: { id: crypto.randomUUID(), name: "Grace" } },
    account_stands: true,
  };
  const project = async (path: string, signal: AbortSignal): Promise<Response> => {
    await clock.spend(world.supabaseMs, signal);
    const call = /\/rpc\/(\w+)$/.exec(path)?.[1];
    if (call === "clone_complete" && !world.completes) return Response.json({ message: "" }, { status: 503 });
    if (call !== undefined) return Response.json(answers[call]);
    if (path.includes("/object/sign/")) {
      return Response.json({ signedURL: "/object/sign/references/a?token=b" });
    }
    const bytes = CLIP.slice(0, 65_536);
    return new Response(bytes, {
      status: 206,
      headers: {
        "Content-Type": "audio/wav",
        "Content-Range": `bytes 0-${bytes.length - 1}/${CLIP.length}`,
      },
    });
  };
  const provider = async (action: string, signal: AbortSignal): Promise<Response> => {
    if (action === "list") {
      await clock.spend(world.listMs ?? PLATFORM_MS, signal);
      return Response.json(EMPTY);
    }
    const answer = CREATES[world.create];
    await clock.spend(answer === null ? PLATFORM_MS : world.createMs, signal);
    return answer?.() ?? Response.error();
  };
  const environment = environmentOf({ QWEN_TIMEOUT_MS: String(world.timeoutMs) });
  const services = await createServices(await loadConfig(environment), {
    clock,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const url = new URL(request.url);
      if (url.origin === stack.supabase_url) return await project(url.pathname, request.signal);
      return await provider((await request.json()).input.action, request.signal);
    },
  });
  const begun = clock.now();
  const request = {
    voice_id: crypto.randomUUID(),
    ...DETAILS,
    language: "English" as const,
    description: null,
  };
  const ended = await services.finalize(crypto.randomUUID(), request, silentLog).then(
    () => "finalized",
    (error) => error.code ?? String(error),
  );
  return { took: clock.now() - begun, ended };
}

Deno.test("a finalize answers in time at every allowed timeout, whatever takes as long as it may", async () => {
  const ends = new Set<string>();
  let longest = 0;
  for (const timeoutMs of [1_000, 60_000, 90_000]) {
    for (const claim of ["claimed", "recover", "in_progress", "created"] as const) {
      for (const create of ["made", "failed", "throttled", "refused", "silent"] as const) {
        for (const completes of [true, false]) {
          for (const supabaseMs of [0, CALL_MS / 2, CALL_MS - 1]) {
            for (const listMs of [0, CALL_MS - 1, null]) {
              const createMs = timeoutMs - 1;
              const world = { claim, create, completes, supabaseMs, createMs, listMs, timeoutMs };
              const { took, ended } = await finalizeIn(world);
              ends.add(ended);
              longest = Math.max(longest, took);
              assert(took < PLATFORM_MS - 4_000, `it took ${took} ms: ${JSON.stringify(world)}`);
            }
          }
        }
      }
    }
  }
  assert.deepEqual([...ends].sort(), [
    ...["clone_in_progress", "database_unavailable", "finalized", "provider_rejected", "provider_throttled"],
    ...["provider_timeout", "provider_unavailable", "storage_unavailable"],
  ]);
  assert(longest > 100_000, "these worlds are slow ones");
});
