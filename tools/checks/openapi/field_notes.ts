import type { FieldNotes } from "./annotate.ts";
import { CHECK_NOTES } from "./check_notes.ts";
import { REPORT_NOTES } from "./report_notes.ts";

const LANGUAGE =
  "A name of `/languages`, its code (`zh en de it pt es ja ko fr ru`) or a tag that begins with the code (`en-US`), in any " +
  "case; stored as the name.";

const cloneDetails: FieldNotes = {
  name: { minLength: 1, maxLength: 100, description: "1–100 characters." },
  language: `${LANGUAGE} \`Auto\` sends the transcript's language where that is certain, else none.`,
  transcript: {
    minLength: 1,
    maxLength: 2000,
    description: "1–2,000 characters: what the clip says, word by word.",
  },
};

const time = (description: string) => ({ format: "date-time", description });

/** What the document says of the fields of each schema. */
export const FIELD_NOTES: Readonly<Record<string, FieldNotes>> = {
  ...REPORT_NOTES,
  ...CHECK_NOTES,
  UploadUrlRequest: cloneDetails,
  FinalizeRequest: {
    ...cloneDetails,
    voice_id: "As `upload-url` gave it.",
    description: {
      maxLength: 1000,
      description: "At most 1,000 characters; absent, null and empty are the same.",
    },
  },
  GenerateRequest: {
    voice_id: "A voice of the caller.",
    text: {
      minLength: 1,
      maxLength: 10_000,
      description:
        "What to say, of at most `max_text_chars` of `/languages`, 600 as a rule, counted in bytes of UTF-8.",
    },
    language: `${LANGUAGE} Without it, or null, the voice's own.`,
  },
  Health: { ok: "Always true." },
  Languages: {
    languages: "Names, `Auto` first.",
    default: "What to offer first.",
    provider: "What makes voices here.",
    capabilities: "What else there is.",
    "capabilities.supports_generate": "Whether `POST /generate` speaks: not with `modal`.",
    "capabilities.supports_generate_stream": "Always false.",
    "capabilities.default_generate_mode": "A generation is a task that is polled.",
    "capabilities.allow_generate_mode_toggle": "Always false.",
    "capabilities.max_text_chars":
      "How long a text may be, in bytes of UTF-8: a letter of English is 1, an accented or Cyrillic one 2, a " +
      "Chinese, Japanese or Korean character 3.",
  },
  UploadUrl: {
    voice_id: "The voice to be; finalize wants it.",
    upload_url:
      "The clip is PUT there with its own `Content-Type`, without parameters, and no key or token. Two hours, one upload.",
    object_key: "`{user_id}/{voice_id}/reference.wav`, whatever the format.",
  },
  FinalizedVoice: { id: "The `voice_id`.", name: "As it was saved." },
  Voice: {
    id: "The `voice_id` of the other routes.",
    name: "Trimmed and composed (NFC).",
    language: "The name of its language.",
    source: "`uploaded` or `designed`.",
    description: "Null when none was given.",
    reference_transcript: "What the clip says.",
    created_at: time("When it was saved."),
    tts_provider: "What made it.",
    provider_voice_id: "The provider's name of it; null in a modal voice.",
    provider_target_model: "The model it speaks with; null in a modal voice.",
    provider_voice_kind: "Null in a modal voice.",
    provider_region: "Null in a modal voice.",
    provider_request_id: "Null in a modal voice, and in some that were recovered.",
    provider_metadata:
      "What else is known of how it was made: `reference`, and of a qwen voice `language`, `usage`, " +
      "`fallback_mode`, `fallback_reason`, or `recovered`.",
  },
  VoiceList: {
    voices: "Newest first, ties broken by id.",
    pagination: "Which page of how many.",
    "pagination.page": "The page that was asked for.",
    "pagination.per_page": "How many voices a page holds.",
    "pagination.total": "How many voices there are.",
    "pagination.pages": "How many pages there are.",
  },
  VoiceDeleted: { ok: "Always true." },
  GenerationStarted: {
    task_id: "Ask `GET /tasks/{id}` for it.",
    status: "Always `processing`.",
    is_long_running: "Always true.",
    estimated_duration_minutes: "It takes seconds; clients ask for minutes.",
    generation_id: "Its audio is at `GET /generations/{id}/audio`.",
  },
  Task: {
    id: "The `task_id`.",
    type: "Always `generate`.",
    status: "Over when it is `completed`, `failed` or `cancelled`.",
    provider: "What speaks it.",
    provider_status:
      "How the provider's last answer was: `succeeded`, or what kind of failure; null before the first.",
    provider_poll_count: "How many times a worker took the task up to ask the provider.",
    generation_id: "What is spoken.",
    voice_id: "What it is spoken with.",
    result: "Once completed; else null.",
    "result.audio_url": "The address of `GET /generations/{id}/audio`, which wants the token.",
    error: "Why it failed, in a sentence for a person; else null.",
    created_at: time("When it was asked for."),
    updated_at: time("When it last changed."),
    completed_at: time("When it was over, however it ended; null before."),
  },
  TaskCancelled: { ok: "Always true." },
};
