// The function is killed at each call of a generation, before and after the call takes effect, or suspended past its lease;
// PostgreSQL is killed beside it. Then a worker comes. Over PostgreSQL, the gateway and the simulator.
import assert from "node:assert/strict";
import { synthesisPath } from "../../simulator/synthesis_endpoint.ts";
import { createCloning } from "../../testkit/stack/cloning_users.ts";
import { startInProcessStack, startSecondFunction } from "../../testkit/stack/in_process_stack.ts";
import { createGatewayHolds, type HeldCall, type When } from "../../testkit/stack/held_calls.ts";
import { eventually } from "../../testkit/stack/launched_stack.ts";
import { startProviderGateway } from "../../testkit/stack/provider_gateway.ts";
import {
  assertSpokenOnce,
  createSpeaking,
  readSpoken,
  type SpokenOnce,
} from "../../testkit/stack/speaking_users.ts";

const moments = [
  "never takes effect",
  "takes effect after the death",
  "had taken effect",
  "takes effect after the worker's run",
] as const;
/** When a call takes effect, seen from the death of the function that waits for it. */
type Moment = typeof moments[number];

/** A call that can be held. */
type Step = { name: string; hold(when: When): HeldCall };

const holds = createGatewayHolds();
const provider = await startProviderGateway();
const stack = await startInProcessStack({ environment: provider.environment, intercept: holds.intercept });
const speaking = await createSpeaking(stack, createCloning(stack));
const second = await startSecondFunction(stack);
const { sql } = stack;
Deno.test.afterAll(async () => {
  await second.stop();
  await stack.stop();
  await provider.stop();
});

const step = (at: typeof holds | typeof provider, name: string, method: string, path: string): Step => ({
  name,
  hold: (when) => at.hold({ method, path }, when),
});
const rpc = (name: string) => step(holds, name, "POST", `/rest/v1/rpc/${name}`);

const create = rpc("generation_create");
const claim = rpc("task_claim");
const lookUp = step(holds, "look-up", "GET", "/storage/v1/object/generations/");
const synthesis = step(provider, "synthesis", "POST", synthesisPath);
const fetching = step(provider, "fetch", "GET", "/results/");
const upload = step(holds, "upload", "POST", "/storage/v1/object/generations/");
const complete = rpc("task_complete");
const putBack = rpc("task_put_back");

const assertSpoken = (text: string, how: SpokenOnce) =>
  assertSpokenOnce({ sql, provider, speaking }, text, how).catch((cause) => {
    throw new Error(stack.logged.slice(-10).join("\n"), { cause });
  });
const synthesesOf = (text: string) => provider.syntheses().filter((one) => one.text === text).length;
const isCompleted = async (text: string) => (await readSpoken(sql, text))[0]?.task?.status === "completed";

/** Begins a generation whose client gets its answer, and gives its text once it is held at a step. */
async function beginAt(step: Step, when: When) {
  const text = speaking.newText();
  const held = step.hold(when);
  assert.equal((await speaking.generate(text)).status, 200);
  await held.reached();
  return { text, held };
}

/** A worker whose function is killed at a step. */
async function killWorkerAt(step: Step, when: When): Promise<void> {
  const held = step.hold(when);
  const asked = speaking.askToWork();
  await held.reached();
  await stack.kill("function");
  assert.equal((await asked).status, 502);
  await held.drop();
}

const whenOf = (moment: Moment): When => moment === "had taken effect" ? "after" : "before";

/** A worker's run after a death, with the held call ended in its turn; what is ended after the run may change nothing. */
async function workAfter(moment: Moment, { text, held }: { text: string; held: HeldCall }): Promise<void> {
  const isLast = moment === "takes effect after the worker's run";
  if (!isLast) await (moment === "never takes effect" ? held.drop() : held.release());
  await speaking.endLeases();
  await speaking.work();
  if (!isLast) return;
  const before = await readSpoken(sql, text);
  await held.release();
  assert.deepEqual(await readSpoken(sql, text), before);
}

