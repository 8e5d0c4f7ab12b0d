import { LANGUAGES as LANGUAGE_NAMES } from "../../../supabase/functions/_shared/tts/languages.ts";

/** Ids that the examples share, so that one leads to the next. */
export const VOICE_ID = "3f0c2f0e-6a0b-4c1e-9a53-0d6f5f3b7a11";
/** The task of the examples. */
export const TASK_ID = "9b1f6a52-0a1e-4b57-8f7c-6d2b6f0f4a22";
/** The generation of the examples. */
export const GENERATION_ID = "5c7d1e34-2b9a-4f60-a1c8-7e3d9b0a6c33";

const USER_ID = "7a4b8c1d-5e2f-4a3b-9c6d-1f0e2d3c4b44";
/** The origin of the project of the examples. */
export const PROJECT = "https://project.supabase.co";

/** What a clip is cloned with. */
export const DETAILS = {
  name: "Grace",
  language: "English",
  transcript: "Hello, and thank you for trying voice cloning.",
};

/** Where the clip of the examples lies. */
export const OBJECT_KEY = `${USER_ID}/${VOICE_ID}/reference.wav`;
/** Where it is PUT. */
export const UPLOAD_URL = `${PROJECT}/storage/v1/object/upload/sign/references/${OBJECT_KEY}?token=TOKEN`;

/** A voice as the list gives it. */
export const VOICE = {
  id: VOICE_ID,
  name: DETAILS.name,
  language: DETAILS.language,
  source: "uploaded",
  description: null,
  reference_transcript: DETAILS.transcript,
  created_at: "2026-11-22T10:15:00.123456+00:00",
  tts_provider: "qwen",
  provider_voice_id: "qwen-tts-vc-grace_0a1b2c3d4e-voice-20261122101500123-1a2b",
  provider_target_model: "qwen3-tts-vc-2026-01-22",
  provider_voice_kind: "vc",
  provider_region: "intl",
  provider_request_id: "6d1f3a52-9d0e-4b57-8f7c-6d2b6f0f4a55",
  provider_metadata: {
    usage: { count: 1 },
    fallback_mode: false,
    fallback_reason: null,
    language: { requested: "English", sent: "en", why: "requested" },
  },
};

/** A task that is completed. */
export const TASK = {
  id: TASK_ID,
  type: "generate",
  status: "completed",
  provider: "qwen",
  provider_status: "succeeded",
  provider_poll_count: 1,
  generation_id: GENERATION_ID,
  voice_id: VOICE_ID,
  result: { audio_url: `${PROJECT}/functions/v1/api/generations/${GENERATION_ID}/audio` },
  error: null,
  created_at: "2026-11-22T10:16:00.123456+00:00",
  updated_at: "2026-11-22T10:16:03.654321+00:00",
  completed_at: "2026-11-22T10:16:03.654321+00:00",
};

/** What a client may offer, with Qwen. */
export const LANGUAGES = {
  languages: [...LANGUAGE_NAMES],
  default: "Auto",
  provider: "qwen",
  capabilities: {
    supports_generate: true,
    supports_generate_stream: false,
    default_generate_mode: "task",
    allow_generate_mode_toggle: false,
    max_text_chars: 600,
  },
};
