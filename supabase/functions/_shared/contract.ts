import { z } from "zod";
import type { ErrorCode } from "./errors.ts";
import { LANGUAGES, parseLanguage } from "./tts/languages.ts";
import { textLength } from "./tts/text_length.ts";

/** How a field's rule names the error code it answers with; without it, `invalid_request`. */
export type FieldIssueParams = { code?: ErrorCode };

/** PostgreSQL stores neither NUL nor half of a surrogate pair. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0");

const codePoints = (text: string) => [...text].length;

type Limit = {
  most: number;
  tooLong: string | ((value: string) => string);
  count?: (value: string) => number;
};

/** Text that is trimmed, in Unicode's composed form (NFC), and counted in code points if nothing else is told. */
const text = (required: string, { most, tooLong, count = codePoints }: Limit) =>
  z.string({ error: required }).trim().normalize("NFC")
    .refine((value) => value.length > 0, { error: required, abort: true })
    .refine((value) => count(value) <= most, {
      error: ({ input }) => typeof tooLong === "string" ? tooLong : tooLong(String(input)),
      abort: true,
    })
    .refine(isStorable, { error: "Text must not contain NUL or unpaired surrogate characters." });

const NAME_RULE = "Name must be 1-100 characters.";

const name = text(NAME_RULE, { most: 100, tooLong: NAME_RULE });

const transcript = text("Transcript is required.", {
  most: 2000,
  tooLong: "Transcript must be at most 2000 characters.",
});

const description = z.string({ error: "Description must be text." }).trim().normalize("NFC")
  .refine((value) => codePoints(value) <= 1000, {
    error: "Description must be at most 1000 characters.",
    abort: true,
  })
  .refine(isStorable, { error: "Text must not contain NUL or unpaired surrogate characters." })
  .nullish().transform((value) => value || null);

const language = z.string({ error: "Language is required." }).trim().min(1, {
  error: "Language is required.",
  abort: true,
}).transform((value, context) => {
  const known = parseLanguage(value);
  if (known) return known;
  const params: FieldIssueParams = { code: "language_unsupported" };
  context.addIssue({
    code: "custom",
    message: `This language is not supported. Use one of: ${LANGUAGES.join(", ")}.`,
    params,
  });
  return z.NEVER;
});

const voiceId = z.string({ error: "voice_id is required." }).trim()
  .min(1, { error: "voice_id is required.", abort: true })
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, { error: "voice_id must be a UUID." })
  .toLowerCase();

/** `POST /clone/upload-url` */
export const uploadUrlRequest = z.object({ name, language, transcript }, {
  error: "The body must be a JSON object.",
});

/** The answer to `POST /clone/upload-url`. */
export const uploadUrlResponse = z.object({
  voice_id: z.guid(),
  upload_url: z.url(),
  object_key: z.string(),
});

/** `POST /clone/finalize` */
export const finalizeRequest = z.object({ voice_id: voiceId, name, language, transcript, description }, {
  error: "The body must be a JSON object.",
});

/** The answer to `POST /clone/finalize`. */
export const finalizeResponse = z.object({ id: z.guid(), name: z.string() });

/** The answer to `GET /health`. */
export const healthResponse = z.object({ ok: z.literal(true) });

/** The answer to `GET /languages`. */
export const languagesResponse = z.object({
  languages: z.array(z.string()),
  default: z.literal("Auto"),
  provider: z.enum(["qwen", "modal"]),
  capabilities: z.object({
    supports_generate: z.boolean(),
    supports_generate_stream: z.literal(false),
    default_generate_mode: z.literal("task"),
    allow_generate_mode_toggle: z.literal(false),
    max_text_chars: z.int(),
  }),
});

const count = (most: number, fallback: number, rule: string) =>
  z.string().regex(/^\d{1,7}$/, { error: rule, abort: true }).transform(Number)
    .refine((value) => value >= 1 && value <= most, { error: rule })
    .default(fallback);

/** The query of `GET /voices`. */
export const listVoicesQuery = z.object({
  page: count(1_000_000, 1, "page must be a whole number from 1 to 1000000."),
  per_page: count(100, 20, "per_page must be a whole number from 1 to 100."),
  search: z.string().trim().normalize("NFC").max(100, { error: "search must be at most 100 characters." })
    .refine(isStorable, { error: "search must not contain NUL characters." }).optional(),
  source: z.enum(["uploaded", "designed"], { error: 'source must be "uploaded" or "designed".' }).optional(),
});

/** The path parameter of `/voices/:id`. */
export const voiceIdParameter = voiceId;

/** One voice as the list gives it. */
export const voice = z.object({
  id: z.guid(),
  name: z.string(),
  language: z.string(),
  source: z.string(),
  description: z.string().nullable(),
  reference_transcript: z.string().nullable(),
  created_at: z.string(),
  tts_provider: z.enum(["qwen", "modal"]),
  provider_voice_id: z.string().nullable(),
  provider_target_model: z.string().nullable(),
  provider_voice_kind: z.string().nullable(),
  provider_region: z.string().nullable(),
  provider_request_id: z.string().nullable(),
  provider_metadata: z.record(z.string(), z.unknown()),
});

/** The answer to `GET /voices`. */
export const listVoicesResponse = z.object({
  voices: z.array(voice),
  pagination: z.object({ page: z.int(), per_page: z.int(), total: z.int(), pages: z.int() }),
});

/** The answer to `DELETE /voices/:id`. */
export const deleteVoiceResponse = z.object({ ok: z.literal(true) });

