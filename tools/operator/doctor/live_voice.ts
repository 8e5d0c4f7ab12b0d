import { createReferences } from "../../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import type { ProviderVoice, TtsProvider } from "../../../supabase/functions/_shared/tts/provider.ts";
import { readOwnClip } from "../clip_file.ts";
import { LEAVE_IT, probeKey } from "./bucket_probe.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Deployment } from "./reach.ts";

/** For listing, finding and deleting. */
const TIMEOUT_MS = 30_000;
/** Part of the voice's name in the provider's console. */
export const VOICE_NAME = "doctor";

/** Why a provider call failed, without secrets. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ProviderError)) return error instanceof Error ? error.message : String(error);
  return [error.category, error.status, error.providerCode].filter((part) => part !== undefined).join(" ");
}

type Addresses = { url: string; publicUrl: string };
type Cloning = { provider: TtsProvider; timeoutMs: number; token: string };

/** A voice from an MP3 stored in `references` as `.wav`. It is not in the ledger: for reconcile, it is foreign. */
export async function createLiveVoice(
  deployment: Deployment,
  { url, publicUrl, provider, timeoutMs, token }: Addresses & Cloning,
) {
  const { storage } = createSupabase({ url, secretKey: deployment.key, fetch: deployment.fetch });
  const references = createReferences({ storage, publicUrl });
  const { bytes, contentType, transcript } = await readOwnClip("mp3");
  const key = probeKey("references");
  const timeout = () => AbortSignal.timeout(TIMEOUT_MS);
  let stored = false;
  let created: ProviderVoice | null = null;
  let outcomeUnknown = false;

  return {
    /** Finishes even when the user stops: a created voice must be deleted. */
    async create(): Promise<ProviderVoice> {
      stored = true;
      const { error } = await storage.from("references").upload(key, bytes, { contentType });
      if (error) throw new Error(`the clip could not be stored: ${error.message}`);
      deployment.signal.throwIfAborted();
      outcomeUnknown = true;
      try {
        const prepared = await provider.prepareClone({
          details: { name: VOICE_NAME, language: "English", transcript, description: null },
          token,
          language: { requested: "English", sent: "en", why: "requested" },
          reference: references.open(key, { contentType, sizeBytes: bytes.byteLength }, timeout()),
          referenceMetadata: {},
          signal: new AbortController().signal,
        });
        const saved = await prepared.cloneVoice(timeoutMs);
        if (saved.provider !== "qwen") throw new Error("no voice was created");
        return created = saved.voice;
      } catch (error) {
        outcomeUnknown = error instanceof ProviderError && error.outcomeUnknown;
        throw error;
      }
    },

    async remove(): Promise<Check[]> {
      const { ok, warning, failed } = checkNamed("live clean-up");
      const checks: Check[] = [];
      if (stored) {
        const { error } = await storage.from("references").remove([key]);
        if (error) {
          const detail = `${key} could not be removed from references: ${error.message}.`;
          checks.push(checkNamed("live clip").warning(detail, LEAVE_IT));
        }
      }
      try {
        const found = created ?? (outcomeUnknown ? await provider.findVoice(token, timeout()) : null);
        if (found) {
          await provider.deleteVoice(found.providerVoiceId, timeout());
          checks.push(ok(`${found.providerVoiceId} is deleted.`));
        } else if (outcomeUnknown) {
          const detail = "It is unknown whether a voice was created, and none is listed yet.";
          checks.push(warning(detail, `Look for _${token} in the provider's console later.`));
        }
      } catch (error) {
        checks.push(failed(
          `The voice could not be deleted (${reasonOf(error)}).`,
          `Delete ${created?.providerVoiceId ?? `what has _${token} in its name`} in the provider's console.`,
        ));
      }
      return checks;
    },
  };
}
