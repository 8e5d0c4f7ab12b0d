// The function is killed at each of its calls, before and after the call takes effect; then the client comes again, or
// reconcile runs first. Over PostgreSQL, the gateway and the simulator, with nothing in the place of anything.
import assert from "node:assert/strict";
import { createCloning, type Upload } from "../../testkit/stack/cloning_users.ts";
import { startInProcessStack } from "../../testkit/stack/in_process_stack.ts";
import {
  createGatewayHolds,
  type HeldCall,
  holdProviderCall,
  type When,
} from "../../testkit/stack/held_calls.ts";
import { eventually } from "../../testkit/stack/launched_stack.ts";
import type { SimulatorControl } from "../../testkit/stack/simulator_control.ts";

/** When the function dies, seen from the call it waits for. */
const writing = [
  "the call never takes effect",
  "the call takes effect after the function's death",
  "the call had taken effect",
] as const;
type Moment = typeof writing[number];
const reading: Moment[] = ["the call never takes effect", "the call had taken effect"];

type Step = {
  name: string;
  moments: readonly Moment[];
  /** What the ledger says by then, where another call beside this one must be over. */
  ledgerSays?: string;
  /** Makes the finalize come to this call, and holds it there. */
  hold(simulator: SimulatorControl, when: When): HeldCall | Promise<HeldCall>;
  /** Whether the provider voice is there by then; "by the call" where it is what the call makes. */
  voiceMade?: boolean | "by the call";
};

const holds = createGatewayHolds();
const storage = "/storage/v1/object";

const rpc = (name: string, more: Partial<Step> = {}): Step => ({
  name,
  moments: writing,
  hold: (_, when) => holds.hold({ method: "POST", path: `/rest/v1/rpc/${name}` }, when),
  ...more,
});

/** A look-up after a create whose connection broke. */
const listStep = (voiceMade: boolean): Step => ({
  name: `list after a create that made ${voiceMade ? "a" : "no"} voice`,
  moments: reading,
  async hold(simulator, when) {
    const answer = { kind: "cut", when: voiceMade ? "after" : "before" } as const;
    await simulator.addFaults({ action: "create", answer });
    return await holdProviderCall(simulator, "list", when);
  },
  voiceMade,
});

const steps: Step[] = [
  rpc("clone_claim"),
  {
    name: "inspect",
    moments: reading,
    ledgerSays: "claimed",
    hold: (_, when) => holds.hold({ method: "GET", path: `${storage}/references/` }, when),
  },
  {
    name: "sign",
    moments: reading,
    ledgerSays: "sending",
    hold: (_, when) => holds.hold({ method: "POST", path: `${storage}/sign/references/` }, when),
  },
  rpc("clone_sending"),
  {
    name: "create",
    moments: writing,
    hold: (simulator, when) => holdProviderCall(simulator, "create", when),
    voiceMade: "by the call",
  },
  listStep(false),
  listStep(true),
  rpc("clone_unresolved", {
    name: "clone_unresolved after a create that failed",
    async hold(simulator, when) {
      await simulator.addFaults({ action: "create", answer: { kind: "error", code: "InternalError" } });
      return holds.hold({ method: "POST", path: "/rest/v1/rpc/clone_unresolved" }, when);
    },
  }),
  rpc("clone_complete", { voiceMade: true }),
];

const stack = await startInProcessStack({ intercept: holds.intercept });
const cloning = createCloning(stack);
const user = await cloning.signUp();
Deno.test.afterAll(stack.stop);

async function untilLedgerSays(upload: Upload, state: string): Promise<void> {
  const said = await eventually(async () => {
    const { ledger } = await cloning.readDatabase();
    return ledger.some((row) => row.voice_id === upload.voiceId && row.state === state);
  });
  assert.ok(said, `the ledger never says ${state}`);
}

/** A finalize whose function is killed; what was held has ended by then. */
async function killAt(step: Step, moment: Moment) {
  await cloning.simulator.dropHeld();
  const upload = await cloning.upload(user);
  const when = moment === "the call had taken effect" ? "after" : "before";
  const held = await step.hold(cloning.simulator, when);
  const interrupted = cloning.finalize(upload);
  await held.reached();
  if (step.ledgerSays !== undefined) await untilLedgerSays(upload, step.ledgerSays);
  await stack.kill("function");
  assert.equal((await interrupted).status, 502);
  if (moment === "the call never takes effect") await held.drop();
  else await held.release();
  return upload;
}

async function assertSettles(upload: Upload): Promise<void> {
  const answers = await cloning.finalizeUntilSettled(upload);
  assert.deepEqual(answers.at(-1), cloning.saved(upload), stack.logged.slice(-10).join("\n"));
  await cloning.assertSaved(upload);
  await cloning.assertExactlyOne([upload]);
}

for (const step of steps) {
  for (const moment of step.moments) {
    const at = `killed at ${step.name}, ${moment}`;

    Deno.test(`${at}: the client who comes again gets the one voice`, async () => {
      await assertSettles(await killAt(step, moment));
    });

    Deno.test(`${at}: reconcile settles what is there, and the client gets the one voice`, async () => {
      const upload = await killAt(step, moment);
      await cloning.endLeases();
      await cloning.reconcile();
      const { voices } = await cloning.readDatabase();
      const { voiceMade = false } = step;
      assert.equal(
        voices.some(({ id }) => id === upload.voiceId),
        voiceMade === "by the call" ? moment !== "the call never takes effect" : voiceMade,
        "reconcile makes the row exactly when there is a voice",
      );
      await assertSettles(upload);
    });
  }
}
