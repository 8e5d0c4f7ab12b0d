// What a finalize does with what an earlier one left behind.
import assert from "node:assert/strict";
import { startApi } from "../../../tools/testkit/harness/api.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import {
  connectionLost,
  html,
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import type { Ready } from "../../../tools/testkit/harness/finalizing.ts";
import {
  countedSendings,
  endLease,
  enrollmentOf,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { ourVoice } from "../../../tools/testkit/harness/finalizing.ts";
import {
  assertFields,
  finalizeAt,
  finalizes,
  finalizeTest,
  query,
} from "../../../tools/testkit/harness/setups.ts";

const looks = [voiceList(), voiceList(), voiceList()];

/** A test that begins with a finalize whose create got no answer and whose voice was nowhere to be found. */
const lostVoiceTest = (name: string, use: (ready: Ready) => Promise<void>) =>
  finalizeTest(name, {}, async (ready) => {
    assertError(await finalizeAt(ready, [connectionLost(), ...looks]), 504, "provider_timeout");
    await use(ready);
  });

const foundVoice = async (ready: Ready) => voiceList({ voice: await ourVoice(ready) });

/** Refuses the insert of one voice's row, as a full disk or a broken trigger would, until the end of the scope. */
async function withRefusedInsert(voiceId: string, use: () => Promise<void>): Promise<void> {
  const name = `refuse_${voiceId.replaceAll("-", "")}`;
  const execute = (statements: string) => withDatabase((sql) => sql.unsafe(statements));
  await execute(`
    create function public.${name}() returns trigger language plpgsql as $$
    begin
      if new.id = '${voiceId}' then raise exception 'no room' using errcode = '53100'; end if;
      return new;
    end $$;
    create trigger ${name} before insert on public.voices for each row execute function public.${name}();
  `);
  try {
    await use();
  } finally {
    await execute(`drop function public.${name}() cascade`);
  }
}

lostVoiceTest("a lost voice is found by the next finalize, which creates nothing", async (ready) => {
  const voice = await ourVoice(ready);
  const { body, calls } = await finalizes(ready, [voiceList({ voice })]);
  assert.deepEqual(body, { id: ready.voiceId, name: DETAILS.name });
  assert.deepEqual(calls[0]?.body, {
    model: "qwen-voice-enrollment",
    input: { action: "list", page_index: 0, page_size: 1000 },
  });
  const row = await voiceRowOf(ready.voiceId);
  assertFields(row, { provider_voice_id: voice, provider_request_id: "f0e1d2c3-list" });
  const { reference, ...metadata } = row?.provider_metadata ?? {};
  assert(reference);
  assert.deepEqual(metadata, {
    recovered: true,
    language: { requested: "English", sent: "en", why: "requested" },
  });
  assert.deepEqual(await countedSendings(ready.userId), { creates: 1, possible: 1 });
});

lostVoiceTest("a finalize killed while sending is recovered once its lease is over", async (ready) => {
  // What a killed process leaves: sending, with nothing recorded of the outcome.
  await query`
    update private.voice_enrollments set state = 'sending', unresolved_since = null,
      lease_expires_at = clock_timestamp() + interval '1 minute'
    where voice_id = ${ready.voiceId}`;
  const waiting = await finalizeAt(ready, []);
  assertError(waiting, 409, "clone_in_progress");
  assert.equal(waiting.headers.get("retry-after"), "5");
  assertError(await finalizeAt(ready, [], { name: "Ada" }), 409, "clone_conflict");
  await endLease(ready.voiceId);
  await finalizes(ready, [await foundVoice(ready)]);
});

lostVoiceTest("a lost voice is saved with the details of its create", async (ready) => {
  const other = { name: "Ada", description: "Another" };
  assertError(await finalizeAt(ready, [await foundVoice(ready)], other), 409, "clone_conflict");
  assert.deepEqual((await finalizes(ready, [])).body, { id: ready.voiceId, name: DETAILS.name });
  assertFields(await voiceRowOf(ready.voiceId), { name: DETAILS.name, description: null });
});

lostVoiceTest("a lost voice that is not there is created again, with new details", async (ready) => {
  const { actions, body } = await finalizes(ready, [...looks, voiceCreated()], { name: "Ada" });
  assert.deepEqual(actions, ["list", "list", "list", "create"]);
  assert.deepEqual(body, { id: ready.voiceId, name: "Ada" });
  assertFields(await enrollmentOf(ready.voiceId), { state: "finalized", unresolved: false, details: null });
  assertError(await finalizeAt(ready, []), 409, "clone_conflict");
});

lostVoiceTest("of several voices with our token the oldest is ours", async (ready) => {
  const [oldest = "", later = "", latest = ""] = await Promise.all(
    ["20261122115959-ffff", "20261122120000-0000", "20261122120000-0001"].map((made) =>
      ourVoice(ready, made)
    ),
  );
  await finalizes(ready, [voiceList(
    { voice: latest, gmt_create: "2026-11-22 12:00:01" },
    { voice: oldest, gmt_create: "2026-11-22 11:59:59" },
    { voice: later, gmt_create: "2026-11-22 12:00:00" },
  )]);
  assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, oldest);
});

