// Creates that outlast QWEN_TIMEOUT_MS, over the whole stack: whenever the voice is made, the repeated finalize ends in it.
import assert from "node:assert/strict";
import { createCloning, type Upload } from "../../testkit/stack/cloning.ts";
import { assertExactlyOne } from "../../testkit/stack/exactly_one.ts";
import { startFinalizeStack } from "../../testkit/stack/finalize_stack.ts";

const stack = await startFinalizeStack({ environment: { QWEN_TIMEOUT_MS: "1000" } });
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

/** Asserts a 504 and that its body is the documented one. */
function assertTimedOut({ status, body }: { status: number; body: unknown }): void {
  assert.equal(status, 504);
  assert.deepEqual({ ...Object(body), request_id: "" }, { ...timedOut, request_id: "" });
}

async function callsOf(action: string): Promise<number> {
  return (await simulator.calls()).filter((call) => call.action === action).length;
}

Deno.test("the voice is made after the look-ups: 504, and the repeated finalize finds it", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "before" });
  assertTimedOut(await cloning.finalize(upload));
  await simulator.release();
  assert.deepEqual(await cloning.finalize(upload), cloning.saved(upload));
  assert.equal(await callsOf("create"), 1);
  await assertExactlyOne({ ...stack, cloning }, [upload]);
});

Deno.test("the voice is made before the look-ups: they find it, and it is the answer at once", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "after" });
  assert.deepEqual(await cloning.finalize(upload), cloning.saved(upload));
  assert.deepEqual([await callsOf("create"), await callsOf("list")], [1, 1]);
  assert.deepEqual(await cloning.finalize(upload), cloning.saved(upload));
  assert.deepEqual([await callsOf("create"), await callsOf("list")], [1, 1]);
  await assertExactlyOne({ ...stack, cloning }, [upload]);
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
  assert.deepEqual([await callsOf("create"), await callsOf("list")], [1, 2]);
  await assertExactlyOne({ ...stack, cloning }, [upload]);
});

Deno.test("the voice is never made: 504, and the repeated finalize makes it", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "before" });
  assertTimedOut(await cloning.finalize(upload));
  await simulator.dropHeld();
  assert.deepEqual(await cloning.finalize(upload), cloning.saved(upload));
  assert.deepEqual([await callsOf("list"), await callsOf("create")], [3, 1]);
  await assertExactlyOne({ ...stack, cloning }, [upload]);
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
  assert.equal(await callsOf("create"), 1);
  await assertExactlyOne({ ...stack, cloning }, [upload]);
});

Deno.test("a voice that is made after the repeated finalize looked for it is recorded as an orphan", async () => {
  const upload = await ready();
  await simulator.addFaults({ action: "create", hold: "before" });
  assertTimedOut(await cloning.finalize(upload));
  assert.deepEqual(await cloning.finalize(upload), cloning.saved(upload));
  await simulator.release();
  const { orphans } = await cloning.reconcile();
  assert.ok(orphans.some((orphan) => orphan.voice_id === upload.voiceId));
  await assertExactlyOne({ ...stack, cloning }, [upload], { creates: 2, orphans: 1 });
});