/** What to do about a text that is too long, and by how much it is. */
function textTooLong(value: string, most: number): string {
  const length = textLength(value);
  const tooMany = `Text cannot exceed ${most} characters; this one is ${length - most} too long`;
  return length === codePoints(value)
    ? `${tooMany}.`
    : `${tooMany}, counted as the voice provider may count: accented and Cyrillic letters as 2, Chinese, Japanese and ` +
      "Korean characters as 3, emoji as 4 or more.";
}

/**
 * `POST /generate`
 * @param maxTextChars how long a text may be, by `textLength()`
 */
export const generateRequest = (maxTextChars: number) =>
  z.object({
    voice_id: voiceId,
    text: text("Text is required.", {
      most: maxTextChars,
      tooLong: (value) => textTooLong(value, maxTextChars),
      count: textLength,
    }),
    language: language.nullish().transform((value) => value ?? null),
  }, { error: "The body must be a JSON object." });

/** The answer to `POST /generate`. */
export const generateResponse = z.object({
  task_id: z.guid(),
  status: z.literal("processing"),
  is_long_running: z.literal(true),
  estimated_duration_minutes: z.number(),
  generation_id: z.guid(),
});

/** The path parameter of `/tasks/:id` and `/generations/:id`. */
export const idParameter = z.guid().toLowerCase();

/** The answer to `GET /tasks/:id`. */
export const taskResponse = z.object({
  id: z.guid(),
  type: z.literal("generate"),
  status: z.enum(["pending", "processing", "completed", "failed", "cancelled"]),
  provider: z.string(),
  /** How the provider's last answer was: `succeeded`, or the category of its failure. */
  provider_status: z.string().nullable(),
  /** How many times a worker took the task up to ask the provider. */
  provider_poll_count: z.int(),
  generation_id: z.guid(),
  voice_id: z.guid(),
  result: z.object({ audio_url: z.url() }).nullable(),
  /** A sentence for a person. */
  error: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  completed_at: z.string().nullable(),
});

/** The answer to `POST /tasks/:id/cancel`. */
export const cancelTaskResponse = z.object({ ok: z.literal(true) });

/** The answer to `POST /internal/work`: what became of the tasks that this run took up. */
export const workReport = z.object({
  completed: z.int(),
  failed: z.int(),
  /** To be tried again, a while later. */
  put_back: z.int(),
  /** Cancelled, or over otherwise, before their audio was there. */
  over: z.int(),
  /** There is more to do: ask again. */
  more: z.boolean(),
});

/**
 * `POST /internal/reconcile`: without `repair` it only reports; purging and resolving repair as well. `resolve` is what the
 * operator found out about creates that no look-up can settle: which provider voice they made, or null for none.
 */
export const reconcileRequest = z.object({
  repair: z.boolean({ error: "repair must be true or false." }).default(false),
  purge_older_than_days: z.number({ error: "purge_older_than_days must be a number." }).min(0, {
    error: "purge_older_than_days must be from 0 to 3650.",
  }).max(3650, { error: "purge_older_than_days must be from 0 to 3650." }).optional(),
  resolve: z.array(
    z.object({
      voice_id: voiceId,
      provider_voice_id: z.string({ error: "provider_voice_id must be a string or null." }).min(1).nullable(),
    }, { error: "resolve must be a list of {voice_id, provider_voice_id}." }),
    { error: "resolve must be a list of {voice_id, provider_voice_id}." },
  ).max(100, { error: "resolve takes at most 100 decisions." }).optional(),
}, { error: "The body must be a JSON object." });

/** The answer to `POST /internal/reconcile`: one batch. */
export const reconcileReport = z.object({
  region: z.string(),
  /** How many voices the provider lists; `ours`, `orphans` and `foreign` are all of them. */
  provider_voices: z.int(),
  ours: z.int(),
  /** Their token is in this ledger, and no row has them. */
  orphans: z.array(z.object({ provider_voice_id: z.string(), voice_id: z.guid().nullable() })),
  /** Unknown here: another environment's, or from before a restore. Never touched. */
  foreign: z.array(z.string()),
  /** Rows whose provider voice is not listed any more; the oldest 100. */
  gone: z.array(z.object({ voice_id: z.guid(), provider_voice_id: z.string() })),
  /**
   * Enrollments that are over and not settled; `found` tells whether repairing would complete them. Where voice ids do not
   * carry the token, `candidates` are the provider voices that may be this one's; null while nothing can be said.
   */
  unresolved: z.array(z.object({
    voice_id: z.guid(),
    found: z.boolean(),
    candidates: z.array(z.string()).nullable().optional(),
  })),
  /** Decisions of the request that could not be carried out. */
  resolve_failed: z.array(z.guid()),
  completed: z.int(),
  released: z.int(),
  purged: z.array(z.string()),
  /** Still there, and marked: the next purge begins with them. */
  purge_failed: z.array(z.string()),
  uploads_swept: z.int(),
  /** Enrollments of users who are gone, of what they had asked for. */
  details_erased: z.int(),
  /** Clips and audio in the folders of users who are gone, and audio that no generation has. */
  objects_erased: z.int(),
  /** There is more to do: ask again. */
  more: z.boolean(),
});

export type ReconcileRequest = z.output<typeof reconcileRequest>;
export type ReconcileReport = z.output<typeof reconcileReport>;
export type GenerateRequest = z.output<ReturnType<typeof generateRequest>>;
export type TaskResponse = z.output<typeof taskResponse>;
export type WorkReport = z.output<typeof workReport>;
export type FinalizeRequest = z.output<typeof finalizeRequest>;
export type ListVoicesQuery = z.output<typeof listVoicesQuery>;
export type Voice = z.output<typeof voice>;
