import { createReferences } from "../../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import type { ProviderVoice, TtsProvider } from "../../../supabase/functions/_shared/tts/provider.ts";
import { readOwnClip } from "../clip_file.ts";
import { probeKey } from "./bucket_probe.ts";
import { type Check, checkNamed } from "./check_result.ts";
import type { Deployment } from "./reach.ts";

/** How long the provider may take to list, find or delete, in milliseconds. */
const LOOK_MS = 30_000;
/** Stands in the voice's name, for whoever reads the provider's console. */
export const VOICE_NAME = "doctor";

/** Why a call of the provider failed, fit to be printed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ProviderError)) return error instanceof Error ? error.message : String(error);
  return [error.category, error.status, error.providerCode].filter((part) => part !== undefined).join(" ");
}

/**
 * Makes a voice from an MP3 that lies in `references` under a name in `.wav`, and removes both again. Nothing of it is in
 * the ledger, so reconcile would call a voice that was left behind foreign.
 */
export async function createLiveVoice(options: {
  deployment: Deployment;
  /** Where Supabase is asked, and the origin that the provider reaches. */
  url: string;
  publicUrl: string;
  provider: TtsProvider;
  createTimeoutMs: number;
  /** Finds the voice in the provider's list. */
  token: string;
}) {
  const { deployment, url, publicUrl, provider, token } = options;
  const { storage } = createSupabase({ url, secretKey: deployment.key, fetch: deployment.fetch });
  const references = createReferences({ storage, publicUrl });
  const { bytes, contentType, transcript } = await readOwnClip("mp3");
  const key = probeKey("references");
  const forLooks = () => AbortSignal.timeout(LOOK_MS);
  let stored = false;
  let created: ProviderVoice | null = null;
  let outcomeUnknown = false;

  return {
    /** The voice. It is waited for even when the person wants to stop: what is made must be deleted. */
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
          reference: references.open(key, { contentType, sizeBytes: bytes.byteLength }, forLooks()),
          referenceMetadata: {},
          signal: new AbortController().signal,
        });
        const saved = await prepared.cloneVoice(options.createTimeoutMs);
        if (saved.provider !== "qwen") throw new Error("no voice was made");
        return created = saved.voice;
      } catch (error) {
        outcomeUnknown = error instanceof ProviderError && error.outcomeUnknown;
        throw error;
      }
    },

    /** Removes voice and clip, and says what it could not. */
    async remove(): Promise<Check[]> {
      const { ok, warning, failed } = checkNamed("live clean-up");
      const checks: Check[] = [];
      if (stored) {
        const { error } = await storage.from("references").remove([key]);
        if (error) {
          checks.push(
            checkNamed("live clip").warning(
              `${key} could not be removed from references: ${error.message}.`,
              "Remove it, or leave it to npm run reconcile -- --repair.",
            ),
          );
        }
      }
      try {
        const found = created ?? (outcomeUnknown ? await provider.findVoice(token, forLooks()) : null);
        if (found) {
          await provider.deleteVoice(found.providerVoiceId, forLooks());
          checks.push(ok(`${found.providerVoiceId} is deleted.`));
        } else if (outcomeUnknown) {
          const detail = "Whether a voice was made is not known, and none is listed yet.";
          checks.push(warning(detail, `Look for _${token} in the provider's console later on.`));
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
