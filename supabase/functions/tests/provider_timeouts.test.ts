// How long the provider is waited for. No test here waits: the clock jumps.
import assert from "node:assert/strict";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import { connectionLost, neverAnswers, voiceCreated } from "../../../tools/testkit/harness/dashscope.ts";
import {
  asked,
  assertSucceeds,
  enrollmentOf,
  LOOK_UPS,
  readyToFinalize,
} from "../../../tools/testkit/harness/finalizing.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

Deno.test("a create that is not answered in QWEN_TIMEOUT_MS is given up and looked up: 504 provider_timeout", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock, environment: { QWEN_TIMEOUT_MS: "45000" } });
  const never = neverAnswers(() => clock.expire(45_000));
  await asked([["create", never], ...LOOK_UPS], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout", undefined, { "retry-after": "5" });
  });
  const left = await enrollmentOf(ready.voiceId);
  assert.deepEqual([left?.unresolved, left?.leased], [true, false]);
});

Deno.test("a look-up that is not answered in 15 s is given up: 502 provider_unavailable", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock });
  const never = neverAnswers(() => clock.expire(15_000));
  await asked([["create", connectionLost()], ["list", never]], async () => {
    assertError(await ready.finalize(), 502, "provider_unavailable");
  });
  assert.equal((await enrollmentOf(ready.voiceId))?.unresolved, true);
});

Deno.test("a create leaves 25 s of the request's 120 s for looking up and saving", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock, environment: { QWEN_TIMEOUT_MS: "90000" } });
  // 120 s less the 30 s that the first, throttled create took, less the pause of 1 s, less the 25 s: 64 s.
  const slow = () => {
    clock.advance(30_000);
    return new Response(null, { status: 429 });
  };
  const never = neverAnswers(() => clock.expire(64_000));
  await asked([["create", slow], ["create", never], ...LOOK_UPS], async () => {
    assertError(await ready.finalize(), 504, "provider_timeout");
  });
});

Deno.test("no create is sent when too little of the request's time is left", async () => {
  const clock = createVirtualClock();
  await using ready = await readyToFinalize({ clock });
  const late = () => {
    clock.advance(95_000);
    return new Response(null, { status: 429 });
  };
  await asked([["create", late]], async () => {
    assertError(await ready.finalize(), 503, "provider_throttled");
  });
  await assertSucceeds(ready, [["create", voiceCreated()]]);
});
