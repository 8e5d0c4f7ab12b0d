import { z } from "zod";
import { PROVIDER_VOICE_ID, VOICE_ID } from "./examples.ts";
import { BODY_ERRORS, bodyOf, voiceId } from "./fields.ts";
import type { AnswerOf, BodyOf, Contract } from "./route_contract.ts";

const DAYS_RULE = "purge_older_than_days must be from 0 to 3650.";
const RESOLVE_RULE = "resolve must be a list of {voice_id, provider_voice_id}.";

export const internalReconcile = {
  method: "POST",
  path: "/internal/reconcile",
  operationId: "reconcile",
  tag: "Internal",
  access: "operator",
  summary: "Reconcile voices with the provider",
  description:
    "Compares the provider's voices with the database, and repairs the differences on request. Works on one batch, which " +
    "ends within 135 s; use a client timeout of 150 s. The body is optional.",
  body: {
    name: "ReconcileRequest",
    schema: () =>
      bodyOf({
        repair: z.boolean({ error: "repair must be true or false." }).default(false)
          .describe("Whether to repair what was found, not only report it."),
        purge_older_than_days: z.number({ error: "purge_older_than_days must be a number." })
          .min(0, { error: DAYS_RULE }).max(3650, { error: DAYS_RULE }).optional()
          .describe(
            "Deletes orphans of at least this age at the provider, and repairs. Fractions are allowed.",
          ),
        resolve: z.array(
          z.object({
            voice_id: voiceId().describe("The unresolved enrollment."),
            provider_voice_id: z.string({ error: "provider_voice_id must be a string or null." }).min(1)
              .nullable()
              .describe(
                "The provider voice it created, listed and not yet known here; `null` if it created none.",
              ),
          }, { error: RESOLVE_RULE }),
          { error: RESOLVE_RULE },
        ).max(100, { error: "resolve takes at most 100 decisions." }).optional().describe(
          "The operator's decisions on up to 100 enrollments that no look-up can settle, because voice ids do not carry the " +
            "token. Also repairs.",
        ),
      }),
    absent: {},
    examples: {
      repair: { repair: true },
      purge: { purge_older_than_days: 30 },
      resolve: { resolve: [{ voice_id: VOICE_ID, provider_voice_id: null }] },
    },
  },
  answer: {
    description: "The report of this batch.",
    name: "ReconcileReport",
    schema: () =>
      z.object({
        region: z.string().describe("The configured region."),
        provider_voices: z.int()
          .describe("The number of voices at the provider: the sum of `ours`, `orphans` and `foreign`."),
        ours: z.int().describe("The number of provider voices that belong to a saved voice."),
        orphans: z.array(z.object({
          provider_voice_id: z.string().describe("The provider's id of the voice."),
          voice_id: z.guid().nullable().describe("The voice it was created for; `null` if no longer known."),
        })).describe("Provider voices that were created from here and belong to no saved voice."),
        foreign: z.array(z.string()).describe(
          "Provider voices unknown here, from another environment or from before a restore. They are never changed.",
        ),
        gone: z.array(z.object({
          voice_id: z.guid().describe("The saved voice."),
          provider_voice_id: z.string().describe("The provider voice that is missing."),
        })).describe("Saved voices that the provider no longer lists; the oldest 100."),
        unresolved: z.array(z.object({
          voice_id: z.guid().describe("The future voice."),
          found: z.boolean().describe("Whether a repair would complete it."),
          candidates: z.array(z.string()).nullable().optional().describe(
            "Only where voice ids do not carry the token: provider voices created since the enrollment was sent, one of " +
              "which may be its own; `null` while no earlier list is known.",
          ),
        })).describe("Enrollments that ended without a known result."),
        resolve_failed: z.array(z.guid()).describe(
          "Enrollments whose decision could not be applied: nothing was open, or the provider voice is not listed or is " +
            "already known here.",
        ),
        completed: z.int().describe("Enrollments that this batch completed."),
        released: z.int().describe("Enrollments that this batch released; without `repair`, would release."),
        purged: z.array(z.string()).describe("Orphans that were deleted."),
        purge_failed: z.array(z.string())
          .describe("Orphans that could not be deleted. The next purge starts with them."),
        uploads_swept: z.int()
          .describe(
            "Uploads that were removed because no finalize claimed them; without `repair`, would be.",
          ),
        details_erased: z.int()
          .describe("Enrollments of deleted users whose details were erased; without `repair`, would be."),
        objects_erased: z.int().describe(
          "Removed clips and audio of deleted users, and audio without a generation; without `repair`, would be removed.",
        ),
        more: z.boolean().describe("Whether work remains: repeat the request."),
      }),
    example: {
      region: "intl",
      provider_voices: 3,
      ours: 1,
      orphans: [{ provider_voice_id: PROVIDER_VOICE_ID, voice_id: VOICE_ID }],
      foreign: ["qwen-tts-vc-else_abcdefghij-voice-20260101000000000-1a2b"],
      gone: [],
      unresolved: [],
      completed: 0,
      released: 0,
      purged: [],
      purge_failed: [],
      resolve_failed: [],
      uploads_swept: 0,
      details_erased: 0,
      objects_erased: 0,
      more: false,
    },
  },
  errors: [
    ...BODY_ERRORS,
    "provider_unavailable",
    "provider_misconfigured",
    "provider_throttled",
    "storage_unavailable",
    "database_unavailable",
    "provider_timeout",
  ],
} satisfies Contract;

export type ReconcileRequest = BodyOf<typeof internalReconcile>;
export type ReconcileReport = AnswerOf<typeof internalReconcile>;
