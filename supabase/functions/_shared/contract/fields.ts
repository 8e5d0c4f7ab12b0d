// Fields that several contracts share.
import { z } from "zod";
import { LANGUAGES, parseLanguage } from "../tts/languages.ts";
import { type ErrorCode, NOT_FOUND } from "./error_codes.ts";
import { GENERATION_ID, TASK_ID, VOICE_ID } from "./examples.ts";

/** The error code of a field's rule, by default `invalid_request`. */
export type FieldIssueParams = { code?: ErrorCode };

/** PostgreSQL stores neither NUL nor unpaired surrogates. */
export const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0");

export const codePoints = (text: string) => [...text].length;

export const NOT_STORABLE = "Text must not contain NUL or unpaired surrogate characters.";

/** The error codes of every route with a body. */
export const BODY_ERRORS = ["invalid_json", "invalid_request", "payload_too_large"] as const;

export const bodyOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object(shape, { error: "The body must be a JSON object." });

type TextRule = {
  most: number;
  tooLong: string | ((value: string) => string);
  count?: (value: string) => number;
  description: string;
};

/** Trimmed text in composed form (NFC), counted in code points by default. */
export const text = (required: string, { most, tooLong, count = codePoints, description }: TextRule) =>
  z.string({ error: required }).trim().normalize("NFC")
    .refine((value) => value.length > 0, { error: required, abort: true })
    .refine((value) => count(value) <= most, {
      error: ({ input }) => typeof tooLong === "string" ? tooLong : tooLong(String(input)),
      abort: true,
    })
    .refine(isStorable, { error: NOT_STORABLE })
    .meta({ minLength: 1, maxLength: most, description });

export const LANGUAGE_NAMES =
  "A name from `GET /languages`, its code (`zh en de it pt es ja ko fr ru`) or a tag that starts with the code, " +
  "such as `en-US`, in any case. The name is what is stored.";

/** Parses to a name of `LANGUAGES`. */
export const language = () =>
  z.string({ error: "Language is required." }).trim()
    .min(1, { error: "Language is required.", abort: true })
    .transform((value, context) => {
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

export const voiceId = () =>
  z.string({ error: "voice_id is required." }).trim()
    .min(1, { error: "voice_id is required.", abort: true })
    .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, { error: "voice_id must be a UUID." })
    .toLowerCase();

const id = () => z.guid().toLowerCase();

const pathId = (of: keyof typeof NOT_FOUND, schema: () => z.ZodType<string>, example: string) => ({
  schema,
  missing: NOT_FOUND[of],
  description: `The ${of}'s id.`,
  example,
});

/** The `:id` of a path, by what it identifies. */
export const PATH_IDS = {
  voice: pathId("voice", voiceId, VOICE_ID),
  task: pathId("task", id, TASK_ID),
  generation: pathId("generation", id, GENERATION_ID),
};

const NAME_RULE = "Name must be 1-100 characters.";

export const cloneDetails = () => ({
  name: text(NAME_RULE, {
    most: 100,
    tooLong: NAME_RULE,
    description: "The voice's name, 1–100 characters.",
  }),
  language: language().describe(
    `${LANGUAGE_NAMES} With \`Auto\`, the language is detected from the transcript, where that is certain.`,
  ),
  transcript: text("Transcript is required.", {
    most: 2000,
    tooLong: "Transcript must be at most 2000 characters.",
    description: "What the clip says, word for word, 1–2,000 characters.",
  }),
});

export const provider = () => z.enum(["qwen", "modal"]);

/** A time in PostgreSQL's format. */
export const time = (description: string) => z.string().meta({ format: "date-time", description });

export const ok = () => z.object({ ok: z.literal(true).describe("Always `true`.") });
