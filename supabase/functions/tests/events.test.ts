// What the log holds of each way a finalize, a generation or a repair can go: these events, with these fields and no others.
import assert from "node:assert/strict";
import { enrollmentToken } from "../_shared/tts/token.ts";
import type { ApiOptions } from "../../../tools/testkit/harness/api.ts";
import { LEDGER_DETAILS, madeVoice } from "../../../tools/testkit/harness/claims.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { upload } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  html,
  type ProviderAnswer,
  providerError,
  voiceCreated,
  voiceList,
} from "../../../tools/testkit/harness/dashscope.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { type Ready, readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { ourVoice } from "../../../tools/testkit/harness/finalizing.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";
import {
  databaseAway,
  failing,
  finalizeAt,
  finalizeTest,
  query,
  speakingTest,
} from "../../../tools/testkit/harness/setups.ts";
import type { Speaking } from "../../../tools/testkit/harness/speaking.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CREATED = "f0e1d2c3-create";
const LISTED = "f0e1d2c3-list";
const MODEL = "qwen3-tts-vc-2026-01-22";

type Event = Record<string, unknown>;

/**
 * One finalize at a provider that answers so: the events it logged, in order, without their time. Those of the request
 * hold its id, and those of the voice its id and one attempt's, which are left out when they are right.
 */
async function eventsOf(
  ready: Ready,
  answers: ProviderAnswer[],
  body: { voice_id: string } = ready.body,
): Promise<Event[]> {
  const before = ready.api.logged.length;
  const requestId = (await finalizeAt(ready, answers, body)).headers.get("x-request-id");
  const attempts = new Set<unknown>();
  return ready.api.logged.slice(before).map((line) => {
    const { time, request_id, voice_id, attempt_id, ...event } = JSON.parse(line);
    assert(!Number.isNaN(Date.parse(time)));
    assert.equal(request_id, requestId);
    if (event.event.startsWith("clone.")) {
      assert.equal(voice_id, body.voice_id);
      assert.match(attempt_id, UUID);
      assert.equal(attempts.add(attempt_id).size, 1, "one attempt");
    } else assert.deepEqual([voice_id, attempt_id], [undefined, undefined]);
    return event;
  });
}

/** An event at a level, with fields; those of a step of the finalize also say when in it they came. */
const event = (level: string, name: string, fields: Event = {}): Event => ({ level, event: name, ...fields });
const info = (name: string, fields: Event = {}) =>
  event("info", `clone.${name}`, { duration_ms: 0, ...fields });
const warn = (name: string, fields: Event = {}) =>
  event("warn", `clone.${name}`, { duration_ms: 0, ...fields });

const claimed = (outcome: string) => info("claimed", { outcome });
const answered = (duration_ms = 0) => info("answered", { duration_ms });
const ids = (provider_voice_id: string, provider_request_id = CREATED) => ({
  provider_voice_id,
  provider_request_id,
});
const enrolled = (voice: string) => info("enrolled", { provider: "qwen", ...ids(voice) });
const providerSaid = (what: string) => ({ name: "ProviderError", message: `the provider answered ${what}` });
const requestFailed = (code: string, cause: Event) =>
  event("error", "request.failed", { code, status: 502, cause });

type Step = [answers: ProviderAnswer[], events: Event[]];

const decoderError = {
  ...{ category: "rejected", status: 400, provider_code: "Audio.DecoderError" },
  ...{ provider_request_id: "f0e1d2c3-error", error: providerSaid("400 Audio.DecoderError") },
};
const wrongKey = {
  ...{ category: "misconfigured", status: 401, provider_code: "InvalidApiKey" },
  ...{ provider_request_id: "f0e1d2c3-error", error: providerSaid("401 InvalidApiKey") },
};
const looks = [voiceList(), voiceList(), voiceList()];

