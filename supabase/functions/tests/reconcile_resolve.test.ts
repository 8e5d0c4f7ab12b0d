// The operator's decisions where voice ids do not carry the token: what they may not take, and whose voices are purged.
import assert from "node:assert/strict";
import { enrollmentOf, voiceRowOf } from "../../../tools/testkit/harness/finalizing.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";
import { assertFields, query } from "../../../tools/testkit/harness/setups.ts";

/** A region whose ids do not carry the token, with one voice that the ledger knows and no row has. */
async function ready(state: "created" | "finalized") {
  const reconciling = await readyToReconcile();
  const { region } = reconciling;
  await query`insert into private.ids_without_token (region, provider_voice_id) values (${region}, 'voice-seen')`;
  await reconciling.control("POST", "/settings", { voice_ids: "without the token" });
  const voice = await reconciling.seed("grace_0123456789");
  const owner = await reconciling.enter({ state, providerVoiceId: voice });
  const open = await reconciling.enter({ state: "claimed", unresolved: true });
  return { ...reconciling, voice, owner, open };
}

for (const state of ["created", "finalized"] as const) {
  const what = state === "created"
    ? "a voice whose own row is only missing"
    : "a deleted user's voice, an orphan";
  Deno.test(`a decision never takes ${what}`, async () => {
    const { reconcile, open, owner, voice, atProvider } = await ready(state);
    const report = await reconcile({ resolve: [{ voice_id: open.voiceId, provider_voice_id: voice }] });
    assert.deepEqual(report.resolve_failed, [open.voiceId]);
    assert.equal(await voiceRowOf(open.voiceId), undefined);
    if (state === "created") {
      assert.equal((await voiceRowOf(owner.voiceId))?.provider_voice_id, voice);
    } else {
      assert.deepEqual(report.orphans.map(({ provider_voice_id }) => provider_voice_id), [voice]);
      assert.deepEqual((await reconcile({ purge_older_than_days: 0 })).purged, [voice]);
      assert.deepEqual(atProvider(), []);
    }
  });
}

Deno.test("a decision about an enrollment that nobody has to decide fails and changes nothing", async () => {
  const reconciling = await readyToReconcile();
  const voice = await reconciling.seed("grace_0123456789");
  const open = await reconciling.enter({ state: "claimed", leased: true, unresolved: true });
  const nobody = crypto.randomUUID();
  for (const provider_voice_id of [voice, null]) {
    const { resolve_failed } = await reconciling.reconcile({
      resolve: [{ voice_id: open.voiceId, provider_voice_id }, { voice_id: nobody, provider_voice_id }],
    });
    assert.deepEqual(resolve_failed.toSorted(), [open.voiceId, nobody].toSorted());
  }
  assertFields(await enrollmentOf(open.voiceId), { state: "claimed", unresolved: true });
});
