import type { TtsProvider } from "../provider.ts";

/**
 * The older provider (`TTS_PROVIDER_MODE=modal`). It clones from the reference at each synthesis and stores no voices.
 */
export function createModal(): TtsProvider {
  return {
    name: "modal",
    region: "none",
    keepsVoices: false,
    inTurn: (_reference, _signal, work) => work(),
    prepareClone: ({ referenceMetadata: reference }) =>
      Promise.resolve({ cloneVoice: () => Promise.resolve({ provider: "modal", metadata: { reference } }) }),
    synthesize: null,
    findVoice: () => Promise.resolve(null),
    listVoices: () => Promise.resolve([]),
    deleteVoice: () => Promise.resolve(),
  };
}
