import { z } from "zod";
import type { Bytes } from "../../../supabase/functions/_shared/bytes.ts";
import { textLength } from "../../../supabase/functions/_shared/tts/text_length.ts";
import type { Audio } from "./audio.ts";
import type { Clip } from "./clip.ts";
import { cloneVoice } from "./clone.ts";
import { parseJson, request, SmokeFailure } from "./http.ts";
import type { Row } from "./row.ts";
import { checkNotSpeaking, speak } from "./speak.ts";
import { createSteps } from "./steps.ts";

/** Where to clone a voice, which, and what it says. */
export interface SmokeRun {
  /** Base URL of the API, without a slash at its end. */
  readonly api: string;
  /** Base URL of the project; only needed without a token. */
  readonly supabase?: string;
  /** The publishable key. */
  readonly key?: string;
  /** A user's access token; without it a user is signed up. */
  readonly token?: string;
  readonly clip: Clip;
  readonly name: string;
  readonly language: string;
  readonly text: string;
  /** The text's; the voice's own when not given. */
  readonly textLanguage?: string;
  /** Gets what was spoken, as it came and before it is checked. */
  readonly save: (bytes: Bytes) => Promise<void>;
  /** Gets one line a step. */
  readonly print: (line: string) => void;
  readonly fetch?: typeof fetch;
  /** For each request in milliseconds: 150,000, the longest the platform lets a function take, if not said. */
  readonly timeoutMs?: number;
  /** For the task in milliseconds; two minutes if not said, which is how long the function keeps at it by itself. */
  readonly deadlineMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** What a run leaves. */
export interface SmokeResult {
  /** The voice, as the list has it. */
  readonly row: Row;
  /** Null where the API's provider does not speak. */
  readonly audio: Audio | null;
}

/**
 * Signs up, clones a voice and has it speak; or checks that the API says that it does not speak. Throws SmokeFailure
 * whose message names the step and the reason.
 */
export async function runSmoke(run: SmokeRun): Promise<SmokeResult> {
  const { api, print, timeoutMs = 150_000 } = run;
  const steps = createSteps({ print, fetch: run.fetch ?? fetch, timeoutMs });
  const { step, ask, post } = steps;
  const apiKey: Record<string, string> = run.key === undefined ? {} : { apikey: run.key };

  const { provider, speaks } = await step("GET languages", async () => {
    const { provider, capabilities } = await parseJson(
      await ask(`${api}/languages`, { headers: apiKey }),
      languagesSchema,
    );
    const { supports_generate: speaks, max_text_chars: most } = capabilities;
    // Before a voice is paid for.
    if (speaks && textLength(run.text) > most) {
      throw new SmokeFailure(`The text is longer than the ${most} characters that it speaks.`);
    }
    if (speaks !== (provider === "qwen")) {
      throw new SmokeFailure(`It says supports_generate ${speaks} for ${provider}.`);
    }
    return { provider, speaks };
  }, ({ provider }) => `provider ${provider}`);

  const token = run.token ?? await step("Sign up", async () => {
    const email = `smoke-${crypto.randomUUID()}@example.com`;
    const answer = await post(`${run.supabase}/auth/v1/signup`, apiKey, {
      email,
      password: crypto.randomUUID(),
    });
    return (await parseJson(answer, sessionSchema)).access_token;
  });
  const user = { ...apiKey, authorization: `Bearer ${token}` };

  const { clip, name, language } = run;
  const row = await cloneVoice(steps, { api, user, provider, clip, name, language });
  const speaking = { api, user, voiceId: row.id, text: run.text, language: run.textLanguage };
  if (!speaks) {
    await checkNotSpeaking(steps, speaking);
    return { row, audio: null };
  }
  const { deadlineMs = 120_000, sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)) } = run;
  return { row, audio: await speak(steps, speaking, { deadlineMs, sleep }, run.save) };
}

/** Which provider the API at a base URL uses. Throws SmokeFailure. */
export async function providerOf(api: string): Promise<"qwen" | "modal"> {
  const response = await request(fetch, `${api}/languages`, { timeoutMs: 10_000 });
  return (await parseJson(response, languagesSchema)).provider;
}

const languagesSchema = z.object({
  provider: z.enum(["qwen", "modal"]),
  capabilities: z.object({ supports_generate: z.boolean(), max_text_chars: z.number() }),
});
const sessionSchema = z.object({
  access_token: z.string({
    error: "missing: does the project ask for the email to be confirmed? Then use --token",
  }),
});
