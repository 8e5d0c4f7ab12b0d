// How many creates a user may cause: what was sent, and what was made of it.
import assert from "node:assert/strict";
import { assertError, startApi, upload } from "../../../tools/testkit/harness/api.ts";
import {
  connectionLost,
  type ProviderAnswer,
  providerError,
  voiceCreated,
  voiceList,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { countedSendings } from "../../../tools/testkit/harness/finalizing.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/project.ts";
import { createVirtualClock } from "../../../tools/testkit/harness/virtual_clocks.ts";

/** A user, and a finalize of a new clip of theirs or of one that they finalized before. */
async function startLimited(environment: Record<string, string>) {
  const keys = await createSigningKeys();
  const api = await startApi({ keys, environment, clock: createVirtualClock() });
  const { id: userId } = await signUp();
  const token = await keys.sign(userId);
  const newClip = async () => (await upload(api, token)).body;
  return {
    api,
    userId,
    newClip,
    finalize: async (body?: Awaited<ReturnType<typeof newClip>>) =>
      await api.call("POST", "/clone/finalize", { token, body: body ?? await newClip() }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

const refused = providerError(400, "Audio.DecoderError");
const lost: ProviderAnswer[] = [connectionLost(), voiceList(), voiceList(), voiceList()];

Deno.test("creates that the provider refuses count as sent, and not as made", async () => {
  await using user = await startLimited({ CLONE_ATTEMPTS_PER_HOUR: "3", CLONE_LIMIT_PER_HOUR: "1" });
  await withDashScope([refused, refused, voiceCreated()], async () => {
    assertError(await user.finalize(), 422, "provider_rejected");
    assertError(await user.finalize(), 422, "provider_rejected");
    assert.equal((await user.finalize()).status, 200);
    const answer = await user.finalize();
    assertError(answer, 429, "rate_limited");
    const retryAfter = Number(answer.headers.get("retry-after"));
    assert(retryAfter > 3500 && retryAfter <= 3600, `Retry-After: ${retryAfter}`);
  });
  assert.deepEqual(await countedSendings(user.userId), { creates: 3, possible: 1 });
});

Deno.test("at a limit of two an hour no order of refusals sends more than may be sent", async () => {
  await using user = await startLimited({ CLONE_ATTEMPTS_PER_HOUR: "2" });
  await withDashScope([refused, refused], async () => {
    for (let count = 0; count < 12; count++) {
      assertError(
        await user.finalize(),
        count < 2 ? 422 : 429,
        count < 2 ? "provider_rejected" : "rate_limited",
      );
    }
  });
});

Deno.test("a create after a look-up that found nothing counts; the look-up does not", async () => {
  await using user = await startLimited({ CLONE_LIMIT_PER_HOUR: "2" });
  const body = await user.newClip();
  await withDashScope([...lost, voiceList(), voiceList(), voiceList(), ...lost], async () => {
    assertError(await user.finalize(body), 504, "provider_timeout");
    assertError(await user.finalize(body), 504, "provider_timeout");
  });
  assert.deepEqual(await countedSendings(user.userId), { creates: 2, possible: 2 });
  for (let count = 0; count < 3; count++) {
    await withDashScope([voiceList(), voiceList(), voiceList()], async () => {
      assertError(await user.finalize(body), 429, "rate_limited");
    });
  }
  assert.deepEqual(await countedSendings(user.userId), { creates: 2, possible: 2 });
});

Deno.test("what the provider was too busy for counts each time that it was sent", async () => {
  await using user = await startLimited({ CLONE_ATTEMPTS_PER_HOUR: "3" });
  const busy = providerError(429, "Throttling.RateQuota");
  await withDashScope([busy, busy, busy], async () => {
    assertError(await user.finalize(), 429, "rate_limited");
  });
  assert.deepEqual(await countedSendings(user.userId), { creates: 3, possible: 0 });
});

Deno.test("100 finalizes at once stay within both limits", async () => {
  await using user = await startLimited({ CLONE_ATTEMPTS_PER_HOUR: "5", CLONE_LIMIT_PER_HOUR: "3" });
  const bodies: Awaited<ReturnType<typeof user.newClip>>[] = [];
  for (let count = 0; count < 100; count++) bodies.push(await user.newClip());
  await withDashScope([voiceCreated(), voiceCreated(), voiceCreated()], async () => {
    const statuses = (await Promise.all(bodies.map((body) => user.finalize(body)))).map(({ status }) =>
      status
    );
    assert.equal(statuses.filter((status) => status === 200).length, 3);
    assert.equal(statuses.filter((status) => status === 429).length, 97);
  });
  assert.deepEqual(await countedSendings(user.userId), { creates: 3, possible: 3 });
});
