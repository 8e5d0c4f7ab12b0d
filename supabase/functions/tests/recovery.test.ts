// What a finalize does with what an earlier one left behind.
import assert from "node:assert/strict";
import { assertError, startApi } from "../../../tools/testkit/harness/api.ts";
import {
  actions,
  connectionLost,
  html,
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import {
  countedSendings,
  endLease,
  enrollmentOf,
  ourVoice,
  type Ready,
  readyToFinalize,
  voiceRowOf,
} from "../../../tools/testkit/harness/finalizing.ts";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

/** A finalize whose create got no answer and whose voice was nowhere to be found. */
async function leftUnresolved(ready: Ready): Promise<void> {
  await withDashScope([connectionLost(), voiceList(), voiceList(), voiceList()], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout");
  });
}

/** Refuses the insert of one voice's row, as a full disk or a broken trigger would, until the end of the scope. */
async function withRefusedInsert(voiceId: string, use: () => Promise<void>): Promise<void> {
  const name = `refuse_${voiceId.replaceAll("-", "")}`;
  await withDatabase((sql) =>
    sql.unsafe(`
      create function public.${name}() returns trigger language plpgsql as $$
      begin
        if new.id = '${voiceId}' then raise exception 'no room' using errcode = '53100'; end if;
        return new;
      end $$;
      create trigger ${name} before insert on public.voices for each row execute function public.${name}();
    `)
  );
  try {
    await use();
  } finally {
    await withDatabase((sql) => sql.unsafe(`drop function public.${name}() cascade`));
  }
}

Deno.test("a lost voice is found by the next finalize, which creates nothing", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  const voice = await ourVoice(ready);
  await withDashScope([voiceList({ voice })], async (calls) => {
    const answer = await ready.finalize();
    assert.deepEqual([answer.status, answer.body], [200, { id: ready.voiceId, name: DETAILS.name }]);
    assert.deepEqual(calls[0]?.body, {
      model: "qwen-voice-enrollment",
      input: { action: "list", page_index: 0, page_size: 1000 },
    });
  });
  const row = await voiceRowOf(ready.voiceId);
  assert.deepEqual([row?.provider_voice_id, row?.provider_request_id], [voice, "f0e1d2c3-list"]);
  const { reference, ...metadata } = row?.provider_metadata ?? {};
  assert(reference);
  assert.deepEqual(metadata, {
    recovered: true,
    language: { requested: "English", sent: "en", why: "requested" },
  });
  assert.deepEqual(await countedSendings(ready.userId), { creates: 1, possible: 1 });
});

Deno.test("a lost voice that the provider does not have is created by the next finalize", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  await withDashScope([voiceList(), voiceList(), voiceList(), voiceCreated()], async (calls) => {
    assert.equal((await ready.finalize()).status, 200);
    assert.deepEqual(actions(calls), ["list", "list", "list", "create"]);
  });
  const left = await enrollmentOf(ready.voiceId);
  assert.deepEqual([left?.state, left?.unresolved, left?.details], ["finalized", false, null]);
});

Deno.test("a finalize that was killed while sending is recovered once its lease has run out", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  // What a killed process leaves: sending, with nothing said about the outcome.
  await withDatabase((sql) =>
    sql`
      update private.voice_enrollments set state = 'sending', unresolved_since = null,
        lease_expires_at = clock_timestamp() + interval '1 minute'
      where voice_id = ${ready.voiceId}`
  );
  await withDashScope([], async () => {
    const waiting = await ready.finalize();
    assertError(waiting, 409, "clone_in_progress");
    assert.equal(waiting.headers.get("retry-after"), "5");
    assertError(await ready.finalize({ name: "Ada" }), 409, "clone_conflict");
  });
  await endLease(ready.voiceId);
  await withDashScope([voiceList({ voice: await ourVoice(ready) })], async () => {
    assert.equal((await ready.finalize()).status, 200);
  });
});

Deno.test("a lost voice is saved with the details it was created with; a caller with others gets a conflict", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  await withDashScope([voiceList({ voice: await ourVoice(ready) })], async () => {
    assertError(await ready.finalize({ name: "Ada", description: "Another" }), 409, "clone_conflict");
    assert.deepEqual((await ready.finalize()).body, { id: ready.voiceId, name: DETAILS.name });
  });
  const row = await voiceRowOf(ready.voiceId);
  assert.deepEqual([row?.name, row?.description], [DETAILS.name, null]);
});

Deno.test("details change with the create when the lost voice is not there", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  await withDashScope([voiceList(), voiceList(), voiceList(), voiceCreated()], async () => {
    assert.deepEqual((await ready.finalize({ name: "Ada" })).body, { id: ready.voiceId, name: "Ada" });
    assertError(await ready.finalize(), 409, "clone_conflict");
  });
});

