import { z } from "zod";
import { carriesToken } from "../token.ts";
import { ProviderError } from "../provider_error.ts";
import type { ListedVoice, ProviderVoice } from "../provider.ts";
import type { DashScope } from "./dashscope.ts";
import { CUSTOMIZATION_PATH, ENROLLMENT_MODEL, VOICE_KIND } from "./qwen_customization.ts";

/** An account holds at most 1,000 cloned voices, so one page usually lists them all. */
const PAGE_SIZE = 1000;
/** How often a list of several pages is read: changes shift the pages meanwhile. */
const PASSES = 3;
const TIMEOUT_MS = 15_000;

const listAnswer = z.object({
  output: z.object({
    // Absent from some of the documented examples.
    total_count: z.number().nullish(),
    page_size: z.number().nullish(),
    voice_list: z.array(z.object({
      voice: z.string().nullish(),
      target_model: z.string().nullish(),
      gmt_create: z.union([z.string(), z.number()]).nullish().catch(null),
    })).nullish(),
  }),
  request_id: z.string().nullish(),
});

/** The codes of a delete of a missing voice. */
const GONE: ReadonlySet<string> = new Set(["BadRequest.VoiceNotFound", "InvalidParameter.ResourceNotExist"]);

const deleteAnswer = z.object({ request_id: z.string().nullish() });

/** Lists, finds and deletes the voices of an account at Qwen. */
export function createQwenVoices(options: { dashscope: DashScope; region: string; targetModel: string }) {
  const { dashscope, region } = options;

  const readPage = async (index: number, signal: AbortSignal) => {
    const answer = await dashscope.post({
      path: CUSTOMIZATION_PATH,
      body: { model: ENROLLMENT_MODEL, input: { action: "list", page_index: index, page_size: PAGE_SIZE } },
      answer: listAnswer,
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    const { voice_list: items, total_count: total, page_size: size } = answer.output;
    if (index === 0 && !items?.length && total !== 0 && (total || !items)) {
      // Only an explicit empty list may lead to another create.
      throw new ProviderError("unreadable_answer", "the provider's list is shorter than its count");
    }
    return {
      items: items ?? [],
      total: total ?? null,
      size: size ?? PAGE_SIZE,
      requestId: answer.request_id ?? null,
    };
  };

  const listVoices = async (signal: AbortSignal): Promise<ListedVoice[]> => {
    const seen = new Map<string, ListedVoice>();
    for (let pass = 0; pass < PASSES; pass++) {
      const before = seen.size;
      let index = 0;
      let read = 0;
      let more = true;
      for (; more; index++) {
        const page = await readPage(index, signal);
        read += page.items.length;
        if (page.items.length === 0 && page.total !== null && read < page.total) {
          throw new ProviderError("unreadable_answer", "the provider's list ends before its count");
        }
        // Pages may be smaller than requested. A full account must cost one request: the limit is three a second.
        more = page.items.length > 0 &&
          (page.total === null ? page.items.length >= page.size : read < page.total);
        for (const { voice, target_model, gmt_create } of page.items) {
          if (!voice) continue;
          seen.set(voice, {
            createdAt: readTime(gmt_create ?? null),
            voice: {
              providerVoiceId: voice,
              targetModel: target_model ?? options.targetModel,
              kind: VOICE_KIND,
              region,
              requestId: page.requestId,
              metadata: { recovered: true },
            },
          });
        }
      }
      if (index === 1 || (pass > 0 && seen.size === before)) break;
    }
    return [...seen.values()].sort(byAge);
  };

  return {
    listVoices,

    async findVoice(token: string, signal: AbortSignal): Promise<ProviderVoice | null> {
      const voices = await listVoices(signal);
      return voices.find((listed) => carriesToken(listed.voice.providerVoiceId, token))?.voice ?? null;
    },

    async deleteVoice(providerVoiceId: string, signal: AbortSignal): Promise<void> {
      try {
        await dashscope.post({
          path: CUSTOMIZATION_PATH,
          body: { model: ENROLLMENT_MODEL, input: { action: "delete", voice: providerVoiceId } },
          answer: deleteAnswer,
          timeoutMs: TIMEOUT_MS,
          signal,
        });
      } catch (error) {
        const code = error instanceof ProviderError && !error.outcomeUnknown ? error.providerCode : undefined;
        if (code === undefined || !GONE.has(code)) throw error;
      }
    },
  };
}

/** A smaller number would be before 1974 in milliseconds, so it counts seconds. */
const LEAST_EPOCH_MS = 1e11;

/**
 * Parses a date with or without zone and milliseconds, or seconds or milliseconds since the epoch. The documented
 * example (`2025-08-11 17:59:32`) has no zone; read as UTC it is at most a day off, which suffices for the age of a
 * purge.
 */
function readTime(value: string | number | null): Date | null {
  const text = String(value ?? "").trim();
  const [, date, time, zone = "Z"] =
    /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?) ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i.exec(
      text,
    ) ?? [];
  const epoch = /^\d{9,13}(?:\.\d+)?$/.test(text) ? Number(text) : NaN;
  const ms = date === undefined || time === undefined
    ? epoch < LEAST_EPOCH_MS ? epoch * 1000 : epoch
    : Date.parse(`${date}T${time.replace(",", ".")}${isoZone(zone)}`);
  return Number.isNaN(ms) ? null : new Date(ms);
}

/** Normalizes `UTC`, `+0800` or `+08` to `Z` or `+08:00`. */
function isoZone(zone: string): string {
  const [, hours, minutes = "00"] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return hours === undefined ? "Z" : `${hours}:${minutes}`;
}

/** Oldest first; equal times by id, so that the oldest is well defined. */
function byAge(a: ListedVoice, b: ListedVoice): number {
  const difference = (a.createdAt?.getTime() ?? Infinity) - (b.createdAt?.getTime() ?? Infinity);
  return difference || (a.voice.providerVoiceId < b.voice.providerVoiceId ? -1 : 1);
}