/** Finalizes of one voice, one after the other; `voice` is the provider voice that is ours. */
const FINALIZES: [name: string, options: ApiOptions, steps: (voice: string, ready: Ready) => Step[]][] = [
  ["a new voice, and a replay", {}, (voice) => [
    [[voiceCreated()], [claimed("claimed"), enrolled(voice), info("finalized", ids(voice)), answered()]],
    [[], [claimed("finalized"), answered()]],
  ]],
  ["a modal voice, which has no provider ids", { environment: { TTS_PROVIDER_MODE: "modal" } }, () => [
    [[], [claimed("claimed"), info("enrolled", { provider: "modal" }), info("finalized"), answered()]],
  ]],
  ["a refused clip, with what the provider called it", {}, () => [
    [[providerError(400, "Audio.DecoderError")], [
      claimed("claimed"),
      warn("rejected", decoderError),
      answered(),
    ]],
    [[], [claimed("rejected"), answered()]],
  ]],
  ["a wrong key: an error, then what the caller was answered", {}, () => [
    [[providerError(401, "InvalidApiKey")], [
      claimed("claimed"),
      event("error", "clone.provider_failed", { duration_ms: 0, ...wrongKey }),
      answered(),
      requestFailed("provider_misconfigured", wrongKey.error),
    ]],
  ]],
  ["a voice found after a failed create, with the look-up's request id", {}, (voice) => [
    [[html(502), voiceList({ voice, target_model: MODEL })], [
      claimed("claimed"),
      warn("provider_failed", {
        category: "server_error",
        status: 502,
        error: providerSaid("502 without a code"),
      }),
      warn("recovered", ids(voice, LISTED)),
      info("finalized", ids(voice, LISTED)),
      answered(),
    ]],
  ]],
  ["a voice that came second: orphaned names it, finalized does not", {}, (voice, ready) => [
    [[async (call) => {
      await completeElsewhere(ready, await ourVoice(ready, "20261122110000000-0000"));
      return await voiceCreated()(call);
    }], [
      claimed("claimed"),
      enrolled(voice),
      warn("orphaned", ids(voice)),
      info("finalized"),
      answered(),
    ]],
  ]],
];

for (const [name, options, steps] of FINALIZES) {
  finalizeTest(`the events of ${name}`, options, async (ready) => {
    for (const [answers, events] of steps(await ourVoice(ready), ready)) {
      assert.deepEqual(await eventsOf(ready, answers), events);
    }
  });
}

finalizeTest(
  "the events of a lost voice, of a look-up that fails, and of its recovery",
  {},
  async (ready) => {
    const lost = await eventsOf(ready, [connectionLost(), ...looks]);
    assert.deepEqual(lost.map(({ level, event }) => [level, event]), [
      ["info", "clone.claimed"],
      ["warn", "clone.provider_failed"],
      ["info", "clone.answered"],
      ["error", "request.failed"],
    ]);
    assert.deepEqual(lost[2], answered(7_000), "two pauses between three look-ups");
    const error = providerSaid("503 without a code");
    assert.deepEqual(await eventsOf(ready, [html(503)]), [
      claimed("recover"),
      event("warn", "clone.look_up_failed", { error }),
      answered(),
      requestFailed("provider_unavailable", error),
    ]);
    const voice = await ourVoice(ready);
    assert.deepEqual(await eventsOf(ready, [voiceList({ voice, target_model: MODEL })]), [
      claimed("recover"),
      warn("recovered", ids(voice, LISTED)),
      info("finalized", ids(voice, LISTED)),
      answered(),
    ]);
  },
);

/** Another attempt of the same voice completes with this provider voice. */
async function completeElsewhere(ready: Ready, providerVoiceId: string): Promise<void> {
  const { userId, voiceId, objectKey } = ready;
  const token = await enrollmentToken(userId, voiceId);
  const details = { ...LEDGER_DETAILS, ...DETAILS };
  await withDatabase((sql) =>
    sql`
      select public.clone_complete(${userId}, ${voiceId}, ${crypto.randomUUID()}, ${token}, ${objectKey},
        ${sql.json(details)}, ${sql.json(madeVoice(providerVoiceId))})`
  );
}

const unsaved = { intercept: failing("clone_complete", 5, databaseAway) };