for (const moment of moments) {
  Deno.test(`killed at ${create.name}, which ${moment}: no task, or a completed one`, async () => {
    const text = speaking.newText();
    const held = create.hold(whenOf(moment));
    const asked = speaking.generate(text);
    await held.reached();
    await stack.kill("function");
    assert.equal((await asked).status, 502);
    await (moment === "never takes effect" ? held.drop() : held.release());
    await speaking.work();
    if (moment === "never takes effect") assert.deepEqual(await readSpoken(sql, text), []);
    else await assertSpoken(text, { syntheses: 1 });
  });
}

/** The calls after it, each with how often its text is spoken and billed in all when the function dies at it, by moment. */
const killed: [step: Step, syntheses: (number | null)[]][] = [
  [claim, [1, 1, 1, 1]],
  [synthesis, [1, 2, 2, null]],
  [fetching, [2, null, 2, null]],
  [upload, [2, 1, 1, 2]],
  [complete, [1, 1, 1, 1]],
];

for (const [step, billed] of killed) {
  for (const [index, moment] of moments.entries()) {
    const syntheses = billed[index] ?? null;
    if (syntheses === null) continue;
    Deno.test(`killed at ${step.name}, which ${moment}: one WAV, syntheses billed: ${syntheses}`, async () => {
      const begun = await beginAt(step, whenOf(moment));
      await stack.kill("function");
      await workAfter(moment, begun);
      await assertSpoken(begun.text, { syntheses });
    });
  }
}

for (const moment of moments.filter((one) => one !== "takes effect after the death")) {
  Deno.test(`killed at ${putBack.name} after a synthesis that failed, which ${moment}: one WAV`, async () => {
    provider.addFaults({ action: "synthesize", answer: { kind: "error", code: "InternalError" } });
    const begun = await beginAt(putBack, whenOf(moment));
    await stack.kill("function");
    await workAfter(moment, begun);
    await assertSpoken(begun.text, { syntheses: 1 });
  });
}

for (const [step, when] of [[claim, "after"], [lookUp, "after"], [complete, "before"]] as const) {
  Deno.test(`the worker is killed too, ${when} its ${step.name}: the next one completes what is stored`, async () => {
    const { text, held } = await beginAt(upload, "after");
    await stack.kill("function");
    await held.release();
    await speaking.endLeases();
    await killWorkerAt(step, when);
    await speaking.endLeases();
    await speaking.work();
    await assertSpoken(text, { syntheses: 1 });
  });
}

/** Kills the function at each of the three attempts of a generation, the last time after `last` took effect. */
async function killThreeTimes(last: Step): Promise<string> {
  const { text, held } = await beginAt(synthesis, "after");
  await stack.kill("function");
  await held.release();
  for (const step of [synthesis, last]) {
    await speaking.endLeases();
    await killWorkerAt(step, "after");
  }
  await speaking.endLeases();
  return text;
}

Deno.test("killed at each of three attempts, the last time with its audio stored: completed", async () => {
  const text = await killThreeTimes(upload);
  await speaking.work();
  await assertSpoken(text, { syntheses: 3 });
});

Deno.test("Storage is away for a moment when a worker looks after three attempts: completed all the same", async () => {
  const text = await killThreeTimes(upload);
  const held = lookUp.hold("before");
  const asked = speaking.askToWork();
  await held.reached();
  await held.drop();
  assert.equal((await asked).status, 200);
  await speaking.endLeases();
  await speaking.work();
  await assertSpoken(text, { syntheses: 3 });
});

Deno.test("killed at each of three attempts with nothing stored: failed, and not spoken a fourth time", async () => {
  const text = await killThreeTimes(fetching);
  await speaking.work();
  const [spoken] = await readSpoken(sql, text);
  assert.ok(spoken?.task);
  assert.deepEqual(spoken.objects, []);
  const { status, error } = await speaking.task(spoken.task.id);
  assert.deepEqual([status, error], ["failed", "The text could not be spoken. Try again."]);
  assert.equal(synthesesOf(text), 3);
});

