import type { TtsProvider } from "../provider.ts";

/**
 * The older provider behind `TTS_PROVIDER_MODE=modal`. It clones from the reference at each synthesis and keeps no
 * voices, so saving the row is all there is to do.
 */
export function createModal(): TtsProvider {
  return {
    name: "modal",
    region: "none",
    cloneVoice: (request) =>
      request.record.complete({ provider: "modal", metadata: { reference: request.referenceMetadata } }),
    synthesize: null,
    findVoice: () => Promise.resolve(null),
    listVoices: () => Promise.resolve([]),
    deleteVoice: () => Promise.resolve(),
  };
}
