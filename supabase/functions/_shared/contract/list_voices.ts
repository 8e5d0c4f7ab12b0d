import { z } from "zod";
import { DETAILS, PROVIDER_VOICE_ID, VOICE_ID } from "./examples.ts";
import { isStorable, provider, time } from "./fields.ts";
import type { Contract, QueryOf } from "./route_contract.ts";

const wholeNumber = (most: number, rule: string) =>
  z.string().regex(/^\d{1,7}$/, { error: rule, abort: true }).transform(Number)
    .pipe(z.int().min(1, { error: rule }).max(most, { error: rule }));

export const voice = () =>
  z.object({
    id: z.guid().describe("The `voice_id` of the other routes."),
    name: z.string().describe("Trimmed and in composed form (NFC)."),
    language: z.string().describe("A language name from `GET /languages`."),
    source: z.string().describe("`uploaded` or `designed`."),
    description: z.string().nullable().describe("`null` if none was given."),
    reference_transcript: z.string().nullable().describe("What the clip says."),
    created_at: time("When the voice was created."),
    tts_provider: provider().describe("The provider that created the voice."),
    provider_voice_id: z.string().nullable().describe(
      "The provider's id of the voice; `null` for a modal voice.",
    ),
    provider_target_model: z.string().nullable().describe(
      "The model that speaks it; `null` for a modal voice.",
    ),
    provider_voice_kind: z.string().nullable().describe("The kind of voice; `null` for a modal voice."),
    provider_region: z.string().nullable().describe("The provider's region; `null` for a modal voice."),
    provider_request_id: z.string().nullable().describe(
      "The provider's id of the request that created it; `null` for a modal voice and some recovered ones.",
    ),
    provider_metadata: z.record(z.string(), z.unknown()).describe(
      "Details of its creation: `reference` and, for a qwen voice, `language`, `usage`, `fallback_mode`, " +
        "`fallback_reason` or `recovered`.",
    ),
  }).meta({ id: "Voice" });

export const listVoices = {
  method: "GET",
  path: "/voices",
  operationId: "listVoices",
  tag: "Voices",
  access: "user",
  summary: "List voices",
  description:
    "Returns the user's voices, newest first, without deleted ones. A parameter with an empty value counts as omitted.",
  query: () =>
    z.object({
      page: wholeNumber(1_000_000, "page must be a whole number from 1 to 1000000.").default(1)
        .describe("The page to return. A page beyond the last is empty."),
      per_page: wholeNumber(100, "per_page must be a whole number from 1 to 100.").default(20)
        .describe("The number of voices per page."),
      search: z.string().trim().normalize("NFC").max(100, { error: "search must be at most 100 characters." })
        .refine(isStorable, { error: "search must not contain NUL characters." }).optional()
        .describe("Returns only voices whose name contains this text, in any case; at most 100 characters."),
      source: z.enum(["uploaded", "designed"], { error: 'source must be "uploaded" or "designed".' })
        .optional()
        .describe("Returns only voices from this source."),
    }),
  answer: {
    description: "One page of voices.",
    name: "VoiceList",
    schema: () =>
      z.object({
        voices: z.array(voice()).describe("Newest first; voices created at the same time are ordered by id."),
        pagination: z.object({
          page: z.int().describe("The requested page."),
          per_page: z.int().describe("The number of voices per page."),
          total: z.int().describe("The number of voices on all pages."),
          pages: z.int().describe("The number of pages."),
        }).describe("The position of this page."),
      }),
    example: {
      voices: [{
        id: VOICE_ID,
        name: DETAILS.name,
        language: DETAILS.language,
        source: "uploaded",
        description: null,
        reference_transcript: DETAILS.transcript,
        created_at: "2026-11-22T10:15:00.123456+00:00",
        tts_provider: "qwen",
        provider_voice_id: PROVIDER_VOICE_ID,
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
      }],
      pagination: { page: 1, per_page: 20, total: 1, pages: 1 },
    },
  },
  errors: ["invalid_request"],
} satisfies Contract;

export type ListVoicesQuery = QueryOf<typeof listVoices>;
export type Voice = z.output<ReturnType<typeof voice>>;
