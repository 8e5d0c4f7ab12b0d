// PostgreSQL is killed in the middle of 100 finalizes: nothing may be lost, and nothing be paid for twice.
import assert from "node:assert/strict";
import { type Answer, type Cloning, createCloning, type Upload } from "../../testkit/stack/cloning_users.ts";
import { startInProcessStack } from "../../testkit/stack/in_process_stack.ts";
import { eventually } from "../../testkit/stack/launched_stack.ts";

const USERS = 5;
const VOICES = 100;
/** The creates that are held until the database was killed, so that the kill is in the middle however fast all is. */
const HELD = 30;
const MOST_ROUNDS = 10;
/** The statuses a client may get while the database is away: each says to come again. */
const AWAY = [200, 409, 503, 504];

async function uploadAll(cloning: Cloning): Promise<Upload[]> {
  const users = await Promise.all(Array.from({ length: USERS }, cloning.signUp));
  const uploads: Upload[] = [];
  for (let index = 0; index < VOICES; index++) {
    const user = users[index % USERS];
    assert.ok(user);
    uploads.push(await cloning.upload(user, index));
  }
  return uploads;
}

Deno.test("100 finalizes lose nothing when PostgreSQL is restarted in the middle of them", async () => {
  const stack = await startInProcessStack();
  try {
    const cloning = createCloning(stack);
    const { simulator } = cloning;
    const uploads = await uploadAll(cloning);
    await simulator.addFaults(
      { action: "create", times: VOICES - HELD },
      { action: "create", times: HELD / 2, hold: "before" },
      { action: "create", times: HELD / 2, hold: "after" },
    );

    let underWay = true;
    const answering = Promise.all(uploads.map(cloning.finalize)).finally(() => underWay = false);
    const made = async () => (await simulator.voices()).bill.total;
    assert.ok(await eventually(async () => await made() >= VOICES / 2), "half of the voices are made");
    const { voices } = await cloning.readDatabase();
    await stack.kill("postgres");
    assert.ok(voices.length < VOICES);
    // Those that come later find the hold still there.
    assert.ok(await eventually(() => simulator.releaseAll().then(() => !underWay)), "all were answered");

    const answers = new Map<Upload, Answer>();
    const keep = (list: Upload[], answered: Answer[]) =>
      list.forEach((upload, index) => answers.set(upload, answered[index] ?? { status: 0, body: null }));
    keep(uploads, await answering);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { body } = [...answers.values()].find(({ status }) => !AWAY.includes(status)) ?? {};
      assert.equal(body, undefined, JSON.stringify(body));
      const left = uploads.filter((upload) => answers.get(upload)?.status !== 200);
      if (left.length === 0) break;
      assert.ok(
        await eventually(() => cloning.endLeases().then(() => true, () => false)),
        "the database is back",
      );
      const again = Promise.all(left.map(cloning.finalize));
      underWay = true;
      void again.finally(() => underWay = false);
      assert.ok(await eventually(() => simulator.releaseAll().then(() => !underWay)), "all were answered");
      keep(left, await again);
    }

    for (const upload of uploads) assert.deepEqual(answers.get(upload), cloning.saved(upload));
    const report = await cloning.reconcile();
    const { provider_voices, ours, orphans, foreign, gone, unresolved } = report;
    assert.deepEqual(
      { provider_voices, ours, orphans, foreign, gone, unresolved },
      { provider_voices: VOICES, ours: VOICES, orphans: [], foreign: [], gone: [], unresolved: [] },
    );
    await cloning.assertExactlyOne(uploads);
  } finally {
    await stack.stop();
  }
});
