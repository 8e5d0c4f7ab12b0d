import assert from "node:assert/strict";
import { ProviderError } from "../_shared/tts/provider_error.ts";
import { createSlots } from "../_shared/tts/providers/slots.ts";

const never = new AbortController().signal;

Deno.test("work that waits gets its turn in order, also after a failure", async () => {
  const run = createSlots(1);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = run(never, async () => {
    await gate.promise;
    order.push("first");
    throw new Error("it failed");
  });
  const others = ["second", "third"].map((name) =>
    run(never, () => Promise.resolve(order.push(name)).then(() => name))
  );
  assert.deepEqual(order, []);
  gate.resolve();
  await assert.rejects(first, /it failed/);
  assert.deepEqual(await Promise.all(others), ["second", "third"]);
  assert.deepEqual(order, ["first", "second", "third"]);
});

Deno.test("whoever gives up waiting leaves the turn to the next one", async () => {
  const run = createSlots(1);
  const gate = Promise.withResolvers<void>();
  const first = run(never, () => gate.promise);
  const impatient = new AbortController();
  let ran = false;
  const second = run(impatient.signal, () => Promise.resolve(ran = true));
  const third = run(never, () => Promise.resolve("third"));
  impatient.abort();
  await assert.rejects(second, (error) => error instanceof ProviderError && error.category === "throttled");
  const late = run(AbortSignal.abort(), () => Promise.resolve("late"));
  await assert.rejects(late, ProviderError);
  gate.resolve();
  await first;
  assert.equal(await third, "third");
  assert.equal(ran, false);
  assert.equal(await run(never, () => Promise.resolve("free again")), "free again");
});
