// The function is killed at each of its calls, before and after the call takes effect; then the client comes again, or
// reconcile runs first. Over PostgreSQL, the gateway and the simulator, with nothing in the place of anything.
import assert from "node:assert/strict";
import { createCloning, type Upload } from "../../testkit/stack/cloning.ts";
import { assertExactlyOne, readDatabase } from "../../testkit/stack/exactly_one.ts";
import { startFinalizeStack } from "../../testkit/stack/finalize_stack.ts";
import {
  createGatewayHolds,
  type HeldCall,
  holdProviderCall,
  type SupabaseCall,
} from "../../testkit/stack/held_calls.ts";
import { eventually } from "../../testkit/stack/launch.ts";
import type { SimulatorControl } from "../../testkit/stack/simulator_control.ts";

const rpc = (name: string): SupabaseCall => ({ method: "POST", path: `/rest/v1/rpc/${name}` });

/** When the function dies, seen from the call it waits for. */
type Moment =
  | "the call never takes effect"
  | "the call takes effect after the function's death"
  | "the call had taken effect";

const writing: Moment[] = [
  "the call never takes effect",
  "the call takes effect after the function's death",
  "the call had taken effect",
];
const reading: Moment[] = ["the call never takes effect", "the call had taken effect"];

type Step = {
  name: string;
  moments: Moment[];
  /** What the ledger says by then, where another call runs beside this one that is to be over. */
  ledgerSays?: string;
  /** Makes the finalize come to this call, and holds it there. */
  hold(simulator: SimulatorControl, when: "before" | "after"): Promise<HeldCall>;
  /** Whether the provider voice is there once the call took effect, or did not. */
  voiceMade(effective: boolean): boolean;
};

const holds = createGatewayHolds();

const supabaseStep = (
  name: string,
  call: SupabaseCall,
  moments: Moment[],
  more: Pick<Step, "ledgerSays"> & { voiceMade?: boolean } = {},
): Step => ({
  name,
  moments,
  ledgerSays: more.ledgerSays,
  hold: (_, when) => Promise.resolve(holds.hold(call, when)),
  voiceMade: () => more.voiceMade ?? false,
});

/** A look-up after a create whose connection broke. */
const listStep = (voiceMade: boolean): Step => ({
  name: `list after a create that made ${voiceMade ? "a" : "no"} voice`,
  moments: reading,
  async hold(simulator, when) {
    await simulator.addFaults({
      action: "create",
      answer: { kind: "cut", when: voiceMade ? "after" : "before" },
    });
    return await holdProviderCall(simulator, "list", when);
  },
  voiceMade: () => voiceMade,
});

const steps: Step[] = [
  supabaseStep("clone_claim", rpc("clone_claim"), writing),
  supabaseStep("inspect", { method: "GET", path: "/storage/v1/object/references/" }, reading, {
    ledgerSays: "claimed",
  }),
  supabaseStep("sign", { method: "POST", path: "/storage/v1/object/sign/references/" }, reading, {
    ledgerSays: "sending",
  }),
  supabaseStep("clone_sending", rpc("clone_sending"), writing),
  {
    name: "create",
    moments: writing,
    hold: (simulator, when) => holdProviderCall(simulator, "create", when),
    voiceMade: (effective) => effective,
  },
  listStep(false),
  listStep(true),
  {
    name: "clone_unresolved after a create that failed",
    moments: writing,
    async hold(simulator, when) {
      await simulator.addFaults({ action: "create", answer: { kind: "error", code: "InternalError" } });
      return holds.hold(rpc("clone_unresolved"), when);
    },
    voiceMade: () => false,
  },
  supabaseStep("clone_complete", rpc("clone_complete"), writing, { voiceMade: true }),
];

const stack = await startFinalizeStack({ intercept: holds.intercept });
const cloning = createCloning(stack);
const user = await cloning.signUp();
Deno.test.afterAll(stack.stop);

async function untilLedgerSays(upload: Upload, state: string): Promise<void> {
  const said = await eventually(async () => {
    const { ledger } = await readDatabase(stack.sql);
    return ledger.some((row) => row.voice_id === upload.voiceId && row.state === state);
  });
  assert.ok(said, `the ledger never says ${state}`);
}

/** A finalize whose function is killed; what was held has ended by then. */
async function killAt(step: Step, moment: Moment) {
  await cloning.simulator.dropHeld();
  const upload = await cloning.upload(user);
  const held = await step.hold(
    cloning.simulator,
    moment === "the call had taken effect" ? "after" : "before",
  );
  const interrupted = cloning.finalize(upload);
  await held.reached();
  if (step.ledgerSays !== undefined) await untilLedgerSays(upload, step.ledgerSays);
  await stack.kill("function");
  assert.equal((await interrupted).status, 502);
  if (moment === "the call never takes effect") await held.drop();
  else await held.release();
  return upload;
}

for (const step of steps) {
  for (const moment of step.moments) {
    const at = `killed at ${step.name}, ${moment}`;
    const effective = moment !== "the call never takes effect";

    Deno.test(`${at}: the client who comes again gets the one voice`, async () => {
      const upload = await killAt(step, moment);
      const answers = await cloning.finalizeUntilSettled(upload);
      assert.deepEqual(answers.at(-1), cloning.saved(upload), stack.logged.slice(-10).join("\n"));
      assert.deepEqual(await cloning.finalize(upload), cloning.saved(upload));
      await assertExactlyOne({ ...stack, cloning }, [upload]);
    });

    Deno.test(`${at}: reconcile settles what is there, and the client gets the one voice`, async () => {
      const upload = await killAt(step, moment);
      await cloning.endLeases();
      await cloning.reconcile();
      const { voices } = await readDatabase(stack.sql);
      assert.equal(
        voices.some(({ id }) => id === upload.voiceId),
        step.voiceMade(effective),
        "reconcile makes the row exactly when there is a voice",
      );
      const answers = await cloning.finalizeUntilSettled(upload);
      assert.deepEqual(answers.at(-1), cloning.saved(upload), stack.logged.slice(-10).join("\n"));
      await assertExactlyOne({ ...stack, cloning }, [upload]);
    });
  }
}
