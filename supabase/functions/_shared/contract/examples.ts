/** The ids of the examples: one request leads to the next. */
export const VOICE_ID = "3f0c2f0e-6a0b-4c1e-9a53-0d6f5f3b7a11";
export const TASK_ID = "9b1f6a52-0a1e-4b57-8f7c-6d2b6f0f4a22";
export const GENERATION_ID = "5c7d1e34-2b9a-4f60-a1c8-7e3d9b0a6c33";
export const PROVIDER_VOICE_ID = "qwen-tts-vc-grace_0a1b2c3d4e-voice-20261122101500123-1a2b";

export const PROJECT = "https://project.supabase.co";

export const DETAILS = {
  name: "Grace",
  language: "English",
  transcript: "Hello, and thank you for trying voice cloning.",
};
