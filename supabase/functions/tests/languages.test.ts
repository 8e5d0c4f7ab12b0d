import assert from "node:assert/strict";
import { startApi } from "../../../tools/testkit/harness/api.ts";

const LANGUAGES = [
  ...["Auto", "Chinese", "English", "German", "Italian", "Portuguese", "Spanish", "Japanese"],
  ...["Korean", "French", "Russian"],
];

const capabilities = {
  supports_generate: true,
  supports_generate_stream: false,
  default_generate_mode: "task",
  allow_generate_mode_toggle: false,
};

Deno.test("languages says what the provider can do, without a sign-in and without asking Supabase", async () => {
  await using api = await startApi();
  const answer = await api.call("GET", "/languages");
  assert.deepEqual([answer.status, answer.body], [200, {
    languages: LANGUAGES,
    default: "Auto",
    provider: "qwen",
    capabilities: { ...capabilities, max_text_chars: 600 },
  }]);
  assert.deepEqual(api.supabaseRequests, []);
});

Deno.test("in modal mode languages names modal, and the configured text length stands", async () => {
  await using api = await startApi({
    environment: { TTS_PROVIDER_MODE: "modal", QWEN_MAX_TEXT_CHARS: "1200" },
  });
  const answer = await api.call("GET", "/languages");
  assert.deepEqual([answer.status, answer.body], [200, {
    languages: LANGUAGES,
    default: "Auto",
    provider: "modal",
    capabilities: { ...capabilities, supports_generate: false, max_text_chars: 1200 },
  }]);
});

Deno.test("an authorization header that is worth nothing does not close the open routes", async () => {
  await using api = await startApi();
  for (const path of ["/health", "/languages"]) {
    assert.equal((await api.call("GET", path, { token: "garbage" })).status, 200);
  }
});
