// Creates that outlast QWEN_TIMEOUT_MS, over the whole stack: whenever the voice is made, the repeated finalize ends in it.
import assert from "node:assert/strict";
import { createCloning, type Upload } from "../../testkit/stack/cloning_users.ts";
import { startInProcessStack } from "../../testkit/stack/in_process_stack.ts";

const stack = await startInProcessStack({ environment: { QWEN_TIMEOUT_MS: "1000" } });
const cloning = createCloning(stack);
const { simulator } = cloning;
const user = await cloning.signUp();
Deno.test.afterAll(stack.stop);

/** A clip that is ready while the simulator has forgotten the calls of the tests before. */
async function ready(): Promise<Upload> {
  await simulator.dropHeld();
  return await cloning.upload(user);
}

const timedOut = {
  code: "provider_timeout",
  detail:
    "The voice provider gave no usable answer in time. Repeat the request: it is safe, no second voice is made.",
};

/** Finalizes while a create is held before it takes effect, and asserts the documented 504. */
async function finalizeInVain(upload: Upload): Promise<void> {
  await simulator.addFaults({ action: "create", hold: "before" });
  const { status, body } = await cloning.finalize(upload);
  assert.equal(status, 504);
  assert.deepEqual({ ...Object(body), request_id: "" }, { ...timedOut, request_id: "" });
}

/** Asserts how many creates and lists the provider saw since `ready`. */
async function assertCalls(expected: { create: number; list?: number }): Promise<void> {
  const calls = await simulator.calls();
  for (const [action, count] of Object.entries(expected)) {
    assert.equal(calls.filter((call) => call.action === action).length, count, action);
  }
}

Deno.test("the voice is made after the look-ups: 504, and the repeated finalize finds it", async () => {
  const upload = await ready();
  await finalizeInVain(upload);
  await simulator.release();
  await cloning.assertSaved(upload);
  await assertCalls({ create: 1 });
  await cloning.assertExactlyOne([upload]);
});

Deno.test("the voice is made before the look-ups: they find it, and it is the answer at once", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "after" });
  await cloning.assertSaved(upload);
  await assertCalls({ create: 1, list: 1 });
  await cloning.assertSaved(upload);
  await assertCalls({ create: 1, list: 1 });
  await cloning.assertExactlyOne([upload]);
});

Deno.test("the voice is made between two look-ups: the second one finds it", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "before" }, { action: "list" }, {
    action: "list",
    hold: "before",
  });
  const finalizing = cloning.finalize(upload);
  // The create, and the second list.
  await simulator.untilHeld(2);
  await simulator.release("create");
  await simulator.release();
  assert.deepEqual(await finalizing, cloning.saved(upload));
  await assertCalls({ create: 1, list: 2 });
  await cloning.assertExactlyOne([upload]);
});

Deno.test("the voice is never made: 504, and the repeated finalize makes it", async () => {
  const upload = await ready();
  await finalizeInVain(upload);
  await simulator.dropHeld();
  await cloning.assertSaved(upload);
  await assertCalls({ create: 1, list: 3 });
  await cloning.assertExactlyOne([upload]);
});

Deno.test("the repeated finalize comes while the first one still looks: both get the one voice", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "before" }, { action: "list", hold: "before" });
  const first = cloning.finalize(upload);
  await simulator.untilHeld(2);
  const second = cloning.finalize(upload);
  await simulator.release("create");
  await simulator.release();
  assert.deepEqual([await first, await second], [cloning.saved(upload), cloning.saved(upload)]);
  await assertCalls({ create: 1 });
  await cloning.assertExactlyOne([upload]);
});

Deno.test("a voice that is made after the repeated finalize looked for it is recorded as an orphan", async () => {
  const upload = await ready();
  await finalizeInVain(upload);
  await cloning.assertSaved(upload);
  await simulator.release();
  const { orphans } = await cloning.reconcile();
  assert.ok(orphans.some((orphan) => orphan.voice_id === upload.voiceId));
  await cloning.assertExactlyOne([upload], { creates: 2, orphans: 1 });
});
