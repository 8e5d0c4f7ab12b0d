import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { textLength } from "../../../supabase/functions/_shared/tts/text_length.ts";
import type { Log } from "../../stack/log.ts";
import type { Clip } from "../clip_file.ts";
import { Failure, readJson } from "../http_client.ts";
import type { Audio } from "../spoken_audio.ts";
import { createSteps } from "../steps.ts";
import { cloneVoice, type Row } from "./clone_steps.ts";
import { createAsk, type SmokeClient } from "./smoke_client.ts";
import { checkNotSpeaking, speak } from "./speak_steps.ts";

/** Where to clone a voice, which, and what it says. */
export type SmokeRun = {
  /** Base URL of the API, without a slash at its end. */
  api: string;
  /** Base URL of the project; only needed without a token. */
  supabase?: string;
  /** The publishable key. */
  key?: string;
  /** A user's access token; without it a user is signed up. */
  token?: string;
  clip: Clip;
  name: string;
  language: string;
  text: string;
  /** The text's; the voice's own when not given. */
  textLanguage?: string;
  /** Gets what was spoken, as it came and before it is checked. */
  save: (bytes: Bytes) => Promise<void>;
  /** Gets one line a step. */
  print: Log;
  fetch?: typeof fetch;
  /** For each request, in milliseconds. */
  timeoutMs?: number;
  /** For the task in milliseconds; two minutes when not given, which is how long the function keeps at it by itself. */
  deadlineMs?: number;
  sleep?: (ms: number) => Promise<void>;
};

const languagesSchema = z.object({
  provider: z.enum(["qwen", "modal"]),
  capabilities: z.object({ supports_generate: z.boolean(), max_text_chars: z.number() }),
});
const sessionSchema = z.object({
  access_token: z.string({
    error: "missing: does the project ask for the email to be confirmed? Then use --token",
  }),
});

/**
 * Signs up, clones a voice and has it speak, or checks that the API says that it does not speak. Gives the voice as the
 * list has it, and the audio, null where the API's provider does not speak.
 * @throws {Failure} naming the step and the reason
 */
export async function runSmoke(run: SmokeRun): Promise<{ row: Row; audio: Audio | null }> {
  const { api, key, text, timeoutMs, fetch, deadlineMs = 120_000 } = run;
  const step = createSteps({ print: run.print, width: 24, numbered: false });
  const ask = createAsk({ timeoutMs, fetch });

  const { provider, speaks } = await step("GET languages", async () => {
    const { provider, capabilities } = readJson(await ask(`${api}/languages`, { key }), languagesSchema);
    const { supports_generate: speaks, max_text_chars: most } = capabilities;
    // Before a voice is paid for.
    if (speaks && textLength(text) > most) {
      throw new Failure(`The text is longer than the ${most} characters that it speaks.`);
    }
    if (speaks !== (provider === "qwen")) {
      throw new Failure(`It says supports_generate ${speaks} for ${provider}.`);
    }
    return { provider, speaks };
  }, ({ provider }) => `provider ${provider}`);

  const token = run.token ?? await step("Sign up", async () => {
    const json = { email: `smoke-${crypto.randomUUID()}@example.com`, password: crypto.randomUUID() };
    return readJson(await ask(`${run.supabase}/auth/v1/signup`, { key, json }), sessionSchema).access_token;
  });
  const headers = { authorization: `Bearer ${token}` };
  const client: SmokeClient = {
    step,
    ask,
    call: (path, options) => ask(`${api}${path}`, { key, headers, ...options }),
  };

  const row = await cloneVoice(client, { ...run, provider });
  const speech = { voiceId: row.id, text, language: run.textLanguage };
  if (speaks) {
    return { row, audio: await speak(client, speech, { deadlineMs, sleep: run.sleep, save: run.save }) };
  }
  await checkNotSpeaking(client, speech);
  return { row, audio: null };
}

/**
 * Which provider the API at a base URL uses.
 * @throws {Failure} when it does not say
 */
export async function providerOf(api: string): Promise<"qwen" | "modal"> {
  const ask = createAsk({ timeoutMs: 10_000 });
  return readJson(await ask(`${api}/languages`), languagesSchema).provider;
}
