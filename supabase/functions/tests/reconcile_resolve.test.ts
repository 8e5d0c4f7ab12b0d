// The operator's decisions where voice ids do not carry the token: what they may not take, and whose voices are purged.
import assert from "node:assert/strict";
import { withDatabase } from "../../../tools/testkit/harness/project.ts";
import { readyToReconcile } from "../../../tools/testkit/harness/reconciling.ts";

/** A region whose ids do not carry the token, with one voice that the ledger knows and no row has. */
async function ready(state: "created" | "finalized") {
  const reconciling = await readyToReconcile();
  const { region } = reconciling;
  await withDatabase((sql) =>
    sql`insert into private.ids_without_token (region, provider_voice_id) values (${region}, 'voice-seen')`
  );
  await reconciling.control("POST", "/settings", { voice_ids: "without the token" });
  const voice = await reconciling.seed("grace_0123456789");
  const owner = await reconciling.enter({ state, providerVoiceId: voice });
  const open = await reconciling.enter({ state: "claimed", unresolved: true });
  return { ...reconciling, voice, owner, open };
}

const rowOf = (voiceId: string) =>
  withDatabase(async (sql) =>
    (await sql`select provider_voice_id from public.voices where id = ${voiceId}`)[0]?.provider_voice_id
  );

Deno.test("a decision never takes a voice whose own row is only missing", async () => {
  const { reconcile, open, owner, voice } = await ready("created");
  const report = await reconcile({ resolve: [{ voice_id: open.voiceId, provider_voice_id: voice }] });
  assert.deepEqual(report.resolve_failed, [open.voiceId]);
  assert.equal(await rowOf(open.voiceId), undefined);
  assert.equal(await rowOf(owner.voiceId), voice);
});

Deno.test("a deleted user's voice is an orphan, which no decision takes and a purge deletes", async () => {
  const { reconcile, open, voice, atProvider } = await ready("finalized");
  const report = await reconcile({ resolve: [{ voice_id: open.voiceId, provider_voice_id: voice }] });
  assert.deepEqual(report.resolve_failed, [open.voiceId]);
  assert.deepEqual(report.orphans.map(({ provider_voice_id }) => provider_voice_id), [voice]);
  assert.equal(await rowOf(open.voiceId), undefined);
  assert.deepEqual((await reconcile({ purge_older_than_days: 0 })).purged, [voice]);
  assert.deepEqual(atProvider(), []);
});

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
  const [left] = await withDatabase((sql) =>
    sql`select state, unresolved_since is not null as unresolved from private.voice_enrollments
      where voice_id = ${open.voiceId}`
  );
  assert.deepEqual({ ...left }, { state: "claimed", unresolved: true });
});
