// What the log tells of a generation: these events, with these fields and no others.
import assert from "node:assert/strict";
import { readyToSpeak, type Speaking } from "../../../tools/testkit/harness/speaking.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The events of one generation, without what is the same in all of them. */
async function toldOf(speaking: Speaking): Promise<Record<string, unknown>[]> {
  const before = speaking.api.logged.length;
  const { task_id, generation_id } = await speaking.spoken();
  return speaking.api.logged.slice(before).map((line) => {
    const { time, request_id, task_id: task, generation_id: generation, ...told } = JSON.parse(line);
    assert(!Number.isNaN(Date.parse(time)));
    assert.match(request_id, UUID);
    assert.deepEqual([task, generation], [task_id, generation_id]);
    return told;
  });
}

Deno.test("a generation: created, claimed, synthesized, completed", async () => {
  await using speaking = await readyToSpeak({ clock: createVirtualClock() });
  const [created, claimed, synthesized, completed, ...more] = await toldOf(speaking);
  assert.deepEqual([created, claimed, more], [
    { level: "info", event: "generation.created", voice_id: speaking.voiceId },
    { level: "info", event: "generation.claimed", attempt: 1 },
    [],
  ]);
  const requestId = String(synthesized?.provider_request_id);
  assert.match(requestId, UUID);
  assert.deepEqual(synthesized, {
    level: "info",
    event: "generation.synthesized",
    provider_request_id: requestId,
    duration_ms: 0,
  });
  const { size, duration_seconds, ...rest } = completed ?? {};
  assert.deepEqual(rest, {
    level: "info",
    event: "generation.completed",
    provider_request_id: requestId,
  });
  assert.equal(Math.round((Number(size) - 44) / 48), Math.round(Number(duration_seconds) * 1000));
});

Deno.test("a text that is refused: attempt_failed with the provider's code, then failed", async () => {
  await using speaking = await readyToSpeak({ clock: createVirtualClock() });
  speaking.simulator.addFaults({
    action: "synthesize",
    answer: { kind: "error", code: "DataInspectionFailed" },
  });
  const [, , attempt, failed, ...more] = await toldOf(speaking);
  const { provider_request_id, ...rest } = attempt ?? {};
  assert.match(String(provider_request_id), UUID);
  assert.deepEqual([rest, failed, more], [
    {
      level: "warn",
      event: "generation.attempt_failed",
      attempt: 1,
      category: "rejected",
      status: 400,
      provider_code: "DataInspectionFailed",
      error: { name: "ProviderError", message: "the provider answered 400 DataInspectionFailed" },
    },
    { level: "warn", event: "generation.failed", attempt: 1 },
    [],
  ]);
});
