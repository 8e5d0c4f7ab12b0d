import { z } from "zod";
import { carriesToken } from "../token.ts";
import { ProviderError } from "../provider_error.ts";
import type { ListedVoice, ProviderVoice } from "../provider.ts";
import type { DashScope } from "./dashscope.ts";
import { CUSTOMIZATION_PATH, ENROLLMENT_MODEL, VOICE_KIND } from "./qwen_customization.ts";

/** An account holds at most 1,000 voices of this kind, so one page shows them all, as a rule. */
const PAGE_SIZE = 1000;
/** How often a list of several pages is read: voices that come and go shift the pages while they are read. */
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

/** What a delete of a voice that is gone is answered. */
const GONE: ReadonlySet<string> = new Set(["BadRequest.VoiceNotFound", "InvalidParameter.ResourceNotExist"]);

const deleteAnswer = z.object({ request_id: z.string().nullish() });

/** The voices of an account at Qwen: listing them, finding one of ours, removing one. */
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
      // "Nothing there" leads to another create, so it has to be said.
      throw new ProviderError("unreadable_answer", "the provider's list holds less than it says");
    }
    return {
      items: items ?? [],
      total: total ?? null,
      size: size ?? PAGE_SIZE,
      requestId: answer.request_id ?? null,
    };
  };

  /** Every voice of the account, oldest first. */
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
          throw new ProviderError("unreadable_answer", "the provider's list ends before it says");
        }
        // The provider may give smaller pages than it is asked for. A full account must not cost several requests at
        // once: three a second are allowed, finalize's among them.
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

    /**
     * The voice whose id carries `token`; the oldest when there are several.
     * @throws {ProviderError} when the provider could not be asked
     */
    async findVoice(token: string, signal: AbortSignal): Promise<ProviderVoice | null> {
      const voices = await listVoices(signal);
      return voices.find((listed) => carriesToken(listed.voice.providerVoiceId, token))?.voice ?? null;
    },

    /**
     * Removes a voice for good; one that is gone already is no error.
     * @throws {ProviderError}
     */
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

/** Below this, a number of milliseconds since the epoch would lie before 1974: it is one of seconds. */
const LEAST_EPOCH_MS = 1e11;

/**
 * When a voice was made: a date with or without zone and milliseconds, or seconds or milliseconds since the epoch. The
 * documented example (`2025-08-11 17:59:32`) has no zone; read as UTC it is at most a day off, which is little for an
 * age to purge at.
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

/** `Z` or `+08:00`, of what may also be written `UTC`, `+0800` or `+08`. */
function isoZone(zone: string): string {
  const [, hours, minutes = "00"] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return hours === undefined ? "Z" : `${hours}:${minutes}`;
}

/** Oldest first; equal times by id, so that everyone agrees which one is the oldest. */
function byAge(a: ListedVoice, b: ListedVoice): number {
  const difference = (a.createdAt?.getTime() ?? Infinity) - (b.createdAt?.getTime() ?? Infinity);
  return difference || (a.voice.providerVoiceId < b.voice.providerVoiceId ? -1 : 1);
}
