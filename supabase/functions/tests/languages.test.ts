import assert from "node:assert/strict";
import { startApi } from "../../../tools/testkit/harness/api.ts";

const LANGUAGES = "Auto Chinese English German Italian Portuguese Spanish Japanese Korean French Russian";
const OTHER_LENGTH = { QWEN_MAX_TEXT_CHARS: "1200" };

for (const [provider, environment, length] of [["qwen", {}, 600], ["modal", OTHER_LENGTH, 1200]] as const) {
  Deno.test(`languages says what ${provider} can do, without a sign-in and without asking Supabase`, async () => {
    await using api = await startApi({ environment: { TTS_PROVIDER_MODE: provider, ...environment } });
    const { status, body } = await api.call("GET", "/languages");
    const capabilities = {
      supports_generate: provider === "qwen",
      supports_generate_stream: false,
      default_generate_mode: "task",
      allow_generate_mode_toggle: false,
      max_text_chars: length,
    };
    const languages = LANGUAGES.split(" ");
    assert.deepEqual([status, body], [200, { languages, default: "Auto", provider, capabilities }]);
    assert.deepEqual(api.supabaseRequests, []);
  });
}

Deno.test("an authorization header that is worth nothing does not close the open routes", async () => {
  await using api = await startApi();
  for (const path of ["/health", "/languages"]) {
    assert.equal((await api.call("GET", path, { token: "garbage" })).status, 200);
  }
});
