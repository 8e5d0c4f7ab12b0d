// What a delete at the provider ends in: gone is gone, and an error that comes with 200 is an error too.
import assert from "node:assert/strict";
import type { ProviderErrorCategory } from "../_shared/tts/provider_error.ts";
import {
  actions,
  type ProviderAnswer,
  providerError,
  qwen,
  withDashScope,
} from "../../../tools/testkit/harness/dashscope.ts";
import { failureOf } from "../../../tools/testkit/harness/synthesizing.ts";

const VOICE = "qwen-tts-vc-grace_0123456789-voice-20261122120000000-1a2b";

const deleteWith = (answer: ProviderAnswer, use: (work: Promise<void>) => Promise<void>) =>
  withDashScope([answer], async (calls) => {
    await use(qwen().deleteVoice(VOICE, new AbortController().signal));
    assert.deepEqual(actions(calls), ["delete"]);
  });

const GONE: [string, ProviderAnswer][] = [
  ["200", () => Response.json({ output: { voice: VOICE }, usage: { count: 0 }, request_id: "f0e1d2c3" })],
  ["200 without output", () => Response.json({ usage: { count: 0 }, request_id: "f0e1d2c3" })],
  ["200 with an empty code", () => Response.json({ code: "", message: "", request_id: "f0e1d2c3" })],
  ["400 BadRequest.VoiceNotFound", providerError(400, "BadRequest.VoiceNotFound")],
  ["400 InvalidParameter.ResourceNotExist", providerError(400, "InvalidParameter.ResourceNotExist")],
  ["404 invalidParameter.resourceNotExist", providerError(404, "invalidParameter.resourceNotExist")],
  ["a 200 with BadRequest.VoiceNotFound inside", providerError(200, "BadRequest.VoiceNotFound")],
];

for (const [what, answer] of GONE) {
  Deno.test(`a delete that is answered ${what}: the voice is gone`, () => deleteWith(answer, (work) => work));
}

const FAILED: [number, string, ProviderErrorCategory][] = [
  [400, "InvalidParameter", "misconfigured"],
  [500, "BadRequest.VoiceNotFound", "server_error"],
  [200, "InvalidApiKey", "misconfigured"],
  [200, "InternalError", "server_error"],
  [200, "SomethingNew", "unreadable_answer"],
];

for (const [status, code, category] of FAILED) {
  Deno.test(`a delete that is answered ${status} ${code}: ${category}`, () =>
    deleteWith(providerError(status, code), async (work) => {
      assert.equal((await failureOf(work)).category, category);
    }));
}
