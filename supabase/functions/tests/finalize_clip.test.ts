import { Buffer } from "node:buffer";
import assert from "node:assert/strict";
import { startApi } from "./harness/api.ts";
import { askForUpload, DETAILS, putClip, speechClip, upload } from "./harness/clone.ts";
import { voiceCreated, withDashScope } from "./harness/dashscope.ts";
import { assertError } from "./harness/errors.ts";
import { createSigningKeys, signUp } from "./harness/users.ts";

const keys = await createSigningKeys();
const token = await keys.sign((await signUp()).id);

Deno.test("a clip that is not there, empty, too large or of another type is refused before the provider is asked", async () => {
  await using api = await startApi({ keys });
  await withDashScope([], async () => {
    const refused = async (body: unknown, code: string, detail: string) =>
      assertError(await api.call("POST", "/clone/finalize", { token, body }), 400, code, detail);

    const { voice_id } = await askForUpload(api, token);
    await refused({ voice_id, ...DETAILS }, "reference_missing", "Audio file not uploaded.");

    const empty = await upload(api, token, { clip: new Uint8Array(0) });
    await refused(empty.body, "reference_empty", "The uploaded audio file is empty.");

    const large = await upload(api, token, { clip: new Uint8Array(10_000_000) });
    await refused(large.body, "reference_too_large", "Reference audio must be under 10MB.");
  });
});

Deno.test("a clip one byte under the limit is enrolled, and a refused upload can be finalized once its clip is there", async () => {
  await using api = await startApi({ keys });
  await withDashScope([voiceCreated()], async () => {
    const { voice_id, upload_url } = await askForUpload(api, token);
    const body = { voice_id, ...DETAILS };
    assertError(await api.call("POST", "/clone/finalize", { token, body }), 400, "reference_missing");
    await putClip(upload_url, new Uint8Array(9_999_999));
    assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
});

Deno.test("with data URLs the clip itself is sent, under the provider's name for its type", async () => {
  await using api = await startApi({ keys, environment: { QWEN_REFERENCE_DELIVERY: "auto" } });
  const clip = await speechClip();
  await withDashScope([voiceCreated(), voiceCreated()], async (calls) => {
    for (const [type, sent] of [["audio/x-wav", "audio/wav"], ["audio/x-m4a", "audio/mp4"]]) {
      const { body } = await upload(api, token, { clip, type });
      assert.equal((await api.call("POST", "/clone/finalize", { token, body })).status, 200);
      const data = calls.at(-1)?.body.input.audio?.data ?? "";
      assert.equal(data.slice(0, data.indexOf(",") + 1), `data:${sent};base64,`);
      assert(Buffer.from(data.slice(data.indexOf(",") + 1), "base64").equals(clip));
    }
  });
});

Deno.test("a clip too large for a data URL is refused, and nothing stays claimed", async () => {
  const large = new Uint8Array(7_499_901);
  await using direct = await startApi({ keys, environment: { QWEN_REFERENCE_DELIVERY: "data_url" } });
  await using signed = await startApi({ keys });
  const { body } = await upload(direct, token, { clip: large });
  await withDashScope([voiceCreated()], async () => {
    assertError(await direct.call("POST", "/clone/finalize", { token, body }), 400, "reference_too_large");
    assert.equal((await signed.call("POST", "/clone/finalize", { token, body })).status, 200);
  });
});
