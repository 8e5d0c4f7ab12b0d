import { z } from "zod";
import type { ProviderVoice, TtsProvider } from "../../../supabase/functions/_shared/tts/provider.ts";
import { carriesToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { createQwen } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import { preferredName } from "../../../supabase/functions/_shared/tts/providers/qwen_customization.ts";
import { GATEWAY, storageOrigin, unsafeOrigin } from "./bucket_probe.ts";
import { type Check, checkNamed } from "./check_result.ts";
import { WITHOUT_TOKEN } from "./database_checks.ts";
import type { LiveProvider } from "./live_provider.ts";
import { createLiveVoice, reasonOf, VOICE_NAME } from "./live_voice.ts";
import type { Deployment } from "./reach.ts";

const REPORT = "Report it to the maintainers: docs/qwen-api.md and the code rely on it.";

export type Live = { qwen: LiveProvider; supabaseUrl: string; publicUrl: string; token?: string };

/**
 * Confirms with the provider what recovery relies on: a new voice's id carries our token, the list shows it at once, an
 * MP3 under `reference.wav` is accepted, and speech is at a host the code fetches from. Always removes voice and clip.
 * @throws the signal's reason when it aborts, after the removal
 */
export async function* liveChecks(deployment: Deployment, live: Live): AsyncGenerator<Check, void> {
  const { qwen, supabaseUrl, publicUrl } = live;
  const { signal } = deployment;
  const url = storageOrigin(deployment.api, supabaseUrl);
  if (url === null) {
    yield checkNamed("live").failed(unsafeOrigin(supabaseUrl), `Nothing was paid. ${GATEWAY}`);
    return;
  }
  const hosts = watchResultHosts(deployment.fetch ?? fetch);
  const provider = createQwen({ ...qwen, fetch: hosts.fetch });
  const token = live.token ?? crypto.randomUUID().replaceAll("-", "").slice(0, 10);
  const voice = await createLiveVoice(deployment, { ...qwen, url, publicUrl, provider, token });
  try {
    const made = await voice.create().catch((error: unknown) => ({ error }));
    yield createCheck(made, qwen);
    if ("error" in made) return;
    yield idCheck(made, token);
    signal.throwIfAborted();
    yield await listCheck(provider, made, signal);
    signal.throwIfAborted();
    yield await speechCheck(provider, made, hosts.last, signal);
  } finally {
    yield* await voice.remove();
    signal.throwIfAborted();
  }
}

function createCheck(made: ProviderVoice | { error: unknown }, { delivery, region }: LiveProvider): Check {
  const { ok, failed } = checkNamed("live create");
  if ("error" in made) {
    const fix = `See what it means in docs/qwen-api.md. If it is about the audio: ${REPORT}`;
    return failed(`No voice was created from an MP3 under reference.wav (${reasonOf(made.error)}).`, fix);
  }
  return ok(
    delivery === "data_url"
      ? `Region ${region} took an MP3 as a data URL; a name in .wav was not tried.`
      : `Region ${region} took an MP3 under the name reference.wav.`,
  );
}

function idCheck({ providerVoiceId: id }: ProviderVoice, token: string): Check {
  const { ok, warning, failed } = checkNamed("live id");
  const name = preferredName(VOICE_NAME, token);
  if (!carriesToken(id, token)) {
    return failed(`${id} does not carry the token of the name ${name}. ${WITHOUT_TOKEN}`, REPORT);
  }
  if (new RegExp(`^qwen-tts-vc-${name}-voice-\\d{17}-\\w+$`).test(id)) {
    return ok(`${id} embeds the name ${name}, in the documented form.`);
  }
  const form = `qwen-tts-vc-${name}-voice-TIME-HEX`;
  return warning(`${id} carries our token, and is found by it; it is not of the form ${form}.`, REPORT);
}

async function listCheck(provider: TtsProvider, made: ProviderVoice, signal: AbortSignal): Promise<Check> {
  const { ok, failed } = checkNamed("live list");
  const asked = performance.now();
  try {
    const listed = await provider.listVoices(signal);
    return listed.some(({ voice }) => voice.providerVoiceId === made.providerVoiceId)
      ? ok(`It shows the voice at once (asked for ${Math.round(performance.now() - asked)} ms).`)
      : failed("It does not show a voice that was just created: recovery would create a second one.", REPORT);
  } catch (error) {
    return failed(`It was not given (${reasonOf(error)}).`, "Run this again.");
  }
}

async function speechCheck(
  provider: TtsProvider,
  { providerVoiceId, targetModel }: ProviderVoice,
  lastHost: () => string | undefined,
  signal: AbortSignal,
): Promise<Check> {
  const { ok, failed } = checkNamed("live speech");
  const asked = { text: "All is well.", language: "English", providerVoiceId, targetModel, signal } as const;
  try {
    const length = (await provider.synthesize?.(asked))?.bytes.byteLength ?? 0;
    return ok(`${length} bytes from ${lastHost() ?? "no host"}, a host that the code fetches from.`);
  } catch (error) {
    signal.throwIfAborted();
    const host = lastHost();
    return host
      ? failed(
        `Speech at ${host} was not fetched (${reasonOf(error)}).`,
        `${REPORT} The code fetches from hosts below aliyuncs.com only.`,
      )
      : failed(`The text was not spoken (${reasonOf(error)}).`, "Run this again.");
  }
}

const spoken = z.object({ output: z.object({ audio: z.object({ url: z.url() }) }) });

/** Records the host of the provider's speech, whether or not it is fetched. */
function watchResultHosts(send: typeof fetch) {
  let last: string | undefined;
  const watched: typeof fetch = async (input, init) => {
    const response = await send(input, init);
    if (!response.headers.get("content-type")?.includes("json")) return response;
    const { data } = spoken.safeParse(await response.clone().json().catch(() => null));
    if (data) last = new URL(data.output.audio.url).host;
    return response;
  };
  return { fetch: watched, last: () => last };
}