lostVoiceTest("with another region configured nothing is asked: 502", async (ready) => {
  await using elsewhere = await startApi({
    keys: ready.keys,
    clock: createVirtualClock(),
    environment: { DASHSCOPE_REGION: "cn" },
  });
  await withDashScope([], async () => {
    for (let again = 0; again < 2; again++) {
      const { token, body } = ready;
      const answer = await elsewhere.call("POST", "/clone/finalize", { token, body });
      assertError(answer, 502, "provider_misconfigured");
    }
  });
  const [event] = elsewhere.events("clone.region_changed");
  assertFields(event, { level: "error", recorded: "intl", configured: "cn" });
  await finalizes(ready, [await foundVoice(ready)]);
});

lostVoiceTest("a look-up that fails leaves the lost voice to the next finalize", async (ready) => {
  for (
    const [answer, code] of [
      [html(502), "provider_unavailable"],
      [connectionLost(), "provider_unavailable"],
      [html(200), "provider_unavailable"],
      [providerError(429, "Throttling"), "provider_unavailable"],
      [providerError(401, "InvalidApiKey"), "provider_misconfigured"],
    ] as const
  ) {
    assertError(await finalizeAt(ready, [answer]), 502, code);
    const left = await enrollmentOf(ready.voiceId);
    assert.deepEqual([left?.unresolved, left?.leased, left?.details?.name], [true, false, DETAILS.name]);
  }
  await finalizes(ready, [await foundVoice(ready)]);
});

finalizeTest("a voice whose row is refused is kept and completed later", {}, async (ready) => {
  const detail = "Your voice was created but could not be saved. The operator has been told.";
  await withRefusedInsert(ready.voiceId, async () => {
    assertError(await finalizeAt(ready, [voiceCreated()]), 500, "internal", detail);
    assertError(await finalizeAt(ready, []), 500, "internal");
    const kept = await enrollmentOf(ready.voiceId);
    assert.deepEqual(
      [kept?.state, kept?.provider_voice_id, kept?.details?.name, kept?.error?.sqlstate],
      ["created", await ourVoice(ready), DETAILS.name, "53100"],
    );
    const [unfinished] = ready.api.events("clone.unfinished");
    assertFields(unfinished, { level: "error", outcome: "failed", sqlstate: "53100" });
    assert.equal(ready.api.events("clone.enrolled")[0]?.provider_request_id, "f0e1d2c3-create");
  });
  // It has its own details; a caller with others gets a conflict.
  assertError(await finalizeAt(ready, [], { name: "Ada" }), 409, "clone_conflict");
  assert.deepEqual((await finalizes(ready, [])).body, { id: ready.voiceId, name: DETAILS.name });
  assertFields(await voiceRowOf(ready.voiceId), {
    name: DETAILS.name,
    provider_voice_id: await ourVoice(ready),
    provider_request_id: "f0e1d2c3-create",
  });
});
