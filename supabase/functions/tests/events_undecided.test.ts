// What the log tells where voice ids do not carry the token: these events, with these fields and no others.
import assert from "node:assert/strict";
import { upload } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  type ProviderAnswer,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { type Ready, readyToFinalize } from "../../../tools/testkit/harness/finalizing.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";

const forget = () => withDatabase((sql) => sql`delete from private.ids_without_token where region = 'intl'`);

/** The events of one finalize at a provider that answers so, without what each of them holds. */
async function toldBy(
  ready: Ready,
  answers: ProviderAnswer[],
  other = {},
): Promise<Record<string, unknown>[]> {
  const before = ready.api.logged.length;
  await withDashScope(answers, async () => void await ready.finalize(other));
  return ready.api.logged.slice(before).map((line) => {
    const { time, request_id, voice_id, attempt_id, duration_ms, ...told } = JSON.parse(line);
    assert(time && request_id && voice_id && attempt_id);
    assert.equal(
      typeof duration_ms,
      ["clone.id_without_token", "clone.undecided"].includes(told.event) ? "undefined" : "number",
    );
    return told;
  });
}

Deno.test("an id without the token is an error once a process, and what is lost from then on is undecided", async () => {
  await using ready = await readyToFinalize();
  const ids = { provider_voice_id: `voice-${crypto.randomUUID()}`, provider_request_id: "f0e1d2c3-create" };
  try {
    assert.deepEqual(await toldBy(ready, [voiceCreated({ voice: ids.provider_voice_id })]), [
      { level: "info", event: "clone.claimed", outcome: "claimed" },
      { level: "info", event: "clone.enrolled", provider: "qwen", ...ids },
      { level: "error", event: "clone.id_without_token", ...ids, provider_region: "intl" },
      { level: "info", event: "clone.finalized", ...ids },
      { level: "info", event: "clone.answered" },
    ]);
    await using next = await readyToFinalize();
    const seen = await withDatabase((sql) =>
      sql`select provider_voice_id from private.ids_without_token where region = 'intl'`
    );
    assert.equal(seen[0]?.provider_voice_id, ids.provider_voice_id);
    const looks = [voiceList(), voiceList(), voiceList()];
    await withDashScope([connectionLost(), ...looks], async () => {
      assert.equal((await next.finalize()).status, 504);
    });
    assert.deepEqual(await toldBy(next, looks), [
      { level: "info", event: "clone.claimed", outcome: "recover" },
      { level: "warn", event: "clone.undecided" },
      { level: "info", event: "clone.answered" },
    ]);
  } finally {
    await forget();
  }
});

Deno.test("a second id without the token in the same process is no event", async () => {
  await using ready = await readyToFinalize();
  try {
    await toldBy(ready, [voiceCreated({ voice: `voice-${crypto.randomUUID()}` })]);
    const { body } = await upload(ready.api, ready.token);
    const events = await toldBy(ready, [voiceCreated({ voice: `voice-${crypto.randomUUID()}` })], body);
    assert.deepEqual(events.map(({ event }) => event), [
      "clone.claimed",
      "clone.enrolled",
      "clone.finalized",
      "clone.answered",
    ]);
  } finally {
    await forget();
  }
});

Deno.test("a repair tells what it proved, and what the operator decided", async () => {
  const ready = await readyToReconcile();
  await withDatabase((sql) =>
    sql`insert into private.ids_without_token (region, provider_voice_id) values (${ready.region}, 'voice-seen')`
  );
  await ready.control("POST", "/settings", { voice_ids: "without the token" });
  await ready.reconcile({ repair: true });
  const entries = [];
  for (let nth = 0; nth < 3; nth++) entries.push(await ready.enter({ state: "claimed", unresolved: true }));
  const [proved, none, chosen] = entries;
  assert(proved && none && chosen);
  await withDatabase((sql) =>
    sql`update private.voice_enrollments set sending_since = clock_timestamp() where region = ${ready.region}`
  );
  // Nothing new is listed, and the ten minutes are over for one of them.
  await withDatabase((sql) =>
    sql`
      update private.voice_enrollments set unresolved_since = clock_timestamp() - interval '11 minutes'
      where voice_id = ${proved.voiceId}`
  );
  await ready.reconcile({ repair: true });
  const voice = await ready.seed(chosen.name);
  await ready.reconcile({
    resolve: [
      { voice_id: none.voiceId, provider_voice_id: null },
      { voice_id: chosen.voiceId, provider_voice_id: voice },
    ],
  });
  const told = (name: string) =>
    ready.events(name).map(({ time, ...fields }) => {
      assert(time);
      return fields;
    });
  assert.deepEqual(told("clone.proved_absent"), [
    { level: "warn", event: "clone.proved_absent", request_id: "reconciling", voice_id: proved.voiceId },
  ]);
  assert.deepEqual(told("clone.resolved"), [
    {
      level: "warn",
      event: "clone.resolved",
      request_id: "reconciling",
      voice_id: none.voiceId,
      provider_voice_id: null,
    },
    {
      level: "warn",
      event: "clone.resolved",
      request_id: "reconciling",
      voice_id: chosen.voiceId,
      provider_voice_id: voice,
    },
  ]);
});
