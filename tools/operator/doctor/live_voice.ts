import { createReferences } from "../../../supabase/functions/_shared/storage/references.ts";
import { createSupabase } from "../../../supabase/functions/_shared/supabase.ts";
import { ProviderError } from "../../../supabase/functions/_shared/tts/provider_error.ts";
import type { ProviderVoice, TtsProvider } from "../../../supabase/functions/_shared/tts/provider.ts";
import { type Clip, readOwnClip } from "../clip_file.ts";
import { type Check, failed, ok, warning } from "./check.ts";
import { probeKey } from "./probe.ts";
import type { Deployment } from "./reach.ts";

/** How long the provider may take to list, find or delete, in milliseconds. */
const LOOK_MS = 30_000;
/** Stands in the voice's name, for whoever reads the provider's console. */
export const VOICE_NAME = "doctor";

/** What a failed call of the provider says, fit to be printed. */
export function saidOf(error: unknown): string {
  if (!(error instanceof ProviderError)) return error instanceof Error ? error.message : String(error);
  return [error.category, error.status, error.providerCode].filter((part) => part !== undefined).join(" ");
}

/** An MP3, as a user may upload one. */
export const readLiveClip = (): Promise<Clip> => readOwnClip("mp3");

/**
 * Makes a voice from a clip that lies in `references` under a name in `.wav`, and removes both again. Nothing of it is in
 * the ledger, so reconcile would call a voice that was left behind foreign.
 * @param options.token what finds the voice in the provider's list
 */
export function createLiveVoice(
  options: {
    deployment: Deployment;
    /** Where Supabase is asked, and the origin that the provider reaches. */
    url: string;
    publicUrl: string;
    provider: TtsProvider;
    createTimeoutMs: number;
    token: string;
    clip: Clip;
  },
) {
  const { deployment, url, publicUrl, provider, token, clip } = options;
  const { storage } = createSupabase({ url, secretKey: deployment.key, fetch: deployment.fetch });
  const references = createReferences({ storage, publicUrl });
  const key = probeKey("references");
  const forLooks = () => AbortSignal.timeout(LOOK_MS);
  let stored = false;
  let created: ProviderVoice | null = null;
  let outcomeUnknown = false;

  return {
    /** The voice. It is waited for even when the person wants to stop: what is made must be deleted. */
    async create(): Promise<ProviderVoice> {
      stored = true;
      const { error } = await storage.from("references").upload(key, clip.bytes, {
        contentType: clip.contentType,
      });
      if (error) throw new Error(`the clip could not be stored: ${error.message}`);
      deployment.signal.throwIfAborted();
      const known = { contentType: clip.contentType, sizeBytes: clip.bytes.byteLength };
      outcomeUnknown = true;
      try {
        const prepared = await provider.prepareClone({
          details: { name: VOICE_NAME, language: "English", transcript: clip.transcript, description: null },
          token,
          language: { requested: "English", sent: "en", why: "requested" },
          reference: references.open(key, known, forLooks()),
          referenceMetadata: {},
          signal: new AbortController().signal,
        });
        const saved = await prepared.cloneVoice(options.createTimeoutMs);
        if (saved.provider !== "qwen") throw new Error("no voice was made");
        created = saved.voice;
        return created;
      } catch (error) {
        outcomeUnknown = error instanceof ProviderError && error.outcomeUnknown;
        throw error;
      }
    },

    /** Removes voice and clip, and says what it could not. */
    async remove(): Promise<Check[]> {
      const checks: Check[] = [];
      if (stored) {
        const { error } = await storage.from("references").remove([key]);
        if (error) {
          checks.push(warning(
            "live clip",
            `${key} could not be removed from references: ${error.message}.`,
            "Remove it, or leave it to npm run reconcile -- --repair.",
          ));
        }
      }
      try {
        const found = created ?? (outcomeUnknown ? await provider.findVoice(token, forLooks()) : null);
        if (found) await provider.deleteVoice(found.providerVoiceId, forLooks());
        if (found) checks.push(ok("live clean-up", `${found.providerVoiceId} is deleted.`));
        else if (outcomeUnknown) {
          const detail = "Whether a voice was made is not known, and none is listed yet.";
          checks.push(
            warning("live clean-up", detail, `Look for _${token} in the provider's console later on.`),
          );
        }
      } catch (error) {
        checks.push(failed(
          "live clean-up",
          `The voice could not be deleted (${saidOf(error)}).`,
          `Delete ${created?.providerVoiceId ?? `what has _${token} in its name`} in the provider's console.`,
        ));
      }
      return checks;
    },
  };
}