finalizeTest(
  "a voice that could not be saved is logged with all that finds it again",
  unsaved,
  async (ready) => {
    const voice = await ourVoice(ready);
    const [claim, enrollment, unrecorded, end, failed, ...more] = await eventsOf(ready, [voiceCreated()]);
    assert.deepEqual([claim, enrollment, end], [claimed("claimed"), enrolled(voice), answered(9_250)]);
    const { error, ...fields } = unrecorded ?? {};
    assert(error);
    const found = { ...ids(voice), provider_region: "intl", duration_ms: 9_250 };
    assert.deepEqual(fields, event("error", "clone.unrecorded", found));
    const { event: name, code, status } = failed ?? {};
    assert.deepEqual([name, code, status, more], ["request.failed", "database_unavailable", 503, []]);
  },
);

Deno.test("an id without the token is an error once a process, and what is lost then is undecided", async () => {
  try {
    await using ready = await readyToFinalize();
    const voice = `voice-${crypto.randomUUID()}`;
    assert.deepEqual(await eventsOf(ready, [voiceCreated({ voice })]), [
      claimed("claimed"),
      enrolled(voice),
      event("error", "clone.id_without_token", { ...ids(voice), provider_region: "intl" }),
      info("finalized", ids(voice)),
      answered(),
    ]);
    const { body } = await upload(ready.api, ready.token);
    const second = await eventsOf(ready, [voiceCreated({ voice: `voice-${crypto.randomUUID()}` })], body);
    const names = second.map(({ event }) => event);
    assert.deepEqual(names, ["clone.claimed", "clone.enrolled", "clone.finalized", "clone.answered"]);

    await using next = await readyToFinalize();
    const [seen] = await query`select provider_voice_id from private.ids_without_token where region = 'intl'`;
    assert.equal(seen?.provider_voice_id, voice);
    assert.equal((await finalizeAt(next, [connectionLost(), ...looks])).status, 504);
    assert.deepEqual(await eventsOf(next, looks), [
      claimed("recover"),
      event("warn", "clone.undecided"),
      answered(7_000),
    ]);
  } finally {
    await query`delete from private.ids_without_token where region = 'intl'`;
  }
});

/** The events of a batch with this name, whole but for their time. */
function logged(ready: Awaited<ReturnType<typeof readyToReconcile>>, name: string): Event[] {
  return ready.events(name).map(({ time, ...fields }) => (assert(time), fields));
}

Deno.test("a repair logs of each enrollment what finalize would have, with an attempt of its own", async () => {
  const ready = await readyToReconcile();
  const lost = await ready.enter({ state: "sending" });
  const voice = await ready.seed(lost.name);
  const created = await ready.enter({ state: "created", providerVoiceId: `created-${crypto.randomUUID()}` });
  const twin = await ready.seed(lost.name, new Date(Date.now() + 1_000).toISOString());
  const report = await ready.reconcile({ purge_older_than_days: 0 });
  const of = (voiceId: string) =>
    ready.logged.map((line): Event => JSON.parse(line)).filter(({ voice_id }) => voice_id === voiceId)
      .map(({ time, attempt_id, provider_request_id, ...event }) => {
        assert(time);
        assert.match(String(attempt_id), UUID);
        if (event.provider_voice_id) assert.match(String(provider_request_id), UUID);
        return event;
      });
  const request_id = "reconciling";
  const own = { request_id, voice_id: lost.voiceId, provider_voice_id: voice };
  assert.deepEqual(of(lost.voiceId), [warn("recovered", own), info("finalized", own)]);
  assert.deepEqual(of(created.voiceId), [info("finalized", { request_id, voice_id: created.voiceId })]);
  assert.deepEqual(logged(ready, "voice.purged"), [
    event("warn", "voice.purged", { request_id, provider_voice_id: twin }),
  ]);
  const { completed, released, details_erased, objects_erased } = report;
  assert.deepEqual(logged(ready, "reconcile.done"), [event("info", "reconcile.done", {
    ...{ request_id, region: ready.region, provider_voices: 2, ours: 1, orphans: 1, foreign: 0, gone: 0 },
    ...{ unresolved: report.unresolved.length, resolve_failed: 0, completed, released, purged: 1 },
    ...{ purge_failed: 0, uploads_swept: 0, details_erased, objects_erased, more: false, duration_ms: 500 },
  })]);
});

