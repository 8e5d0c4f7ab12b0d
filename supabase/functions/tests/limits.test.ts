// How many creates a user may cause: what was sent, and what was made of it.
import assert from "node:assert/strict";
import type { Answer } from "../../../tools/testkit/harness/api.ts";
import { askForUpload, upload } from "../../../tools/testkit/harness/api.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import {
  connectionLost,
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { assertError } from "../../../tools/testkit/harness/api.ts";
import type { Ready } from "../../../tools/testkit/harness/finalizing.ts";
import { countedSendings } from "../../../tools/testkit/harness/finalizing.ts";
import { finalizeAt, finalizeTest } from "../../../tools/testkit/harness/setups.ts";

const newClip = async ({ api, token }: Ready) => (await upload(api, token)).body;
const finalizeNew = async (ready: Ready) => await ready.finalize(await newClip(ready));

function assertLimitedForAnHour(answer: Answer): void {
  assertError(answer, 429, "rate_limited");
  const retryAfter = Number(answer.headers.get("retry-after"));
  assert(retryAfter > 3500 && retryAfter <= 3600, `Retry-After: ${retryAfter}`);
}

const refused = providerError(400, "Audio.DecoderError");
const busy = providerError(429, "Throttling.RateQuota");
const looks = [voiceList(), voiceList(), voiceList()];
const lost = [connectionLost(), ...looks];

/** The environment of a deployment with these limits. */
const limitedTo = (perHour?: number, attemptsPerHour?: number) => ({
  environment: {
    ...(perHour ? { CLONE_LIMIT_PER_HOUR: String(perHour) } : {}),
    ...(attemptsPerHour ? { CLONE_ATTEMPTS_PER_HOUR: String(attemptsPerHour) } : {}),
  },
});

finalizeTest("refused clips and replays do not count as creates", limitedTo(2), async (ready) => {
  await withDashScope([voiceCreated(), voiceCreated()], async () => {
    const { voice_id } = await askForUpload(ready.api, ready.token);
    for (let count = 0; count < 3; count++) {
      assertError(await ready.finalize({ voice_id, ...DETAILS }), 400, "reference_missing");
    }
    for (let count = 0; count < 2; count++) {
      const body = await newClip(ready);
      for (const _again of ["first", "replay"]) assert.equal((await ready.finalize(body)).status, 200);
    }
    assertLimitedForAnHour(await ready.finalize());
  });
});

finalizeTest("refused creates count as sent, and not as made", limitedTo(1, 3), async (ready) => {
  await withDashScope([refused, refused, voiceCreated()], async () => {
    assertError(await finalizeNew(ready), 422, "provider_rejected");
    assertError(await finalizeNew(ready), 422, "provider_rejected");
    assert.equal((await finalizeNew(ready)).status, 200);
    assertLimitedForAnHour(await ready.finalize());
  });
  assert.deepEqual(await countedSendings(ready.userId), { creates: 3, possible: 1 });
});

finalizeTest("two attempts an hour stay two, whatever is refused", limitedTo(undefined, 2), async (ready) => {
  await withDashScope([refused, refused], async () => {
    for (let count = 0; count < 12; count++) {
      const answer = await finalizeNew(ready);
      if (count < 2) assertError(answer, 422, "provider_rejected");
      else assertError(answer, 429, "rate_limited");
    }
  });
});

finalizeTest("a create after a look-up counts; the look-up does not", limitedTo(2), async (ready) => {
  const counted = { creates: 2, possible: 2 };
  assertError(await finalizeAt(ready, lost), 504, "provider_timeout");
  assertError(await finalizeAt(ready, [...looks, ...lost]), 504, "provider_timeout");
  assert.deepEqual(await countedSendings(ready.userId), counted);
  for (let count = 0; count < 3; count++) {
    assertError(await finalizeAt(ready, looks), 429, "rate_limited");
  }
  assert.deepEqual(await countedSendings(ready.userId), counted);
});

finalizeTest("each create that is throttled counts as sent", limitedTo(undefined, 3), async (ready) => {
  assertError(await finalizeAt(ready, [busy, busy, busy]), 429, "rate_limited");
  assert.deepEqual(await countedSendings(ready.userId), { creates: 3, possible: 0 });
});

finalizeTest("100 finalizes at once stay within both limits", limitedTo(3, 5), async (ready) => {
  const bodies: Ready["body"][] = [];
  for (let count = 0; count < 100; count++) bodies.push(await newClip(ready));
  await withDashScope([voiceCreated(), voiceCreated(), voiceCreated()], async () => {
    const answers = await Promise.all(bodies.map((body) => ready.finalize(body)));
    const having = (status: number) => answers.filter((answer) => answer.status === status).length;
    assert.deepEqual([having(200), having(429)], [3, 97]);
  });
  assert.deepEqual(await countedSendings(ready.userId), { creates: 3, possible: 3 });
});
