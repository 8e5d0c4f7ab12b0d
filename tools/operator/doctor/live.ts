import { z } from "zod";
import type { ProviderVoice, TtsProvider } from "../../../supabase/functions/_shared/tts/provider.ts";
import { carriesToken } from "../../../supabase/functions/_shared/tts/token.ts";
import { createQwen } from "../../../supabase/functions/_shared/tts/providers/qwen.ts";
import { preferredName } from "../../../supabase/functions/_shared/tts/providers/qwen_customization.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import type { LiveProvider } from "./live_provider.ts";
import { createLiveVoice, readLiveClip, saidOf, VOICE_NAME } from "./live_voice.ts";
import { GATEWAY, storageOrigin } from "./probe.ts";
import type { Deployment } from "./reach.ts";
import { WITHOUT_TOKEN } from "./voice_ids.ts";

const TEXT = "All is well.";
const TELL = "Tell the maintainers: docs/qwen-api.md and the code rest on it.";

const spoken = z.object({ output: z.object({ audio: z.object({ url: z.url() }) }) });

/**
 * Confirms on the provider itself what recovery rests on: a new voice's id carries our token, the list shows it
 * at once, an MP3 under `reference.wav` is accepted, and speech lies at a host the code fetches from. The voice and the
 * clip are removed in any case.
 * @throws the deployment's signal's reason when it aborts, after that
 */
export async function examineLive(
  deployment: Deployment,
  options: {
    qwen: LiveProvider;
    supabaseUrl: string;
    publicUrl: string;
    give: (check: Check) => void;
    token?: string;
  },
): Promise<void> {
  const { qwen, supabaseUrl, publicUrl, give } = options;
  const { signal } = deployment;
  const url = storageOrigin(deployment.api, supabaseUrl);
  if (url === null) {
    give(
      failed(
        "live",
        `SUPABASE_URL is ${supabaseUrl}, where the secret key would travel unencrypted, or which is another machine from here.`,
        `Nothing was paid. ${GATEWAY}`,
      ),
    );
    return;
  }
  const hosts = watchResultHosts(deployment.fetch ?? fetch);
  const provider = createQwen({ ...qwen, fetch: hosts.fetch });
  const token = options.token ?? crypto.randomUUID().replaceAll("-", "").slice(0, 10);
  const voice = createLiveVoice({
    deployment,
    url,
    publicUrl,
    provider,
    createTimeoutMs: qwen.timeoutMs,
    token,
    clip: await readLiveClip(),
  });
  try {
    const made = await create(voice.create, qwen, give);
    if (made === null) return;
    give(idCheck(made, token));
    signal.throwIfAborted();
    give(await listCheck(provider, made, signal));
    signal.throwIfAborted();
    give(await speechCheck(provider, made, { hosts, signal }));
  } finally {
    (await voice.remove()).forEach(give);
    signal.throwIfAborted();
  }
}

async function create(
  make: () => Promise<ProviderVoice>,
  { delivery, region }: LiveProvider,
  give: (check: Check) => void,
): Promise<ProviderVoice | null> {
  try {
    const made = await make();
    give(
      ok(
        "live create",
        delivery === "data_url"
          ? `Region ${region} took an MP3 as a data URL; a name in .wav was not tried.`
          : `Region ${region} took an MP3 under the name reference.wav.`,
      ),
    );
    return made;
  } catch (error) {
    const fix = `See what it means in docs/qwen-api.md. If it is about the audio: ${TELL}`;
    give(failed("live create", `No voice was made of an MP3 under reference.wav (${saidOf(error)}).`, fix));
    return null;
  }
}

function idCheck({ providerVoiceId }: ProviderVoice, token: string): Check {
  const name = preferredName(VOICE_NAME, token);
  if (!carriesToken(providerVoiceId, token)) {
    const detail = `${providerVoiceId} does not carry the token of the name ${name}. ${WITHOUT_TOKEN}`;
    return failed("live id", detail, TELL);
  }
  const documented = new RegExp(`^qwen-tts-vc-${name}-voice-\\d{17}-\\w+$`);
  return documented.test(providerVoiceId)
    ? ok("live id", `${providerVoiceId} embeds the name ${name}, in the documented form.`)
    : warning(
      "live id",
      `${providerVoiceId} carries our token, and is found by it; it is not of the form qwen-tts-vc-${name}-voice-TIME-HEX.`,
      TELL,
    );
}

async function listCheck(provider: TtsProvider, made: ProviderVoice, signal: AbortSignal): Promise<Check> {
  const asked = performance.now();
  try {
    const listed = await provider.listVoices(signal);
    return listed.some(({ voice }) => voice.providerVoiceId === made.providerVoiceId)
      ? ok("live list", `It shows the voice at once (asked for ${Math.round(performance.now() - asked)} ms).`)
      : failed(
        "live list",
        "It does not show a voice that was just made: recovery would make a second one.",
        TELL,
      );
  } catch (error) {
    return failed("live list", `It was not given (${saidOf(error)}).`, "Run this again.");
  }
}

async function speechCheck(
  provider: TtsProvider,
  { providerVoiceId, targetModel }: ProviderVoice,
  { hosts, signal }: { hosts: ReturnType<typeof watchResultHosts>; signal: AbortSignal },
): Promise<Check> {
  try {
    const speech = await provider.synthesize?.({
      text: TEXT,
      language: "English",
      providerVoiceId,
      targetModel,
      signal,
    });
    return ok(
      "live speech",
      `${speech?.bytes.byteLength ?? 0} bytes from ${
        hosts.last() ?? "no host"
      }, a host that is fetched from.`,
    );
  } catch (error) {
    signal.throwIfAborted();
    const host = hosts.last();
    return failed(
      "live speech",
      host
        ? `Speech at ${host} was not fetched (${saidOf(error)}).`
        : `The text was not spoken (${saidOf(error)}).`,
      host ? `${TELL} Results are fetched from hosts below aliyuncs.com alone.` : "Run this again.",
    );
  }
}

/** Sees where the provider says that speech lies, be it fetched from there or not. */
function watchResultHosts(send: typeof fetch) {
  let last: string | null = null;
  const watched: typeof fetch = async (input, init) => {
    const response = await send(input, init);
    if (!response.headers.get("content-type")?.includes("json")) return response;
    const answer = spoken.safeParse(await response.clone().json().catch(() => null));
    if (answer.success) last = new URL(answer.data.output.audio.url).host;
    return response;
  };
  return { fetch: watched, last: () => last };
}