Deno.test("of several voices with our token the oldest is ours", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  const [oldest = "", later = "", latest = ""] = await Promise.all(
    ["20261122115959-ffff", "20261122120000-0000", "20261122120000-0001"].map((made) =>
      ourVoice(ready, made)
    ),
  );
  const list = voiceList(
    { voice: latest, gmt_create: "2026-11-22 12:00:01" },
    { voice: oldest, gmt_create: "2026-11-22 11:59:59" },
    { voice: later, gmt_create: "2026-11-22 12:00:00" },
  );
  await withDashScope([list], async () => assert.equal((await ready.finalize()).status, 200));
  assert.equal((await voiceRowOf(ready.voiceId))?.provider_voice_id, oldest);
});

Deno.test("with another region configured nothing is asked: 502 provider_misconfigured, and the way back is open", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  await using elsewhere = await startApi({
    keys: ready.keys,
    clock: createVirtualClock(),
    environment: { DASHSCOPE_REGION: "cn" },
  });
  await withDashScope([], async () => {
    for (let again = 0; again < 2; again++) {
      const answer = await elsewhere.call("POST", "/clone/finalize", {
        token: ready.token,
        body: ready.body,
      });
      assertError(answer, 502, "provider_misconfigured");
    }
  });
  const [event] = elsewhere.events("clone.region_changed");
  assert.deepEqual([event?.level, event?.recorded, event?.configured], ["error", "intl", "cn"]);
  await withDashScope([voiceList({ voice: await ourVoice(ready) })], async () => {
    assert.equal((await ready.finalize()).status, 200);
  });
});

Deno.test("a look-up that fails leaves the lost voice to the next finalize", async () => {
  await using ready = await readyToFinalize();
  await leftUnresolved(ready);
  for (
    const [answer, code] of [
      [html(502), "provider_unavailable"],
      [connectionLost(), "provider_unavailable"],
      [html(200), "provider_unavailable"],
      [providerError(429, "Throttling"), "provider_unavailable"],
      [providerError(401, "InvalidApiKey"), "provider_misconfigured"],
    ] as const
  ) {
    await withDashScope([answer], async () => assertError(await ready.finalize(), 502, code));
    const left = await enrollmentOf(ready.voiceId);
    assert.deepEqual([left?.unresolved, left?.leased, left?.details?.name], [true, false, DETAILS.name]);
  }
  await withDashScope([voiceList({ voice: await ourVoice(ready) })], async () => {
    assert.equal((await ready.finalize()).status, 200);
  });
});

Deno.test("a voice whose row is refused is kept, told as 500, and completed without the provider", async () => {
  await using ready = await readyToFinalize();
  await withRefusedInsert(ready.voiceId, async () => {
    await withDashScope([voiceCreated()], async () => {
      assertError(
        await ready.finalize(),
        500,
        "internal",
        "Your voice was created but could not be saved. The operator has been told.",
      );
      assertError(await ready.finalize(), 500, "internal");
    });
    const kept = await enrollmentOf(ready.voiceId);
    assert.deepEqual(
      [kept?.state, kept?.provider_voice_id, kept?.details?.name, kept?.error?.sqlstate],
      ["created", await ourVoice(ready), DETAILS.name, "53100"],
    );
    const [told] = ready.api.events("clone.unfinished");
    assert.deepEqual([told?.level, told?.outcome, told?.sqlstate], ["error", "failed", "53100"]);
    assert.equal(ready.api.events("clone.enrolled")[0]?.provider_request_id, "f0e1d2c3-create");
  });
  await withDashScope([], async () => {
    assert.deepEqual((await ready.finalize()).body, { id: ready.voiceId, name: DETAILS.name });
  });
  const row = await voiceRowOf(ready.voiceId);
  assert.deepEqual(
    [row?.provider_voice_id, row?.provider_request_id],
    [await ourVoice(ready), "f0e1d2c3-create"],
  );
});

Deno.test("a created voice is completed with its own details; a caller with others gets a conflict", async () => {
  await using ready = await readyToFinalize();
  await withDashScope([voiceCreated()], async () => {
    await withRefusedInsert(ready.voiceId, async () => {
      assertError(await ready.finalize(), 500, "internal");
    });
    assertError(await ready.finalize({ name: "Ada" }), 409, "clone_conflict");
    assert.equal((await voiceRowOf(ready.voiceId))?.name, DETAILS.name);
    assert.equal((await ready.finalize()).status, 200);
  });
});
