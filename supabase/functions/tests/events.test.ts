// What the log tells of each way a finalize or a repair can go: these events, with these fields and no others.
import assert from "node:assert/strict";
import { enrollmentToken } from "../_shared/tts/token.ts";
import { LEDGER_DETAILS, madeVoice } from "../../../tools/testkit/harness/claims.ts";
import {
  connectionLost,
  html,
  type ProviderAnswer,
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { ourVoice, type Ready, readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const CREATED = "f0e1d2c3-create";
const LISTED = "f0e1d2c3-list";
const MODEL = "qwen3-tts-vc-2026-01-22";

type Told = Record<string, unknown>;

/**
 * One finalize at a provider that answers so: the events it logged, in order, without their time. Those of the request
 * hold its id, and those of the voice its id and one attempt's, which are left out when they are right.
 */
async function toldBy(ready: Ready, answers: ProviderAnswer[]): Promise<Told[]> {
  const before = ready.api.logged.length;
  let requestId: string | null = null;
  await withDashScope(answers, async () => {
    requestId = (await ready.finalize()).headers.get("x-request-id");
  });
  const attempts = new Set<unknown>();
  return ready.api.logged.slice(before).map((line) => {
    const { time, request_id, voice_id, attempt_id, ...told } = JSON.parse(line);
    assert(!Number.isNaN(Date.parse(time)));
    assert.equal(request_id, requestId);
    if (told.event.startsWith("clone.")) {
      assert.equal(voice_id, ready.voiceId);
      assert.match(attempt_id, UUID);
      assert.equal(attempts.add(attempt_id).size, 1, "one attempt");
    } else assert.deepEqual([voice_id, attempt_id], [undefined, undefined]);
    return told;
  });
}

const claimed = (outcome: string, duration_ms = 0): Told => ({
  level: "info",
  event: "clone.claimed",
  outcome,
  duration_ms,
});
const answered = (duration_ms = 0): Told => ({ level: "info", event: "clone.answered", duration_ms });
const ids = (provider_voice_id: string, provider_request_id = CREATED) => ({
  provider_voice_id,
  provider_request_id,
});
const enrolled = (voice: string): Told => ({
  level: "info",
  event: "clone.enrolled",
  provider: "qwen",
  ...ids(voice),
  duration_ms: 0,
});
const finalized = (fields: Told, duration_ms = 0): Told => ({
  level: "info",
  event: "clone.finalized",
  ...fields,
  duration_ms,
});

Deno.test("a new voice: claimed, enrolled, finalized, answered; a replay: claimed, answered", async () => {
  await using ready = await readyToFinalize();
  const voice = await ourVoice(ready);
  assert.deepEqual(await toldBy(ready, [voiceCreated()]), [
    claimed("claimed"),
    enrolled(voice),
    finalized(ids(voice)),
    answered(),
  ]);
  assert.deepEqual(await toldBy(ready, []), [claimed("finalized"), answered()]);
});

Deno.test("a modal voice has no provider ids", async () => {
  await using ready = await readyToFinalize({ environment: { TTS_PROVIDER_MODE: "modal" } });
  assert.deepEqual(await toldBy(ready, []), [
    claimed("claimed"),
    { level: "info", event: "clone.enrolled", provider: "modal", duration_ms: 0 },
    finalized({}),
    answered(),
  ]);
});

Deno.test("a refused clip: rejected, with what the provider called it", async () => {
  await using ready = await readyToFinalize();
  assert.deepEqual(await toldBy(ready, [providerError(400, "Audio.DecoderError")]), [
    claimed("claimed"),
    {
      level: "warn",
      event: "clone.rejected",
      category: "rejected",
      status: 400,
      provider_code: "Audio.DecoderError",
      provider_request_id: "f0e1d2c3-error",
      duration_ms: 0,
      error: { name: "ProviderError", message: "the provider answered 400 Audio.DecoderError" },
    },
    answered(),
  ]);
  assert.deepEqual(await toldBy(ready, []), [claimed("rejected"), answered()]);
});

Deno.test("a wrong key: provider_failed as an error, then what the caller was told", async () => {
  await using ready = await readyToFinalize();
  const error = { name: "ProviderError", message: "the provider answered 401 InvalidApiKey" };
  assert.deepEqual(await toldBy(ready, [providerError(401, "InvalidApiKey")]), [
    claimed("claimed"),
    {
      level: "error",
      event: "clone.provider_failed",
      category: "misconfigured",
      status: 401,
      provider_code: "InvalidApiKey",
      provider_request_id: "f0e1d2c3-error",
      duration_ms: 0,
      error,
    },
    answered(),
    { level: "error", event: "request.failed", code: "provider_misconfigured", status: 502, cause: error },
  ]);
});

Deno.test("a voice found after a failed create: recovered, with the look-up's request id", async () => {
  await using ready = await readyToFinalize();
  const voice = await ourVoice(ready);
  const list = voiceList({ voice, target_model: MODEL });
  assert.deepEqual(await toldBy(ready, [html(502), list]), [
    claimed("claimed"),
    {
      level: "warn",
      event: "clone.provider_failed",
      category: "server_error",
      status: 502,
      duration_ms: 0,
      error: { name: "ProviderError", message: "the provider answered 502 without a code" },
    },
    { level: "warn", event: "clone.recovered", ...ids(voice, LISTED), duration_ms: 0 },
    finalized(ids(voice, LISTED)),
    answered(),
  ]);
});

Deno.test("a lost voice: what was unknown is told, and the next finalize recovers it", async () => {
  await using ready = await readyToFinalize();
  const lost = await toldBy(ready, [connectionLost(), voiceList(), voiceList(), voiceList()]);
  assert.deepEqual(lost.map(({ level, event }) => [level, event]), [
    ["info", "clone.claimed"],
    ["warn", "clone.provider_failed"],
    ["info", "clone.answered"],
    ["error", "request.failed"],
  ]);
  assert.deepEqual(lost[2], answered(7_000), "two pauses between three look-ups");
  const voice = await ourVoice(ready);
  assert.deepEqual(await toldBy(ready, [voiceList({ voice, target_model: MODEL })]), [
    claimed("recover"),
    { level: "warn", event: "clone.recovered", ...ids(voice, LISTED), duration_ms: 0 },
    finalized(ids(voice, LISTED)),
    answered(),
  ]);
});

Deno.test("a look-up that fails is told", async () => {
  await using ready = await readyToFinalize();
  await toldBy(ready, [connectionLost(), voiceList(), voiceList(), voiceList()]);
  const error = { name: "ProviderError", message: "the provider answered 503 without a code" };
  assert.deepEqual(await toldBy(ready, [html(503)]), [
    claimed("recover"),
    { level: "warn", event: "clone.look_up_failed", error },
    answered(),
    { level: "error", event: "request.failed", code: "provider_unavailable", status: 502, cause: error },
  ]);
});

/** Another attempt of the same voice completes with this provider voice. */
async function completeElsewhere(ready: Ready, providerVoiceId: string): Promise<void> {
  const details = { ...LEDGER_DETAILS, ...DETAILS };
  const token = await enrollmentToken(ready.userId, ready.voiceId);
  await withDatabase((sql) =>
    sql`
      select public.clone_complete(${ready.userId}, ${ready.voiceId}, ${crypto.randomUUID()}, ${token},
        ${ready.objectKey}, ${sql.json(details)}, ${sql.json(madeVoice(providerVoiceId))})`
  );
}

Deno.test("a voice that came second: orphaned names it, finalized does not", async () => {
  await using ready = await readyToFinalize();
  const voice = await ourVoice(ready);
  const second: ProviderAnswer = async (call) => {
    await completeElsewhere(ready, await ourVoice(ready, "20261122110000000-0000"));
    return await voiceCreated()(call);
  };
  assert.deepEqual(await toldBy(ready, [second]), [
    claimed("claimed"),
    enrolled(voice),
    { level: "warn", event: "clone.orphaned", ...ids(voice), duration_ms: 0 },
    finalized({}),
    answered(),
  ]);
});

Deno.test("a voice that could not be saved: unrecorded, with all that finds it again", async () => {
  await using ready = await readyToFinalize({
    intercept: (path) =>
      path.endsWith("/clone_complete")
        ? Response.json({ message: "no connection", code: "PGRST000" }, { status: 503 })
        : undefined,
  });
  const voice = await ourVoice(ready);
  const [claim, enrollment, unrecorded, end, failed, ...more] = await toldBy(ready, [voiceCreated()]);
  assert.deepEqual([claim, enrollment, end, more], [
    claimed("claimed"),
    enrolled(voice),
    answered(9_250),
    [],
  ]);
  const { error, ...fields } = unrecorded ?? {};
  assert(error);
  assert.deepEqual(fields, {
    level: "error",
    event: "clone.unrecorded",
    ...ids(voice),
    provider_region: "intl",
    duration_ms: 9_250,
  });
  assert.deepEqual([failed?.event, failed?.code, failed?.status], [
    "request.failed",
    "database_unavailable",
    503,
  ]);
});

Deno.test("a repair tells of each enrollment what finalize would have, with an attempt of its own", async () => {
  const ready = await readyToReconcile();
  const lost = await ready.enter({ state: "sending" });
  const voice = await ready.seed(lost.name);
  const created = await ready.enter({ state: "created", providerVoiceId: `created-${crypto.randomUUID()}` });
  const twin = await ready.seed(lost.name, new Date(Date.now() + 1_000).toISOString());
  const report = await ready.reconcile({ purge_older_than_days: 0 });
  const of = (voiceId: string) =>
    ready.logged.map((line): Told => JSON.parse(line)).filter((told) => told.voice_id === voiceId)
      .map(({ time, attempt_id, provider_request_id, ...told }) => {
        assert(time);
        assert.match(String(attempt_id), UUID);
        if (told.provider_voice_id) assert.match(String(provider_request_id), UUID);
        return told;
      });
  const own = { request_id: "reconciling", voice_id: lost.voiceId, provider_voice_id: voice, duration_ms: 0 };
  assert.deepEqual(of(lost.voiceId), [
    { level: "warn", event: "clone.recovered", ...own },
    { level: "info", event: "clone.finalized", ...own },
  ]);
  assert.deepEqual(of(created.voiceId), [{
    level: "info",
    event: "clone.finalized",
    request_id: "reconciling",
    voice_id: created.voiceId,
    duration_ms: 0,
  }]);
  const [purged] = ready.events("voice.purged");
  assert.deepEqual({ ...purged, time: 0 }, {
    time: 0,
    level: "warn",
    event: "voice.purged",
    request_id: "reconciling",
    provider_voice_id: twin,
  });
  const [done] = ready.events("reconcile.done");
  assert.deepEqual({ ...done, time: 0 }, {
    time: 0,
    level: "info",
    event: "reconcile.done",
    request_id: "reconciling",
    region: ready.region,
    provider_voices: 2,
    ours: 1,
    orphans: 1,
    foreign: 0,
    gone: 0,
    unresolved: report.unresolved.length,
    resolve_failed: 0,
    completed: report.completed,
    released: report.released,
    purged: 1,
    purge_failed: 0,
    uploads_swept: 0,
    details_erased: report.details_erased,
    objects_erased: report.objects_erased,
    more: false,
    duration_ms: 500,
  });
});
