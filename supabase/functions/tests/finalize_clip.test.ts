import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { readFixture } from "../../../tools/testkit/fixtures.ts";
import type { Bytes } from "../_shared/bytes.ts";
import {
  askForUpload,
  assertError,
  type Intercept,
  putClip,
  startApi,
  upload,
} from "../../../tools/testkit/harness/api.ts";
import {
  type ProviderAnswer,
  voiceCreated,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { createSigningKeys, signUp } from "../../../tools/testkit/harness/project.ts";
import { DETAILS } from "../../../tools/testkit/harness/reference.ts";
import { wav } from "../../../tools/testkit/clips/write_wav.ts";

const keys = await createSigningKeys();
const token = await keys.sign((await signUp()).id);

Deno.test("a clip that is not there or too large is refused before the provider is asked", async () => {
  await using api = await startApi({ keys });
  await withDashScope([], async () => {
    const { voice_id } = await askForUpload(api, token);
    const { body: large } = await upload(api, token, { clip: new Uint8Array(10_000_000) });
    for (
      const [body, code, detail] of [
        [{ voice_id, ...DETAILS }, "reference_missing", "Audio file not uploaded."],
        [large, "reference_too_large", "Reference audio must be under 10MB."],
      ] as const
    ) {
      assertError(await api.call("POST", "/clone/finalize", { token, body }), 400, code, detail);
    }
  });
});

/** A fit clip of so many bytes, with nothing after its sound. */
function clipOf(bytes: number): Bytes {
  const clip = new Uint8Array(bytes);
  clip.set(wav({ seconds: 12 }));
  return clip;
}

Deno.test("a clip one byte under the limit is enrolled, and a refused upload can be finalized once its clip is there", async () => {
  await using api = await startApi({ keys });
  await withDashScope([voiceCreated()], async () => {
    const { voice_id, upload_url } = await askForUpload(api, token);
    const body = { voice_id, ...DETAILS };
    assertError(await api.call("POST", "/clone/finalize", { token, body }), 400, "reference_missing");
    await putClip(upload_url, clipOf(9_999_999));
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
});

Deno.test("with data URLs the clip itself is sent, as what it is and not as it was declared", async () => {
  await using api = await startApi({ keys, environment: { QWEN_REFERENCE_DELIVERY: "auto" } });
  const cases = [["wav", "audio/x-m4a", "audio/wav"], ["mp3", "audio/wav", "audio/mpeg"], [
    "m4a",
    "audio/wav",
    "audio/mp4",
  ]];
  await withDashScope(cases.map(() => voiceCreated()), async (calls) => {
    for (const [ending, declared, sent] of cases) {
      const clip = readFixture(`speech-24k-mono.${ending}`);
      const { body } = await upload(api, token, { clip, type: declared });
      assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
      const data = calls.at(-1)?.body.input.audio?.data ?? "";
      const comma = data.indexOf(",") + 1;
      // Compared here, for a failed comparison would print them.
      assert.equal(data.slice(0, comma) === `data:${sent};base64,`, true, `declared as ${declared}`);
      assert(Buffer.from(data.slice(comma), "base64").equals(clip));
    }
  });
});

Deno.test("a clip too large for a data URL is refused, and nothing stays claimed", async () => {
  await using direct = await startApi({ keys, environment: { QWEN_REFERENCE_DELIVERY: "data_url" } });
  await using signed = await startApi({ keys });
  const { body } = await upload(direct, token, { clip: clipOf(7_499_901) });
  const { body: largest } = await upload(direct, token, { clip: clipOf(7_499_900) });
  await withDashScope([voiceCreated(), voiceCreated()], async () => {
    assert.equal((await direct.call("POST", "/clone/finalize", { token, body: largest })).status, 200);
    assertError(
      await direct.call("POST", "/clone/finalize", { token, body }),
      400,
      "reference_too_large",
      "Reference audio must be under 7.4MB when it is sent directly.",
    );
    assert.equal((await signed.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
});

Deno.test("one clip is sent as a data URL at a time; the others wait their turn", async () => {
  const allClaimed = Promise.withResolvers<void>();
  let claims = 0;
  const intercept: Intercept = (path, send) =>
    path === "/rest/v1/rpc/clone_claim"
      ? send().finally(() => ++claims === 4 && allClaimed.resolve())
      : undefined;
  await using api = await startApi({ keys, intercept, environment: { QWEN_REFERENCE_DELIVERY: "data_url" } });
  const bodies: Awaited<ReturnType<typeof upload>>["body"][] = [];
  for (let count = 0; count < 4; count++) bodies.push((await upload(api, token)).body);
  const gates = bodies.map(() => Promise.withResolvers<void>());
  const arrivals = bodies.map(() => Promise.withResolvers<void>());
  let [arrived, atOnce, most] = [0, 0, 0];
  const answer: ProviderAnswer = async (call) => {
    const index = arrived++;
    most = Math.max(most, ++atOnce);
    arrivals[index]?.resolve();
    await gates[index]?.promise;
    atOnce--;
    return await voiceCreated()(call);
  };
  const readings = () => api.supabaseRequests.filter(({ path }) => path.includes("/object/references/"));
  await withDashScope(bodies.map(() => answer), async () => {
    const answers = bodies.map((body) => api.call("POST", "/clone/finalize", { token, body }));
    // While the first one is held, the others come as far as they may: to their turn.
    await allClaimed.promise;
    for (let count = 0; count < 4; count++) await upload(api, token);
    for (const [index, gate] of gates.entries()) {
      await arrivals[index]?.promise;
      gate.resolve();
    }
    for (const { status } of await Promise.all(answers)) assert.equal(status, 200);
  });
  assert.equal(most, 1);
  assert.equal(readings().length, 2 * bodies.length, "each is looked at, and read once");
});