Deno.test("a repair logs what it proved, and what the operator decided", async () => {
  const ready = await readyToReconcile();
  await query`
    insert into private.ids_without_token (region, provider_voice_id) values (${ready.region}, 'voice-seen')`;
  await ready.control("POST", "/settings", { voice_ids: "without the token" });
  await ready.reconcile({ repair: true });
  const enter = () => ready.enter({ state: "claimed", unresolved: true });
  const [proved, none, chosen] = [await enter(), await enter(), await enter()];
  await query`
    update private.voice_enrollments set sending_since = clock_timestamp() where region = ${ready.region}`;
  // Nothing new is listed, and the ten minutes are over for one of them.
  await query`
    update private.voice_enrollments set unresolved_since = clock_timestamp() - interval '11 minutes'
    where voice_id = ${proved.voiceId}`;
  await ready.reconcile({ repair: true });
  const voice = await ready.seed(chosen.name);
  const resolve = [
    { voice_id: none.voiceId, provider_voice_id: null },
    { voice_id: chosen.voiceId, provider_voice_id: voice },
  ];
  await ready.reconcile({ resolve });
  const request_id = "reconciling";
  assert.deepEqual(logged(ready, "clone.proved_absent"), [
    event("warn", "clone.proved_absent", { request_id, voice_id: proved.voiceId }),
  ]);
  assert.deepEqual(
    logged(ready, "clone.resolved"),
    resolve.map((decision) => event("warn", "clone.resolved", { request_id, ...decision })),
  );
});

/** The events of one generation, without what is the same in all of them. */
async function generationEvents(speaking: Speaking): Promise<Event[]> {
  const before = speaking.api.logged.length;
  const { task_id, generation_id } = await speaking.spoken();
  return speaking.api.logged.slice(before).map((line) => {
    const { time, request_id, task_id: task, generation_id: generation, ...event } = JSON.parse(line);
    assert(!Number.isNaN(Date.parse(time)));
    assert.match(request_id, UUID);
    assert.deepEqual([task, generation], [task_id, generation_id]);
    return event;
  });
}

speakingTest("a generation: created, claimed, synthesized, completed", {}, async (speaking) => {
  const [created, claimed, synthesized, completed, ...more] = await generationEvents(speaking);
  assert.deepEqual([created, claimed, more], [
    event("info", "generation.created", { voice_id: speaking.voiceId }),
    event("info", "generation.claimed", { attempt: 1 }),
    [],
  ]);
  const provider_request_id = String(synthesized?.provider_request_id);
  assert.match(provider_request_id, UUID);
  assert.deepEqual(
    synthesized,
    event("info", "generation.synthesized", { provider_request_id, duration_ms: 0 }),
  );
  const { size, duration_seconds, ...rest } = completed ?? {};
  assert.deepEqual(rest, event("info", "generation.completed", { provider_request_id }));
  assert.equal(Math.round((Number(size) - 44) / 48), Math.round(Number(duration_seconds) * 1000));
});

speakingTest(
  "a refused text: attempt_failed with the provider's code, then failed",
  {},
  async (speaking) => {
    const code = "DataInspectionFailed";
    speaking.simulator.addFaults({ action: "synthesize", answer: { kind: "error", code } });
    const [, , attempt, failed, ...more] = await generationEvents(speaking);
    const { provider_request_id, ...rest } = attempt ?? {};
    assert.match(String(provider_request_id), UUID);
    const refusal = {
      category: "rejected",
      status: 400,
      provider_code: code,
      error: providerSaid(`400 ${code}`),
    };
    assert.deepEqual([rest, failed, more], [
      event("warn", "generation.attempt_failed", { attempt: 1, ...refusal }),
      event("warn", "generation.failed", { attempt: 1 }),
      [],
    ]);
  },
);
