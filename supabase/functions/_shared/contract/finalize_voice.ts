import { z } from "zod";
import { DETAILS, VOICE_ID } from "./examples.ts";
import {
  BODY_ERRORS,
  bodyOf,
  cloneDetails,
  codePoints,
  isStorable,
  NOT_STORABLE,
  voiceId,
} from "./fields.ts";
import type { BodyOf, Contract } from "./route_contract.ts";

const description = () =>
  z.string({ error: "Description must be text." }).trim().normalize("NFC")
    .refine((value) => codePoints(value) <= 1000, {
      error: "Description must be at most 1000 characters.",
      abort: true,
    })
    .refine(isStorable, { error: NOT_STORABLE })
    .nullish().transform((value) => value || null);

export const finalizeVoice = {
  method: "POST",
  path: "/clone/finalize",
  operationId: "finalizeVoice",
  tag: "Cloning",
  access: "user",
  summary: "Create a voice from the uploaded clip",
  description:
    "Safe to repeat with the same details: the answer is the same, and no second voice is created. Takes up to 120 s; use " +
    "a client timeout of 150 s. On any 5xx and on `clone_in_progress`, repeat the request after `Retry-After` with " +
    "increasing pauses. On any other error, show `detail` to the user.",
  body: {
    name: "FinalizeRequest",
    schema: () =>
      bodyOf({
        voice_id: voiceId().describe("The `voice_id` from `POST /clone/upload-url`."),
        ...cloneDetails(),
        description: description().meta({
          maxLength: 1000,
          description: "At most 1,000 characters. Omitted, `null` and empty mean the same.",
        }),
      }),
    examples: { clip: { voice_id: VOICE_ID, ...DETAILS, description: "Calm and even." } },
  },
  answer: {
    description: "The voice, created now or by an earlier request.",
    name: "FinalizedVoice",
    schema: () =>
      z.object({
        id: z.guid().describe("The `voice_id`."),
        name: z.string().describe("The name as stored."),
      }),
    example: { id: VOICE_ID, name: DETAILS.name },
  },
  errors: [
    ...BODY_ERRORS,
    "language_unsupported",
    "reference_missing",
    "reference_empty",
    "reference_too_large",
    "reference_type_unsupported",
    "reference_unreadable",
    "reference_too_short",
    "reference_too_long",
    "reference_sample_rate_too_low",
    "reference_not_mono",
    "not_found",
    "clone_in_progress",
    "clone_conflict",
    "provider_rejected",
    "rate_limited",
    "provider_unavailable",
    "provider_misconfigured",
    "provider_throttled",
    "voice_limit_reached",
    "storage_unavailable",
    "provider_timeout",
  ],
} satisfies Contract;

export type FinalizeRequest = BodyOf<typeof finalizeVoice>;