/** Texts whose syntheses are all held when the function is killed; none of them takes effect. */
async function killTogether(count: number): Promise<string[]> {
  const texts = Array.from({ length: count }, speaking.newText);
  provider.addFaults({ action: "synthesize", times: count, hold: "before" });
  for (const text of texts) assert.equal((await speaking.generate(text)).status, 200);
  await provider.untilHeld(count);
  await stack.kill("function");
  provider.dropHeld();
  await speaking.endLeases();
  return texts;
}

for (const [where, other] of [["one process", undefined], ["two processes", second.apiUrl]] as const) {
  Deno.test(`two workers at once in ${where} after a kill: each of five texts is spoken once`, async () => {
    const texts = await killTogether(5);
    await Promise.all([speaking.work(), speaking.work(other)]);
    for (const text of texts) await assertSpoken(text, { syntheses: 1 });
  });
}

Deno.test("a worker leaves alone what another one speaks after a kill", async () => {
  const [text = ""] = await killTogether(1);
  const held = synthesis.hold("before");
  const working = speaking.work();
  await held.reached();
  await speaking.work(second.apiUrl);
  await held.release();
  await working;
  await assertSpoken(text, { syntheses: 1 });
});

for (
  const [step, when, spoken] of [
    [synthesis, "before", { syntheses: 2, stored: 0 }],
    [synthesis, "after", { syntheses: 2, stored: 1 }],
    [fetching, "after", { syntheses: 2, stored: 1 }],
    [upload, "before", { syntheses: 2, stored: 1 }],
    [upload, "after", { syntheses: 1 }],
    [complete, "before", { syntheses: 1 }],
  ] as const
) {
  Deno.test(`suspended ${when} its ${step.name}, awake after another one completed: nothing changes`, async () => {
    const { text, held } = await beginAt(step, when);
    const wake = await stack.suspendFunction();
    try {
      await speaking.endLeases();
      await speaking.work(second.apiUrl);
      const before = await readSpoken(sql, text);
      const itsLast = step === complete ? held : complete.hold("after");
      const released = held.release();
      wake();
      await released;
      if (itsLast !== held) {
        await itsLast.reached();
        await itsLast.release();
      }
      assert.deepEqual(await readSpoken(sql, text), before);
    } finally {
      wake();
    }
    await assertSpoken(text, spoken);
  });
}

Deno.test("suspended before its upload, awake when another one stored: the row describes what is stored", async () => {
  const { text, held } = await beginAt(upload, "before");
  const wake = await stack.suspendFunction();
  try {
    await speaking.endLeases();
    const another = complete.hold("before");
    const working = speaking.work(second.apiUrl);
    await another.reached();
    wake();
    await held.release();
    assert.ok(await eventually(() => isCompleted(text)), "the one that woke completes");
    await another.release();
    await working;
  } finally {
    wake();
  }
  await assertSpoken(text, { syntheses: 2, stored: 1 });
});

for (const [step, most] of [[upload, 2], [complete, 1]] as const) {
  Deno.test(`PostgreSQL is killed before the function's ${step.name}: one WAV, spoken again only if not stored`, async () => {
    const { text, held } = await beginAt(step, "before");
    await stack.kill("postgres");
    await held.release();
    // The function tries again while the database is away; should it give up, the task is the worker's.
    await eventually(() => isCompleted(text).catch(() => false));
    await speaking.endLeases();
    await speaking.work();
    const syntheses = synthesesOf(text);
    assert.ok(syntheses <= most, `spoken ${syntheses} times`);
    await assertSpoken(text, { syntheses });
  });
}

Deno.test("in the end every WAV in the bucket is the audio of a completed generation", async () => {
  const strays = await sql`
    select name from storage.objects where bucket_id = 'generations'
    except select audio_object_key from public.generations`;
  assert.deepEqual([...strays], []);
});
